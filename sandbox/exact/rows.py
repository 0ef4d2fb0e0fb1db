"""Which rows does payroll hold for a person of the world? Exact's fields, in five tables.

Field names as in the reference pages of payroll/Employees, Employments, EmploymentContracts,
EmploymentOrganizations and EmploymentSalaries (scraped in picqer/exact-php-client, 2025-12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.exact import wire
from sandbox.exact.settings import Division, Environment
from sandbox.world import FULL_TIME_HOURS, Contract, Kind, NameUse, Person, World
from sandbox.world.organisation import JOBS

TABLES = (
    "Employees",
    "Employments",
    "EmploymentContracts",
    "EmploymentOrganizations",
    "EmploymentSalaries",
)
ENTITY_TYPES = dict(zip(TABLES, (42, 43, 44, 45, 47), strict=True))
_COMPOSITION = {
    NameUse.BIRTH: 0,
    NameUse.PARTNER: 1,
    NameUse.PARTNER_BIRTH: 2,
    NameUse.BIRTH_PARTNER: 3,
}
_NO_END = date.max


def guid(division: int, kind: str, key: object) -> str:
    """The id of a thing in a division; the same for the same thing."""
    return str(uuid5(NAMESPACE_URL, f"exact:{division}:{kind}:{key}"))


@dataclass(frozen=True)
class _Writer:
    """Writes one person's rows."""

    world: World
    environment: Environment
    division: Division
    person: Person

    def day(self, value: date | None) -> str | None:
        return wire.day(value, local=self.environment.local_midnight)

    def id(self, kind: str, key: object = "") -> str:
        return guid(self.division.code, kind, f"{self.person.number}:{key}")

    def common(self, kind: str, key: object) -> dict[str, Any]:
        return {
            "ID": self.id(kind, key),
            "Employee": self.id("Employees"),
            "EmployeeHID": int(self.person.number),
            "Division": self.division.code,
            "Created": wire.moment(self.person.modified),
        }


def of(
    world: World, environment: Environment, division: Division, person: Person
) -> dict[str, list[dict[str, Any]]]:
    """Every row of that person, by table."""
    writer = _Writer(world, environment, division, person)
    makers: dict[str, Callable[[_Writer], Iterator[dict[str, Any]]]] = {
        "Employees": _employees,
        "Employments": _employments,
        "EmploymentContracts": _contracts,
        "EmploymentOrganizations": _organisations,
        "EmploymentSalaries": _salaries,
    }
    return {table: list(make(writer)) for table, make in makers.items()}


def _employees(w: _Writer) -> Iterator[dict[str, Any]]:
    person = w.person
    code = person.number.rjust(18) if w.environment.padded_codes else person.number
    starts, ends = zip(*((row.start, row.end or _NO_END) for row in person.contracts), strict=True)
    surname = person.surname()
    personal = {
        "BirthDate": w.day(person.birth_date),
        "PartnerName": person.partner_name or None,
        "PartnerNamePrefix": person.partner_prefix or None,
        "PrivateEmail": person.private_mail,
        "Mobile": person.mobile,
        "Phone": None,
        "Email": None,
        "SocialSecurityNumber": "999999990",
    }
    yield {
        **w.common("Employees", ""),
        "Code": code,
        "HID": int(person.number),
        "Initials": person.initials,
        "FirstName": person.given_names,
        "NickName": person.nickname,
        "MiddleName": person.birth_prefix or None,
        "LastName": person.birth_name,
        "FullName": f"{person.nickname or person.given_names} {surname}",
        "BirthName": person.birth_name,
        "BirthNamePrefix": person.birth_prefix or None,
        "NameComposition": _COMPOSITION[person.name_use],
        "Gender": person.gender,
        "BusinessEmail": person.work_mail,
        "BusinessPhone": person.work_phone,
        "BusinessMobile": None,
        "StartDate": w.day(min(starts)),
        "EndDate": w.day(None if max(ends) == _NO_END else max(ends)),
        "IsActive": any(row.covers(w.world.now().date()) for row in person.contracts),
        "IsAnonymised": 0,
        "Manager": _manager(w),
        "Modified": wire.moment(person.modified),
        **(personal if w.environment.personal_rights else dict.fromkeys(personal)),
        **(_scrubbed() if person.number in w.environment.anonymised else {}),
    }


def _scrubbed() -> dict[str, Any]:
    names = ("Initials", "FirstName", "NickName", "MiddleName", "BirthNamePrefix", "PartnerName")
    return {
        **dict.fromkeys(names),
        "BirthName": "Anonymised",
        "LastName": "Anonymised",
        "FullName": "Anonymised",
        "IsAnonymised": 1,
    }


def _manager(w: _Writer) -> str | None:
    """Guids reach no other division: a manager elsewhere is none."""
    current = max(
        w.person.contracts, key=lambda row: (row.covers(w.world.now().date()), row.start)
    )
    number = w.world.manager_of(w.person, current)
    manager = w.world.people.get(number) if number else None
    if manager is None or home(w.environment, manager) != w.division:
        return None
    return guid(w.division.code, "Employees", f"{manager.number}:")


def _employments(w: _Writer) -> Iterator[dict[str, Any]]:
    for number, rows in _by_employment(w.person):
        last = max(row.end or _NO_END for row in rows)
        yield {
            **w.common("Employments", number),
            "EmployeeFullName": w.person.surname(),
            "HID": number,
            "EmploymentNumber": number,
            "StartDate": w.day(min(row.start for row in rows)),
            "EndDate": w.day(None if last == _NO_END else last),
            "StartDateOrganization": w.day(min(row.start for row in rows)),
            "ReasonEnd": None if last == _NO_END else 1,
            "ReasonEndDescription": None,
            "Modified": wire.moment(max(row.modified for row in rows)),
        }


def _contracts(w: _Writer) -> Iterator[dict[str, Any]]:
    kinds = {Kind.EMPLOYEE: 1, Kind.EXTERNAL: 2, Kind.NOT_WORKING: 1}
    for number, rows in _by_employment(w.person):
        for sequence, same in groupby(rows, lambda row: row.sequence):
            stretch = list(same)
            end = max(row.end or _NO_END for row in stretch)
            yield {
                **w.common("EmploymentContracts", f"{number}:{sequence}"),
                **_employment(w, number),
                "Sequence": sequence,
                "StartDate": w.day(min(row.start for row in stretch)),
                "EndDate": w.day(None if end == _NO_END else end),
                "Type": 2 if end == _NO_END else 1,
                "EmployeeType": kinds[w.person.kind],
                "ReasonContract": 1 if sequence == 1 else 5,
                "Modified": wire.moment(max(row.modified for row in stretch)),
            }


def _organisations(w: _Writer) -> Iterator[dict[str, Any]]:
    def place(row: Contract) -> tuple[str, str]:
        return row.department, row.job

    for number, start, end, row in _stretches(w.person, place):
        department = w.world.departments[row.department]
        yield {
            **w.common("EmploymentOrganizations", f"{number}:{start}"),
            **_employment(w, number),
            "Department": guid(w.division.code, "Departments", row.department),
            "DepartmentCode": row.department,
            "DepartmentDescription": department.name,
            "JobTitle": guid(w.division.code, "JobTitles", row.job),
            "JobTitleCode": row.job,
            "JobTitleDescription": JOBS[row.job],
            "CostCenter": department.cost_centre,
            "CostCenterDescription": department.name,
            "StartDate": w.day(start),
            "EndDate": w.day(end),
            "Modified": wire.moment(row.modified),
        }


def _salaries(w: _Writer) -> Iterator[dict[str, Any]]:
    for number, start, end, row in _stretches(w.person, lambda one: one.hours):
        yield {
            **w.common("EmploymentSalaries", f"{number}:{start}"),
            **_employment(w, number),
            "AverageHoursPerWeek": row.hours,
            "AverageDaysPerWeek": round(row.hours / 8, 2),
            "ParttimeFactor": round(row.hours / FULL_TIME_HOURS, 4),
            "FulltimeAmount": 4321.0,
            "InternalRate": 55.5,
            "StartDate": w.day(start),
            "EndDate": w.day(end),
            "Modified": wire.moment(row.modified),
        }


def _employment(w: _Writer, number: int) -> dict[str, Any]:
    return {"Employment": w.id("Employments", number), "EmploymentNumber": number}


def _by_employment(person: Person) -> Iterator[tuple[int, list[Contract]]]:
    ordered = sorted(person.contracts, key=lambda row: (row.employment, row.start, row.job_start))
    for number, rows in groupby(ordered, lambda row: row.employment):
        yield number, list(rows)


def _stretches(
    person: Person, same: Callable[[Contract], object]
) -> Iterator[tuple[int, date, date | None, Contract]]:
    """Employment, first day, last day and row of each stretch; the last one stays open."""
    for number, rows in _by_employment(person):
        firsts = [next(group) for _, group in groupby(rows, same)]
        starts = [max(row.start, row.job_start) for row in firsts]
        ends = [start - timedelta(days=1) for start in starts[1:]]
        yield from (
            (number, start, end, row)
            for start, end, row in zip(starts, [*ends, None], firsts, strict=True)
        )


def home(environment: Environment, person: Person) -> Division | None:
    """The division that a person belongs to."""
    if not person.contracts:
        return None
    first = person.contracts[0].department
    for division in environment.divisions:
        if any(begin and first.startswith(begin) for begin in division.departments):
            return division
    return next((one for one in environment.divisions if "" in one.departments), None)
