"""Which views does every AFAS customer have? The standard GetConnectors about people and jobs.

Field ids as in the AFAS OpenAPI documents "Organisaties en personen" and "Medewerker en contract"
(6.6.9). They have no filter: everybody who ever worked here is in them, with the BSN.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sandbox.afas import codes
from sandbox.afas.view import (
    Assignment,
    Column,
    OrganisationView,
    PeopleView,
    assignments,
    midnight,
)
from sandbox.world import FULL_TIME_HOURS, Department, Person, World

_EPOCH = date(2000, 1, 1)
_LEVELS = 10


def _main(world: World, person: Person, today: date) -> Iterable[Assignment]:
    """Running now before starting later before ended; then the most hours."""

    def rank(row: Assignment) -> tuple[bool, bool, float, date]:
        ahead = row.contract.start > today
        return row.contract.covers(today), ahead, row.contract.hours, row.contract.start

    rows = list(assignments(world, person))
    return [max(rows, key=rank)] if rows else []


_EMPLOYEE = (
    Column[Assignment]("EmployeeId", lambda r: r.person.number, length=15),
    Column[Assignment]("PersonId", lambda r: r.person.human, length=15),
    Column[Assignment]("EmployerId", lambda _: codes.EMPLOYER[0], length=15),
    Column[Assignment]("BSN", lambda r: codes.bsn(r.person), length=9),
    Column[Assignment]("BirthName", lambda r: r.person.birth_name, length=80),
    Column[Assignment]("Initials", lambda r: r.person.initials, length=15),
    Column[Assignment]("PrefixBirthName", lambda r: r.person.birth_prefix or None, length=15),
    Column[Assignment]("DateOfBirth", lambda r: midnight(r.person.birth_date), "date"),
    Column[Assignment]("Gender", lambda r: r.person.gender, length=1),
    Column[Assignment]("MaritalStatus", lambda r: "GH" if r.person.partner_name else "OG"),
    Column[Assignment]("PrefixPartner", lambda r: r.person.partner_prefix or None, length=15),
    Column[Assignment]("BirthNamePartner", lambda r: r.person.partner_name or None, length=80),
    Column[Assignment]("NameUse", lambda r: codes.NAME_USE[r.person.name_use], length=1),
    Column[Assignment]("Mobile", lambda r: r.person.mobile, length=30),
    Column[Assignment]("Phone", lambda _: None, length=30),
    Column[Assignment]("Street", lambda _: "Voorbeeldstraat", length=60),
    Column[Assignment]("HouseNumber", lambda r: int(r.person.human) % 200 + 1, "int"),
    Column[Assignment]("AddNumber", lambda _: None, length=30),
    Column[Assignment]("ZIPCode", lambda _: "0000 AA", length=15),
    Column[Assignment]("City", lambda _: "Voorbeeldstad", length=50),
    Column[Assignment]("Country", lambda _: "NL", length=3),
    Column[Assignment]("EmploymentStart", lambda r: midnight(r.contract.start), "date"),
    Column[Assignment]("EmploymentEnd", lambda r: midnight(r.contract.end), "date"),
    Column[Assignment]("HourPerWeek", lambda r: r.contract.hours, "decimal"),
    Column[Assignment]("EmploymentType", lambda r: codes.KIND[r.person.kind][0]),
    Column[Assignment]("EmploymentTypeDesc", lambda r: codes.KIND[r.person.kind][1]),
    Column[Assignment]("FTE", lambda r: round(r.contract.hours / FULL_TIME_HOURS, 4), "decimal"),
    Column[Assignment]("OrgUnit", lambda r: r.department.code, length=15),
    Column[Assignment]("OrgUnitDesc", lambda r: r.department.name, length=80),
    Column[Assignment]("FunctionId", lambda r: r.contract.job, length=4),
    Column[Assignment]("FunctionDesc", lambda r: codes.JOB_TITLES[r.contract.job]),
    Column[Assignment]("DateDeceased", lambda _: None, "date"),
    Column[Assignment]("Mail", lambda r: r.person.work_mail, length=255),
    Column[Assignment]("FirstName", lambda r: r.person.nickname, "string", "Usual name", 30),
)
_BASIC = (
    Column[Assignment]("EmployeeId", lambda r: r.person.number, length=15),
    Column[Assignment]("Name", lambda r: codes.list_name(r.person), length=255),
    Column[Assignment]("Blocked", lambda _: False, "boolean"),
    Column[Assignment]("DvId", lambda r: r.contract.employment, "int"),
    Column[Assignment]("Employer", lambda _: codes.EMPLOYER[0]),
    Column[Assignment]("FunctionId", lambda r: r.contract.job, length=4),
    Column[Assignment]("Function", lambda r: codes.JOB_TITLES[r.contract.job]),
    Column[Assignment]("OE", lambda r: r.department.code, length=15),
    Column[Assignment]("EmploymentStart", lambda r: midnight(r.contract.start), "date"),
    Column[Assignment]("EmploymentEnd", lambda r: midnight(r.contract.end), "date"),
    Column[Assignment]("BSN", lambda r: codes.bsn(r.person), length=9),
    Column[Assignment]("DateBirth", lambda r: midnight(r.person.birth_date), "date"),
    Column[Assignment]("PersonId", lambda r: r.person.human, length=15),
    Column[Assignment]("Mail", lambda r: r.person.work_mail, length=255),
)
_FUNCTION = (
    Column[str]("Employer", lambda _: codes.EMPLOYER[0]),
    Column[str]("FunctionId", lambda job: job, length=4),
    Column[str]("FunctionDesc", lambda job: codes.JOB_TITLES[job]),
    Column[str]("Blocked", lambda _: False, "boolean"),
    Column[str]("FunctionType", lambda _: None),
)

type Branch = tuple[Department, ...]
"""A department below its ancestors, the board first."""


def _branches(world: World) -> Iterable[Branch]:
    for department in world.departments.values():
        branch = [department]
        while branch[0].parent is not None:
            branch.insert(0, world.departments[branch[0].parent])
        yield tuple(branch)


def _level(place: int) -> Column[Branch]:
    return Column(f"Level{place}", lambda b: b[place].code if place < len(b) else None)


_CHART = (
    Column[Branch]("StartDate", lambda _: midnight(_EPOCH), "date"),
    Column[Branch]("EndDate", lambda _: None, "date"),
    Column[Branch]("Unitd", lambda b: b[-1].code, length=15),  # spelt so by AFAS
    Column[Branch]("UnitDesc", lambda b: b[-1].name, length=80),
    Column[Branch]("Level", lambda b: len(b) - 1, "int"),
    Column[Branch]("Manager", lambda b: b[-1].manager, length=15),
    Column[Branch]("UpperUnit", lambda b: b[-1].parent, length=15),
    *(_level(place) for place in range(_LEVELS)),
)
_EMPLOYER = (
    Column[tuple[str, str]]("EmployerId", lambda e: e[0], length=15),
    Column[tuple[str, str]]("Name", lambda e: e[1], length=80),
    Column[tuple[str, str]]("OrganisationId", lambda _: "1", length=15),
)

VIEWS = (
    PeopleView("Profit_Employees", "Medewerkers", _EMPLOYEE, _main),
    PeopleView("Profit_Employees_basic", "Medewerkers (basis)", _BASIC, _main),
    OrganisationView("Profit_Functions", "Functies", _FUNCTION, lambda _: list(codes.JOB_TITLES)),
    OrganisationView("Profit_OrganizationChart", "Organigram", _CHART, _branches),
    OrganisationView("Profit_Employers", "Werkgevers", _EMPLOYER, lambda _: [codes.EMPLOYER]),
)
