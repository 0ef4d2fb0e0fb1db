"""What does Nmbrs say of one employee? The rows of eight lists become one Record.

Dates of employment decide who works here; a contract in it only gives hours, for in Nmbrs the end
of a contract ends nobody until HR records the end of the employment. Departments, functions,
managers and cost centres hang on the employee and turn with their versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.intake.nmbrs_rows import (
    FORMER,
    KINDS,
    SOURCE,
    Ascription,
    Birth,
    Calendar,
    Coded,
    Contact,
    ContractRow,
    Costs,
    Employee,
    Employment,
    Info,
    Manager,
    Partner,
    Problem,
    Schedule,
    items_of,
    since,
)
from shared.intake.nmbrs_versions import Track, Version, day_before
from shared.intake.source import Reading
from shared.model.name import NameUsage, PersonName
from shared.model.person import BadRecord, Contract, Record, Unit

_USAGE = {1: NameUsage.BIRTH, 2: NameUsage.PARTNER, 3: NameUsage.PARTNER_BIRTH}
_USAGE |= {4: NameUsage.BIRTH_PARTNER}
_OWN_WORD = re.compile(r"eigen|geboorte|meisjes|own|birth|maiden")
_PARTNER_WORD = re.compile(r"partner|echtgeno|spouse")


def info_of(employee: Employee, calendar: Calendar) -> Info:
    """The personal information of the company's current period. Raises Problem."""
    versions = items_of(employee, "personalinfo", Info)
    if not versions:
        raise Problem("personalInfo", "is missing")
    current = Track.of((since(one, calendar), one.created_at, one) for one in versions)
    info = current.on(calendar.current)
    assert info is not None  # noqa: S101 - there is a version
    return info


def to_record(
    employee: Employee, calendar: Calendar, manager_of: Mapping[str, str | None]
) -> Reading:
    """The employee as a Record; BadRecord names the first field that cannot be read.

    `manager_of` says which of our numbers a manager's id stands for.
    """
    try:
        _check(employee)
        return _record(employee, calendar, manager_of)
    except Problem as problem:
        return BadRecord(
            source=SOURCE, number=employee.key, field=problem.field, problem=problem.problem
        )


def _check(employee: Employee) -> None:
    if employee.key is None:
        raise Problem("employeeNumber", "is missing")
    if employee.type not in KINDS:
        raise Problem("employeeType", "is none that the specification knows")


def _record(
    employee: Employee, calendar: Calendar, manager_of: Mapping[str, str | None]
) -> Record:
    info = info_of(employee, calendar)
    birth, contact = info.birth_info or Birth(), info.contact_info or Contact()
    spells = _spells(employee, until=birth.deceased_on)
    if employee.type in FORMER and any(_goes_on(one, calendar) for one in spells):
        raise Problem("employeeType", "says that it is over, and no end of employment is recorded")
    return Record(
        source=SOURCE,
        number=employee.key or "",
        name=_name(info),
        birth_date=birth.birth_date,
        died_on=birth.deceased_on,
        contracts=_assignments(employee, calendar, spells, manager_of),
        phone=contact.business_phone or None,
        mobile=contact.business_mobile_phone or None,
    )


def _name(info: Info) -> PersonName:
    names, partner = info.basic_info, info.partner_info or Partner()
    return PersonName(
        initials=names.initials,
        given=names.first_name_in_full,
        nickname=names.first_name,
        birth_prefix=names.prefix,
        birth=names.last_name,
        partner_prefix=partner.partner_prefix,
        partner=partner.partner_name,
        usage=usage(partner.ascription or Ascription()),
    )


def usage(said: Ascription) -> NameUsage:
    """By the words if they tell, else by the code, else the birth name.

    The codes are those of Nmbrs' SOAP service ("Naamstelling"); the REST specification names none.
    """
    words = said.ascription.casefold()
    own, partner = _OWN_WORD.search(words), _PARTNER_WORD.search(words)
    if own and partner:
        first_own = own.start() < partner.start()
        return NameUsage.BIRTH_PARTNER if first_own else NameUsage.PARTNER_BIRTH
    if own or partner:
        return NameUsage.BIRTH if own else NameUsage.PARTNER
    return _USAGE.get(said.code or 0, NameUsage.BIRTH)


@dataclass(frozen=True, slots=True)
class _Spell:
    key: str
    start: date
    end: date | None


def _spells(employee: Employee, *, until: date | None) -> list[_Spell]:
    """When this person works here; never after the day of death."""
    latest = {
        one.employment_id: one for one in _by_age(items_of(employee, "employments", Employment))
    }
    spells = [_Spell(one.employment_id, one.start_date, one.end_date) for one in latest.values()]
    if not spells and KINDS[employee.type] == "external":
        spells = _contract_spells(employee)
    if not spells and employee.type in ("payroll", "external"):
        # Nothing ends by it: rights that hide employments look the same.
        raise Problem("employments", "are missing, though the employee is in service")
    # What ends before it begins was withdrawn or is wrong: admission tells which.
    capped = [
        _Spell(one.key, one.start, _earliest(one.end, until))
        for one in spells
        if until is None or one.start <= until
    ]
    return sorted(capped, key=lambda one: (one.start, one.key))


def _goes_on(spell: _Spell, calendar: Calendar) -> bool:
    """Has it begun before this payroll period, without an end?"""
    return spell.end is None and spell.start < calendar.current


def _contract_spells(employee: Employee) -> list[_Spell]:
    """Externals may have a contract only; then its dates are all that HR states."""
    contracts = _contracts(employee)
    if any(one.indefinite and one.end_date for one in contracts):
        raise Problem("contracts.endDate", "is set, though the contract is indefinite")
    return [_Spell(one.contract_id, one.start_date, one.end_date) for one in contracts]


def _by_age(rows: Iterable[Employment]) -> list[Employment]:
    return sorted(rows, key=lambda one: one.changed_date)


def _contracts(employee: Employee) -> list[ContractRow]:
    """The last version of each contract: one contractId occurs several times."""
    versions = sorted(items_of(employee, "contracts", ContractRow), key=lambda one: one.created_at)
    return list({one.contract_id: one for one in versions}.values())


@dataclass(frozen=True, slots=True)
class _Tracks:
    """What turns under an employee in the course of time."""

    hours: Track[float | None]
    schedule: Track[Schedule]
    department: Track[Coded]
    job: Track[Coded]
    manager: Track[Manager]
    costs: Track[Costs]

    def turns(self) -> set[date]:
        tracks: tuple[Track[Any], ...] = (
            self.hours,
            self.schedule,
            self.department,
            self.job,
            self.manager,
            self.costs,
        )
        return {day for track in tracks for day in track.turns}


def _tracks(employee: Employee, calendar: Calendar) -> _Tracks:
    def versioned[V: Version](kind: str, model: type[V]) -> Track[V]:
        rows = items_of(employee, kind, model)
        return Track.of((since(one, calendar), one.created_at, one) for one in rows)

    schedules = items_of(employee, "schedules", Schedule)
    contracts = _contracts(employee)
    return _Tracks(
        hours=Track.of((one.start_date, one.created_at, one.hours_per_week) for one in contracts),
        schedule=Track.of((one.start_date, one.created_at, one) for one in schedules),
        department=versioned("departments", Coded),
        job=versioned("functions", Coded),
        manager=versioned("managers", Manager),
        costs=_main_costs(items_of(employee, "costcenters", Costs), calendar),
    )


def _main_costs(rows: Sequence[Costs], calendar: Calendar) -> Track[Costs]:
    """Of the cost centres that count from one day, the default one, else the largest."""
    ranked = sorted(rows, key=lambda one: (bool(one.default), one.percentage or 0.0, one.code))
    return Track.of((since(one, calendar), f"{n:06}", one) for n, one in enumerate(ranked))


def _assignments(
    employee: Employee,
    calendar: Calendar,
    spells: Sequence[_Spell],
    manager_of: Mapping[str, str | None],
) -> tuple[Contract, ...]:
    """The spells, cut where anything turns, and joined again where it made no difference."""
    tracks = _tracks(employee, calendar)
    turns = sorted(tracks.turns())
    found: list[Contract] = []
    for sequence, spell in enumerate(spells, start=1):
        inside = [day for day in turns if spell.start < day and _begins(day, spell.end)]
        ends = [*map(day_before, inside), spell.end]
        pieces: list[Contract] = []
        for start, end in zip([spell.start, *inside], ends, strict=True):
            piece = _assignment(employee, tracks, (spell, start, end), sequence, manager_of)
            if pieces and _same_work(pieces[-1], piece):
                pieces[-1] = pieces[-1].model_copy(update={"end": end})
            else:
                pieces.append(piece)
        found += pieces
    return tuple(sorted(found, key=lambda one: (one.start, one.key)))


def _assignment(
    employee: Employee,
    tracks: _Tracks,
    stretch: tuple[_Spell, date, date | None],
    sequence: int,
    manager_of: Mapping[str, str | None],
) -> Contract:
    spell, start, end = stretch
    schedule, manager = tracks.schedule.on(start), tracks.manager.on(start)
    hours = tracks.hours.on(start) or (schedule.hours_per_week if schedule else None)
    return Contract(
        key=f"{spell.key}_{start:%Y%m%d}",
        start=start,
        end=end,
        sequence=sequence,
        hours=hours or 0.0,
        fte=(schedule.parttime_percentage or 0.0) / 100 if schedule else 0.0,
        kind=KINDS[employee.type],
        external=KINDS[employee.type] == "external",
        job=_unit(tracks.job.on(start)),
        department=_unit(tracks.department.on(start)),
        cost_centre=_unit(tracks.costs.on(start)),
        employer=Unit(code=employee.company.number, name=employee.company.name),
        manager=manager_of.get(manager.manager_id) if manager else None,
    )


def _same_work(one: Contract, other: Contract) -> bool:
    apart = {"key", "start", "end"}
    return one.model_dump(exclude=apart) == other.model_dump(exclude=apart)


def _unit(row: Coded | Costs | None) -> Unit | None:
    return Unit(code=row.code, name=row.description) if row and row.code else None


def _begins(day: date, end: date | None) -> bool:
    return end is None or day <= end


def _earliest(one: date | None, other: date | None) -> date | None:
    return min(filter(None, (one, other)), default=None)
