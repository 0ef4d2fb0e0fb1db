"""How are the employees of Nmbrs read? By company: the list of people, then what hangs on them.

An employee is known as `<company number>-<employee number>`: numbers are unique in no other way.
Nmbrs has no webhook for employees and no feed of what was deleted: a poll asks each list what was
made since, and the daily full sync finds the rest. A page, company or right that is missing fails
the whole read; see Source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial

from pydantic import ValidationError

from shared.errors import Permanent, Transient
from shared.intake import marks, nmbrs_record, nmbrs_rows, nmbrs_versions
from shared.intake.nmbrs_managers import Managers
from shared.intake.nmbrs_record import to_record
from shared.intake.nmbrs_rows import (
    APPLICANTS,
    KINDS,
    LISTS,
    SOURCE,
    Basic,
    Calendar,
    Employee,
    type_of,
)
from shared.intake.nmbrs_versions import Period
from shared.intake.source import Sighting, Unread
from shared.model import person as model_person
from shared.model.person import BadRecord
from shared.vendors.nmbrs import Company, Nmbrs, Row

ONE_BY_ONE = 10
"""Up to so many changed people of a company are read apart; more are cheaper with all the rest."""
_NEEDED = ("personalinfo", "employments")
"""A company with employees and nothing of this is a matter of rights, not of people."""


@dataclass
class _Roll:
    """The employees of one company."""

    company: Company
    calendar: Calendar
    people: dict[str, Employee] = field(default_factory=dict)

    def shared_numbers(self) -> set[str]:
        """Numbers that more than one employee has."""
        counted = Counter(person.number for person in self.people.values() if person.number)
        return {number for number, count in counted.items() if count > 1}


class NmbrsSource:
    """Nmbrs as a source of the flow."""

    name = SOURCE

    def __init__(self, nmbrs: Nmbrs, companies: Collection[str] = ()) -> None:
        """Read these company numbers; all that the consent reaches when none is named."""
        self._nmbrs = nmbrs
        self._wanted = frozenset(companies)

    async def everyone(self) -> AsyncIterator[Sighting]:
        """Everybody who works, worked or will work in the companies; see Source."""
        rolls = [await self._roll(company) for company in await self._companies()]
        for roll in rolls:
            await self._fill(roll, LISTS)
        managers = Managers.of((one.people.values(), one.calendar) for one in rolls)
        for roll in rolls:
            for sighting in _sightings(roll, roll.people, managers):
                yield sighting

    async def changed_since(self, moment: datetime) -> AsyncIterator[Sighting]:
        """Whoever has a row that was made or changed since; see Source.

        A date changed inside a contract or a department that was renamed is in no such list.
        """
        companies = await self._companies()
        changed = {company.id: await self._changed(company, moment) for company in companies}
        if not any(changed.values()):
            return
        rolls = [await self._roll(company) for company in companies]
        managers = await self._managers(rolls)
        for roll in rolls:
            wanted = changed[roll.company.id] & roll.people.keys()
            await self._read_apart(roll, wanted)
            for sighting in _sightings(roll, wanted, managers):
                yield sighting

    async def one(self, number: str) -> Sighting | None:
        """This `<company>-<employee number>` now; None when no company shows it."""
        rolls = [await self._roll(company) for company in await self._companies()]
        for roll in rolls:
            wanted = {id_ for id_, person in roll.people.items() if person.key == number}
            if wanted:
                managers = await self._managers(rolls)
                await self._read_apart(roll, wanted)
                return next(_sightings(roll, wanted, managers))
        return None

    async def probe(self) -> None:
        """See that every list can be read in each company; see Source."""
        for company in await self._companies():
            await self._roll(company)
            for kind in LISTS:
                # Made in the far future: no rows, but the right is checked.
                await self._nmbrs.of_employees(company, kind, createdFrom="2199-01-01T00:00:00")

    async def _companies(self) -> list[Company]:
        shown = await self._nmbrs.companies()
        found = [one for one in shown if not self._wanted or one.number in self._wanted]
        if lacking := sorted(self._wanted - {one.number for one in found}):
            known = ", ".join(sorted(one.number for one in shown)) or "none"
            raise Permanent(
                f"Nmbrs does not show company {', '.join(lacking)} (it shows {known}): mend "
                "NMBRS_COMPANIES, or the rights of the login that gave consent",
                mender="settings",
            )
        if not found:
            raise Permanent(
                "Nmbrs shows no company at all: the login that gave consent must sit at debtor "
                "level; mend it and run `instroom hr connect nmbrs`",
                mender="operator",
            )
        numbers = Counter(one.number for one in found)
        if twice := sorted(number for number, count in numbers.items() if count > 1):
            raise Permanent(
                f"Nmbrs shows company {', '.join(twice)} under more than one debtor: a number "
                "must mean one company; give one of them another, or consent for one debtor",
                mender="settings",
            )
        return sorted(found, key=lambda one: one.number)

    async def _roll(self, company: Company) -> _Roll:
        calendar = _calendar(company, await self._nmbrs.period(company))
        rows = await self._nmbrs.employees(company, employeeType=",".join(KINDS))
        roll, seen = _Roll(company, calendar), set[str]()
        for row in rows:
            basic = _basic(row, company)
            if basic.id in seen:
                raise Transient(
                    f"Nmbrs named an employee of company {company.number} twice: the answer is "
                    "not complete"
                )
            seen.add(basic.id)
            # The filter is asked for; that it is honoured is not taken on trust.
            if (type_ := type_of(basic.type)) not in APPLICANTS:
                person = Employee(basic.id, company, basic.number, type_)
                roll.people[basic.id] = person
        return roll

    async def _fill(self, roll: _Roll, kinds: Iterable[str], **only: str) -> None:
        """Put the items of these lists with the employees; people on no roll are passed over."""
        for kind in kinds:
            rows = await self._nmbrs.of_employees(roll.company, kind, **only)
            _hand_out(roll, kind, rows)
            if not only and roll.people and not rows and kind in _NEEDED:
                raise Permanent(
                    f"Nmbrs shows {len(roll.people)} employees of company {roll.company.number} "
                    f"and {kind} of none: the consent or the login lacks the right; mend it and "
                    "run `instroom hr connect nmbrs`",
                    mender="operator",
                )

    async def _managers(self, rolls: Collection[_Roll]) -> Managers:
        """Who is who's number: needs the personal information of all."""
        for roll in rolls:
            await self._fill(roll, ["personalinfo"])
        return Managers.of((roll.people.values(), roll.calendar) for roll in rolls)

    async def _read_apart(self, roll: _Roll, wanted: Collection[str]) -> None:
        """All lists of these people, whose personal information is there already."""
        kinds = [kind for kind in LISTS if kind != "personalinfo"]
        if len(wanted) > ONE_BY_ONE:
            await self._fill(roll, kinds)
            return
        for employee_id in sorted(wanted):
            await self._fill(roll, kinds, employeeId=employee_id)

    async def _changed(self, company: Company, moment: datetime) -> set[str]:
        """The ids of employees with anything new.

        `createdAt` is Dutch time in spite of its Z by the specification. The UTC figures of the
        moment lie an hour or two before the Dutch ones: they ask for too much, never too little.
        """
        since = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        rows = list(await self._nmbrs.employees(company, createdFrom=since))
        for kind in LISTS:
            rows += await self._nmbrs.of_employees(company, kind, createdFrom=since)
        rows += await self._nmbrs.of_employees(company, "employments", changedFrom=since)
        return {str(row.get("employeeId")) for row in rows}


def _sightings(roll: _Roll, wanted: Iterable[str], managers: Managers) -> Iterator[Sighting]:
    """The records of these employees, each number once."""
    twice = roll.shared_numbers()
    told: set[str] = set()
    for employee_id in sorted(wanted):
        person = roll.people[employee_id]
        if person.number not in twice:
            yield _sighting(person, roll, managers)
        elif person.number not in told:
            told.add(person.number)
            problem = "is that of more than one employee of the company: give each their own"
            yield BadRecord(
                source=SOURCE, number=person.key, field="employeeNumber", problem=problem
            )


def _sighting(person: Employee, roll: _Roll, managers: Managers) -> Sighting:
    """One employee, whose items are looked into when anything in them changed."""
    calendar, manager_of = roll.calendar, managers.numbers(person)
    read = partial(to_record, person, calendar, manager_of)
    if person.key is None:
        return read()
    said = (
        (roll.company.number, roll.company.name),
        (calendar.kind, calendar.current.toordinal()),
        (person.number, person.type, sorted(manager_of.items())),
        [(kind, len(person.items.get(kind, ()))) for kind in LISTS],
    )
    items = (item for kind in LISTS for item in person.items.get(kind, ()))
    return Unread(person.key, marks.mark(_key(), (marks.packed(said), *items)), read)


@cache
def _key() -> bytes:
    return marks.key_of(nmbrs_record, nmbrs_rows, nmbrs_versions, model_person)


def _hand_out(roll: _Roll, kind: str, rows: Iterable[Row]) -> None:
    for row in rows:
        # One employee's items may come on several pages; who is on no roll is passed over.
        if person := roll.people.get(str(row.get("employeeId"))):
            person.add(kind, row.get(LISTS[kind]))


def _basic(row: Row, company: Company) -> Basic:
    try:
        return Basic.of(row)
    except ValidationError:
        raise Transient(
            f"Nmbrs shows an employee of company {company.number} without an id"
        ) from None


def _calendar(company: Company, row: Row) -> Calendar:
    kind = str(row.get("periodType") or str(row.get("displayPeriod") or "").rpartition("-")[2])
    try:
        return Calendar(kind, Period.model_validate(row.get("period")).first_day(kind))
    except ValueError:
        raise Transient(f"Nmbrs company {company.number} shows no payroll period") from None
