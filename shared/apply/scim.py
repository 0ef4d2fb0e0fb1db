"""Bring one person's user at a SCIM service up to date, a change at a time. Called by flow.

In the place of apply/topdesk.py when TOPDESK_INTERFACE is `scim`. Every change reads first,
so that what is done already is not done again. Decides nothing; whose user it is says
scim_users.py, and groups, roles and entitlements are given and taken in scim_rights.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from shared.apply.scim_rights import Rights
from shared.apply.scim_users import NUMBERS, Users, means, number_of, user_of, value_of
from shared.apply.target import Done
from shared.errors import NameTaken, Permanent, Transient
from shared.model.account import Applied, Found, OperatorCard, TopdeskCard
from shared.model.change import Change, Kind
from shared.model.desired import ALIVE, DesiredTopdesk, State, TargetName
from shared.model.right import RightKind, parted
from shared.vendors.scim.attributes import (
    ACTIVE,
    ENTERPRISE,
    EXTERNAL_ID,
    LEFT_OUT,
    MANAGER,
    USER_NAME,
    Attribute,
    Row,
    Value,
    attribute,
    changed,
    is_active,
    operations,
    part,
    same,
    value,
    written,
)
from shared.vendors.scim.directory import PERSON, Directory, Stale

_MANAGER: Final = Attribute(MANAGER, urn=ENTERPRISE)
_TRIES: Final = 3
"""So often is a resource read and written again that somebody else changes at the same time."""


class ScimTarget:
    """A SCIM service in the place of TOPdesk: users, and their groups, roles and entitlements."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._users = Users(directory)
        self._rights = Rights(directory)
        self._ignored: set[str] = set()
        """Fields that this service takes and does not keep."""

    @property
    def name(self) -> TargetName:
        """TOPdesk's lane: the rules, the guard and the ledger are the same."""
        return TargetName.TOPDESK

    async def read(self, desired: DesiredTopdesk, applied: Applied) -> Found[TopdeskCard]:
        """The user by its recorded id, else by externalId, else by a user name that is nobody's.

        Raises Permanent when several users have the number, and when the recorded user is not
        shown and no other has the number; Transient or TargetDown when it cannot be known now.
        """
        user = await self._users.find(desired, applied)
        self._ignored -= {field for field in self._ignored if user and value_of(user, field)}
        obstacles = self._obstacles(desired)
        held = {
            right
            for right in dict.fromkeys(
                (*_wanted_rights(desired), *applied.rights, *_looked_at(desired))
            )
            if await self._rights.has(user, right)
        }
        for right in _wanted_rights(desired):
            if right not in held and (lack := await self._rights.lacking(right)):
                obstacles[right] = lack
        return Found(account=_card(user, desired, held) if user else None, obstacles=obstacles)

    async def do(self, change: Change, applied: Applied) -> Done:
        """Carry out one change; what somebody else changed meanwhile is read again."""
        for _ in range(_TRIES):
            try:
                return await self._do(change, applied)
            except Stale:
                continue
        raise Transient("the user or group is being changed by somebody else all the time")

    async def probe(self) -> None:
        """Return when the service tells what it offers and lets us list users; see Target."""
        await self._directory.discover()
        await self._directory.first()

    def _obstacles(self, desired: DesiredTopdesk) -> dict[str, str]:
        if desired.state not in ALIVE:
            return {}
        unknown = {
            f"card.{field}": f"SCIM has no attribute for topdesk.card.{field}; leave it out, or "
            "name one of docs/vendors/scim.md"
            for field in desired.card
            if attribute(field) is None and field not in LEFT_OUT
        }
        more = desired.operator.more if desired.operator else ()
        unknown |= {
            right: f"SCIM knows no {right}; take it out of topdesk.operators, or write 'role:...' "
            "or 'entitlement:...' under permission_groups"
            for right in more
        }
        return unknown | {
            f"card.{field}": f"the SCIM service takes {field} and does not keep it; leave "
            f"topdesk.card.{field} out of the policy"
            for field in self._ignored & {*desired.card, *NUMBERS, MANAGER}
        }

    # --- one change --------------------------------------------------------------------------

    async def _do(self, change: Change, applied: Applied) -> Done:
        match change.kind:
            case Kind.CREATE_USER:
                return await self._create(change)
            case Kind.UPDATE_USER:
                await self._update(await self._users.shown(applied), change.values)
            case Kind.ACTIVATE_USER:
                await self._activate(await self._users.shown(applied), wanted=True)
            case Kind.DEACTIVATE_USER:
                await self._activate(await self._users.shown(applied), wanted=False)
            case Kind.DELETE_USER:
                await self._directory.delete(user_of(applied))
            case Kind.GIVE_RIGHT:
                await self._rights.give(await self._users.shown(applied), change.what)
            case Kind.TAKE_RIGHT:
                await self._rights.take(await self._users.shown(applied), change.what)
            case _:
                raise ValueError(f"SCIM knows no change '{change.kind}'")
        return Done()

    async def _create(self, change: Change) -> Done:
        number = str(change.values.get(EXTERNAL_ID) or "")
        named = next((v for field, v in change.values.items() if means(field, USER_NAME)), None)
        if not isinstance(named, str):
            raise Permanent(
                "SCIM makes no user without a user name; give topdesk.card a tasLoginName or "
                "userName",
                mender="policy",
            )
        standing = await self._users.with_number(number) or await self._users.nobodys(
            named, number
        )
        if standing is None:
            try:
                made = await self._directory.create(self._body(change.values))
                self._learn(made, change.values)
                return Done(account_id=str(part(made, "id")))
            except NameTaken:
                # One that was made in this moment, or one that the filter did not find.
                standing = await self._users.nobodys(named, number)
                if standing is None:
                    raise
        await self._update(standing, change.values)
        return Done(account_id=str(part(standing, "id")))

    def _body(self, values: Mapping[str, Value]) -> dict[str, Any]:
        return changed({ACTIVE: values.get(ACTIVE)}, self._written(values))

    async def _update(self, user: Row, values: Mapping[str, Value]) -> None:
        """Write what differs; a value that the service took and dropped is remembered as such."""
        fields_of = {where: field for field in values if (where := attribute(field))}
        given = {
            where: wanted
            for where, wanted in self._written(values).items()
            if not same(where, values[fields_of[where]], value(user, where))
        }
        if not given:
            return
        await self._write(user, given, "change a user")
        now = await self._directory.get(PERSON, str(part(user, "id")))
        self._learn(now or {}, {fields_of[where]: values[fields_of[where]] for where in given})

    def _learn(self, now: Row, sent: Mapping[str, Value]) -> None:
        """Which of the values that were just written are not there? An answer may be short."""
        if part(now, USER_NAME):
            lost = {f for f, wanted in sent.items() if wanted and not value_of(now, f)}
            self._ignored |= lost - {ACTIVE}

    def _written(self, values: Mapping[str, Value]) -> dict[Attribute, Any]:
        """Each value as SCIM writes it, where it writes it."""
        given: dict[Attribute, Any] = {}
        for field, wanted in values.items():
            if (where := attribute(field)) is None:
                continue
            given[where] = wanted
            if field == MANAGER and isinstance(wanted, str):
                given[where] = {"value": wanted, "$ref": self._directory.address(wanted)}
        return given

    async def _activate(self, user: Row, *, wanted: bool) -> None:
        if is_active(user) is not wanted:
            doing = "activate a user" if wanted else "deactivate a user"
            await self._write(user, {Attribute(ACTIVE): wanted}, doing)

    async def _write(self, user: Row, given: Mapping[Attribute, Any], doing: str) -> None:
        ops = list(operations(user, given))
        if not await self._directory.patch(PERSON, user, ops, doing):
            await self._directory.put(PERSON, user, changed(user, given), doing)


def _card(user: Row, desired: DesiredTopdesk, held: set[str]) -> TopdeskCard:
    key = str(part(user, "id"))
    asked = (*written(desired.card), *NUMBERS)
    where = {field: found for field in asked if (found := attribute(field))}
    manager = value(user, _MANAGER)
    return TopdeskCard(
        id=key,
        archived=not is_active(user),
        employee_number=number_of(user),
        fields={field: value(user, one) for field, one in where.items()},
        manager_id=manager if isinstance(manager, str) else None,
        operator=OperatorCard(id=key, archived=False, permission_groups=frozenset(held)),
    )


def _wanted_rights(desired: DesiredTopdesk) -> Collection[str]:
    wanted = desired.operator if desired.state is State.ACTIVE else None
    return wanted.permission_groups if wanted else ()


def _looked_at(desired: DesiredTopdesk) -> Collection[str]:
    """What is looked for beyond what we gave; SCIM knows no other kind of right."""
    kind = RightKind.PERMISSION_GROUP
    return [right for right in desired.managed if parted(right)[0] is kind]
