"""What can HR say about somebody, and what is made up when it does not say it?

Used by the stories of `company` that hire and correct people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import TypedDict

from sandbox.world import generate, names
from sandbox.world.people import Kind, Login, NameUse, Person


class NotPossible(ValueError):
    """HR would refuse this: the message says why."""


class PersonalData(TypedDict, total=False):
    """What can be said about a person when hiring or correcting; the rest is made up."""

    nickname: str
    given_names: str
    initials: str
    birth_prefix: str
    birth_name: str
    partner_prefix: str
    partner_name: str
    name_use: NameUse
    gender: str
    birth_date: date
    kind: Kind
    work_mail: str | None
    private_mail: str
    work_phone: str | None
    mobile: str
    work_mobile: str | None
    portal_mail: str | None
    login: Login | None
    own: tuple[tuple[str, str], ...]


_FIELDS = {field.name for field in fields(Person)}


def refuse_unknown(given: Iterable[str]) -> None:
    """Raises NotPossible for data that a person does not have."""
    unknown = sorted(set(given) - _FIELDS)
    if unknown:
        raise NotPossible(f"a person has no {', '.join(unknown)}")


def newcomer(given: PersonalData, human: int) -> Person:
    """Somebody without a number and contracts yet; nothing that is made up belongs to anybody."""
    refuse_unknown(given)
    nickname = given.get("nickname", "Robin")
    given_names = given.get("given_names", nickname)
    made_up = Person(
        number="",
        human=str(human),
        nickname=nickname,
        given_names=given_names,
        initials=names.initials(given_names),
        birth_prefix="",
        birth_name="Nieuwland",
        partner_prefix="",
        partner_name="",
        name_use=NameUse.BIRTH,
        gender="X",
        birth_date=date(1960, 1, 1) + timedelta(days=human % 14_000),
        kind=Kind.EMPLOYEE,
        work_mail=None,
        private_mail=f"p{human}@example.org",
        work_phone=None,
        mobile=f"+3160{human - generate.FIRST_HUMAN:07}",
        contracts=(),
        modified=datetime.min,  # noqa: DTZ901 - local time has no zone here; stamped on entry
    )
    return replace(made_up, **given)
