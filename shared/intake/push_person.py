"""How does a system that pushes write a person? The wire form, and the schema that is published.

The words are those of a Record, so that a new fact of it is one more field here. Every value is
checked and none is repeated in an error. Called by push.py.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.model.name import NameUsage

MOST_PEOPLE = 1000
MOST_CONTRACTS = 50
MOST_LEAVES = 20
SCHEMA_ID = "urn:instroom:push:people:1"
NO_END = 9999
"""The year in which systems let a contract end that has no end."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("not_printable", "holds a character that cannot be printed")
    return text


def _day(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PydanticCustomError("day_out_of_range", "lies in no year that a contract can have")
    return day


def _last_day(day: date | None) -> date | None:
    return None if day is None or day.year == NO_END else _day(day)


type Key = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    AfterValidator(_printable),
]
type Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_printable)
]


class Wire(BaseModel):
    """A part of what is pushed; its docstring and its fields' are the published description."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


class Unit(Wire):
    """A coded thing of the organisation, as rules of the policy name it."""

    code: Key
    """Its code; rules of the policy compare it."""
    name: Text | None = None
    """How people call it; the code when there is none."""


class Name(Wire):
    """A name in its parts, prefixes (van, de, van der) apart."""

    birth: Annotated[Text, Field(min_length=1)]
    """Surname at birth, without its prefix."""
    birth_prefix: Text | None = None
    """Prefix of the surname at birth: `van der`."""
    initials: Text | None = None
    """Initials: `S.M.`."""
    given: Text | None = None
    """First names in full."""
    nickname: Text | None = None
    """What colleagues say; the login name begins with it."""
    partner: Text | None = None
    """Surname of the partner, without its prefix."""
    partner_prefix: Text | None = None
    """Prefix of the partner's surname."""
    usage: NameUsage | None = None
    """Which surname is used: B birth (also when left out), P partner, PB or BP both."""


class Leave(Wire):
    """A leave of absence from an assignment: unpaid, parental. No holiday, and no illness."""

    kind: Text | None = None
    """Its kind, in your own words; the policy says what it means."""
    start: Annotated[date, AfterValidator(_day)]
    """First day away."""
    end: Annotated[date | None, AfterValidator(_last_day)] = None
    """Last day away. Empty, or in the year 9999: until further notice."""


class Contract(Wire):
    """One assignment: this job in this department for this long. Several make a career."""

    key: Key
    """Your own key of the assignment, the same for as long as it lives."""
    start: Annotated[date, AfterValidator(_day)]
    """First day."""
    end: Annotated[date | None, AfterValidator(_last_day)] = None
    """Last day, which is still worked. Empty, or in the year 9999: no end. The day
    before `start`: it was withdrawn."""
    sequence: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Order among assignments that began on one day; the highest counts."""
    hours: Annotated[float, Field(ge=0, le=168, allow_inf_nan=False)] | None = None
    """Hours a week; of several assignments the one with most hours gives the rights first."""
    fte: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] | None = None
    """Share of a full week."""
    kind: Text | None = None
    """Kind of employment, in your own words; rules may use it."""
    job: Unit | None = None
    """The job."""
    department: Unit | None = None
    """The department."""
    cost_centre: Unit | None = None
    """The cost centre."""
    employer: Unit | None = None
    """The employer, where one tenant has several."""
    manager: Key | None = None
    """The manager's number, in the same source."""
    external: bool | None = None
    """No employment: somebody hired. Then a sponsor (or manager) and an end are needed."""
    sponsor: Key | None = None
    """The number, in the same source, of the employee who answers for an external."""
    leaves: Annotated[tuple[Leave, ...], Field(max_length=MOST_LEAVES)] | None = None
    """Leaves of absence from this assignment."""


def _keys_differ(contracts: tuple[Contract, ...]) -> tuple[Contract, ...]:
    if len({contract.key for contract in contracts}) < len(contracts):
        raise PydanticCustomError("repeated_key", "hold one key twice")
    return contracts


class Person(Wire):
    """One whole person. A field that is left out, or null, is empty."""

    number: Key
    """The employee number: who this is, for ever."""
    name: Name
    """The name."""
    contracts: (
        Annotated[
            tuple[Contract, ...], Field(max_length=MOST_CONTRACTS), AfterValidator(_keys_differ)
        ]
        | None
    ) = None
    """All assignments that you know, also past and coming ones. Somebody leaves by the `end` of
    the last one, never by being left out."""
    human_key: Key | None = None
    """Your key of the human behind several numbers, when you have one."""
    birth_date: Annotated[date, AfterValidator(_day)] | None = None
    """Only to see that somebody is in another HR system too; used for nothing else."""
    died_on: Annotated[date, AfterValidator(_day)] | None = None
    """The day of death; from then on the account is blocked."""
    phone: Text | None = None
    """Phone at work."""
    mobile: Text | None = None
    """Mobile phone of work."""


class Push(Wire):
    """The body of PUT /api/hr/push/people: whole people, up to 1,000 a call.

    PATCH takes the same body, but of each person only `number` and what changes: null clears, an
    object is changed field by field, `contracts` is replaced as a whole (RFC 7396).
    """

    people: Annotated[tuple[Person, ...], Field(min_length=1, max_length=MOST_PEOPLE)]
    """The people; each number once."""
    as_of: AwareDatetime | None = None
    """When your system stood like this; the moment of the call when left out. What is of an
    earlier moment than what is held already is refused."""


class Head(BaseModel):
    """What of a call must be in order before anybody in it is looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    people: Annotated[list[Any], Field(min_length=1, max_length=MOST_PEOPLE)]
    as_of: AwareDatetime | None = None


EXAMPLE: dict[str, Any] = {
    "as_of": datetime.fromisoformat("2026-11-30T08:00:00+00:00").isoformat(),
    "people": [
        {
            "number": "1042",
            "name": {
                "initials": "S.M.",
                "nickname": "Sanne",
                "birth_prefix": "van",
                "birth": "Voorbeeld",
            },
            "contracts": [
                {
                    "key": "1042-1",
                    "start": "2026-12-01",
                    "end": None,
                    "hours": 36,
                    "job": {"code": "0142", "name": "Systeembeheerder"},
                    "department": {"code": "ICT-BEH", "name": "ICT Beheer"},
                    "employer": {"code": "01"},
                    "manager": "1001",
                }
            ],
            "mobile": "+31 6 00000000",
        }
    ],
}


def schema() -> dict[str, Any]:
    """The JSON schema of a call, as it is published; its $id changes with its meaning."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **Push.model_json_schema(),
        "title": "People pushed to Instroom",
        "examples": [EXAMPLE],
    }
