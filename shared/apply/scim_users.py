"""Which user at a SCIM service is this person's? Looked up for apply/scim.py; writes nothing.

By the recorded id, else by externalId, our employee number; only one that has no number of
anybody else is taken for its user name.
"""

from __future__ import annotations

from typing import Final

from shared.errors import NotShown, Permanent
from shared.model.account import Applied
from shared.model.desired import ALIVE, DesiredTopdesk, State
from shared.vendors.scim.attributes import (
    EMPLOYEE_NUMBER,
    EXTERNAL_ID,
    USER_NAME,
    Row,
    Value,
    attribute,
    part,
    value,
)
from shared.vendors.scim.directory import PERSON, Directory

NUMBERS: Final = (EXTERNAL_ID, EMPLOYEE_NUMBER)


class Users:
    """The users of one SCIM service, looked up for a person."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def find(self, desired: DesiredTopdesk, applied: Applied) -> Row | None:
        """The person's user. Raises Permanent when there are several, or the recorded one is gone.

        What is recorded and not shown is absent only when it was deleted by us, or is to be.
        """
        number, recorded = desired.employee_number, applied.account_id
        user = await self._directory.get(PERSON, recorded) if recorded else None
        if user and number_of(user).casefold() == number.casefold():
            return user
        if other := await self.with_number(number):
            if user and part(other, "id") != recorded:
                raise Permanent(
                    f"SCIM user {recorded} is ours, but user {part(other, 'id')} has its new "
                    f"number {number}; join or renumber them there"
                )
            return other
        if user:
            return user
        if recorded and State.DELETED not in (desired.state, applied.state):
            raise NotShown(
                f"the SCIM service does not show user {recorded} any more and none has externalId "
                f"{number}; it was deleted there by hand, or is hidden from the token: bring it "
                "back, give another user this externalId, or `instroom topdesk forget` it"
            )
        wanted = next(
            (w.value for field, w in desired.card.items() if means(field, USER_NAME)), None
        )
        if desired.state not in ALIVE or not isinstance(wanted, str):
            return None
        return await self.nobodys(wanted, number)

    async def with_number(self, number: str) -> Row | None:
        """The one user with this number, or none. Raises Permanent when there are several."""
        found = await self._directory.find(PERSON, EXTERNAL_ID, number)
        if len(found) > 1:
            ids = ", ".join(sorted(str(part(user, "id")) for user in found))
            raise Permanent(
                f"the SCIM service has {len(found)} users with externalId {number} ({ids}); "
                "leave it on the right one only"
            )
        return found[0] if found else None

    async def nobodys(self, user_name: str, number: str) -> Row | None:
        """The user of this name when it has no number, or this one; it is adopted."""
        for user in await self._directory.find(PERSON, USER_NAME, user_name):
            if numbers(user) <= {number.casefold()}:
                return user
        return None

    async def shown(self, applied: Applied) -> Row:
        """The user as it is now. Raises Permanent when the service does not show it."""
        user = await self._directory.get(PERSON, user_of(applied))
        if user is None:
            raise Permanent(
                f"the SCIM service does not show user {applied.account_id}; it was deleted there, "
                "or is hidden from the token"
            )
        return user


def number_of(user: Row) -> str:
    """Ours if it has one; a user that was made by hand may have only HR's."""
    return str(value_of(user, EXTERNAL_ID) or value_of(user, EMPLOYEE_NUMBER) or "")


def numbers(user: Row) -> set[str]:
    """Every number it has, in one case."""
    found = (value_of(user, field) for field in NUMBERS)
    return {str(number).casefold() for number in found if number}


def value_of(user: Row, field: str) -> Value:
    """What the user has where this field of the policy is."""
    where = attribute(field)
    return value(user, where) if where else None


def means(field: str, name: str) -> bool:
    """Is this field of the policy that attribute?"""
    where = attribute(field)
    return where is not None and where.name == name


def user_of(applied: Applied) -> str:
    """The id of the user that a change is about."""
    if applied.account_id is None:
        raise ValueError("a change to a user needs the user's id in `applied`")
    return applied.account_id
