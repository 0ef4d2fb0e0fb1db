"""Who is an employee of which company, and what do the lists say of them?

Nmbrs hangs departments, functions, managers, cost centres and hours on the employee, not on a
contract: of two jobs at once in one company only the larger is seen. Two companies are two
employees. Field names: Nmbrs REST API specification.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.nmbrs.environment import Environment, Firm
from sandbox.world import FULL_TIME_HOURS, Answers, Contract, Kind, NameUse, Person, World
from sandbox.world.organisation import JOBS

_SPACE = uuid.UUID("6f1d2c30-0000-4000-8000-000000000000")
_ASCRIPTION = {
    NameUse.BIRTH: (1, "Eigen naam"),
    NameUse.PARTNER: (2, "Partnernaam"),
    NameUse.PARTNER_BIRTH: (3, "Partnernaam - Eigen naam"),
    NameUse.BIRTH_PARTNER: (4, "Eigen naam - Partnernaam"),
}
_GENDER = {"M": "male", "V": "female", "O": "unknown"}

type Item = dict[str, Any]


def employee_id(firm: int, number: str) -> str:
    """The id under which a person of the world is an employee of that company."""
    return _id("employee", firm, number)


@dataclass(frozen=True)
class Span:
    """An unbroken stretch of employment with the contracts in it."""

    start: date
    end: date | None
    rows: tuple[Contract, ...]


@dataclass(frozen=True)
class Employee:
    """A person as one company employs them; `rows` are that company's contracts."""

    firm: Firm
    person: Person
    rows: tuple[Contract, ...]
    type: str

    @property
    def id(self) -> str:
        """The technical key."""
        return employee_id(self.firm.number, self.person.number)

    def spans(self) -> list[Span]:
        """The employments: contracts that overlap or abut are one."""
        spans: list[Span] = []
        for row in sorted(self.rows, key=_begin):
            last = spans[-1] if spans else None
            if last and (last.end is None or _begin(row) <= last.end + timedelta(days=1)):
                row_end = _end(row)
                end = max(last.end, row_end) if last.end and row_end else None
                spans[-1] = Span(last.start, end, (*last.rows, row))
            else:
                spans.append(Span(_begin(row), _end(row), (row,)))
        return spans

    def main_rows(self) -> Iterator[tuple[date, Contract]]:
        """The contract with most hours, with the day from which it is."""
        turns = {_begin(row) for row in self.rows}
        turns |= {end + timedelta(days=1) for row in self.rows if (end := _end(row))}
        last = None
        for day in sorted(turns):
            current = [row for row in self.rows if row.covers(day)]
            row = max(current, key=lambda row: row.hours, default=None)
            if row and row is not last:
                yield day, row
            last = row or last


class Employees:
    """The employees of all companies as HR shows them now."""

    def __init__(self, world: World, answers: Answers, environment: Environment) -> None:
        self.world = world
        self.answers = answers
        self.environment = environment

    def of(self, firm: Firm) -> list[Employee]:
        """The employees of that company, in the order of their numbers."""
        found = []
        for person in self.answers.people(self.world):
            rows = tuple(
                row for row in person.contracts if row.department.startswith(firm.divisions)
            )
            if rows and person.number not in self.environment.hidden:
                found.append(Employee(firm, person, rows, self._type(person, rows)))
        return found

    def number(self, employee: Employee) -> int:
        """The employee number: the world's, unless it was given another."""
        number = employee.person.number
        return self.environment.numbers.get(number, int(number))

    def basic(self, employee: Employee) -> Item:
        """The row of the list of employees."""
        person = employee.person
        return {
            "employeeId": employee.id,
            "employeeBasicInfo": {
                "employeeNumber": self.number(employee),
                "firstName": person.nickname,
                "firstNameInFull": person.given_names,
                "prefix": person.birth_prefix or None,
                "initials": person.initials,
                "lastName": person.birth_name,
                "employeeType": employee.type,
            },
        }

    def items(self, kind: str, employee: Employee) -> list[Item]:
        """The items of one list, with what was planted in them."""
        planted = self.environment.items.get(employee.person.number, {}).get(kind, {})
        return [{**item, **planted} for item in _LISTS[kind](self, employee)]

    def period(self, day: date) -> dict[str, int]:
        """The payroll period of a day; only months are played."""
        return {"year": day.year, "period": day.month}

    def info(self, employee: Employee) -> Iterable[Item]:
        """The personal information: as the world has it, and what was written since."""
        yield self._info(employee)
        made = _moment(employee.person.modified)
        written = self.environment.written.get(employee.id, ())
        yield from (one for one in written if one["createdAt"] >= made)

    def now(self) -> str:
        """The moment, as `createdAt` shows it."""
        return _moment(self.world.now())

    def _info(self, employee: Employee) -> Item:
        person = employee.person
        code, words = _ASCRIPTION[person.name_use]
        return {
            "personalInfoId": _id("info", employee.id, person.modified),
            "basicInfo": {
                "employeeNumber": self.number(employee),
                "firstName": person.nickname,
                "firstNameInFull": person.given_names,
                "prefix": person.birth_prefix or None,
                "initials": person.initials,
                "lastName": person.birth_name,
                "employeeType": employee.type,
            },
            "birthInfo": {
                "birthDate": _midnight(person.birth_date),
                "birthCountry": {"codeISO": "NL", "description": "The Netherlands"},
                "nationality": {"codeISO": "NL", "description": "Dutch"},
                "deceasedOn": None,
                "gender": _GENDER.get(person.gender, "unspecified"),
            },
            "contactInfo": {
                "privateEmail": person.private_mail,
                "businessEmail": person.work_mail,
                "businessPhone": person.work_phone,
                "businessMobilePhone": None,
                "privatePhone": None,
                "privateMobilePhone": person.mobile,
                "otherPhone": None,
            },
            "partnerInfo": {
                "partnerPrefix": person.partner_prefix or None,
                "partnerName": person.partner_name or None,
                "ascription": {"code": code, "ascription": words},
                "maritalStatus": "married" if person.partner_name else "unmarried",
            },
            "period": self.period(person.modified.date()),
            "createdAt": _moment(person.modified),
        }

    def employments(self, employee: Employee) -> Iterable[Item]:
        """The stretches of service."""
        for span in employee.spans():
            changed = max(row.modified for row in span.rows)
            ended = span.end is not None
            yield {
                "employmentId": _id("employment", employee.id, span.start),
                "creationDate": _moment(min(row.modified for row in span.rows)),
                "startDate": _midnight(span.start),
                "endDate": _midnight(span.end),
                "seniorityDate": _midnight(employee.spans()[0].start),
                "endContractReason": {
                    "code": "1" if ended else None,
                    "reason": "Einde contract" if ended else None,
                },
                "changedDate": _moment(changed),
            }

    def contracts(self, employee: Employee) -> Iterable[Item]:
        """The contracts of the main job."""
        numbered = {(row.employment, row.sequence): row for _, row in employee.main_rows()}
        for (employment, sequence), row in numbered.items():
            yield {
                "contractId": _id("contract", employee.id, employment, sequence),
                "startDate": _midnight(row.start),
                "trialPeriod": None,
                "endDate": _midnight(row.end),
                "indefinite": row.end is None,
                "writtenContract": True,
                "hoursPerWeek": row.hours,
                "createdAt": _moment(row.modified),
            }

    def schedules(self, employee: Employee) -> Iterable[Item]:
        """The hours of a week."""
        for day, row in employee.main_rows():
            yield {
                "scheduleId": _id("schedule", employee.id, day),
                "startDate": _midnight(day),
                "parttimePercentage": round(100 * row.hours / FULL_TIME_HOURS, 2),
                "hoursPerWeek": row.hours,
                "daysPerWeek": 5,
                "createdAt": _moment(row.modified),
            }

    def departments(self, employee: Employee) -> Iterable[Item]:
        """The department from a period on."""
        for day, row in employee.main_rows():
            unit = self.world.departments[row.department]
            place = list(self.world.departments).index(unit.code) + 1
            yield {
                "departmentId": _id("department", unit.code),
                "code": 1000 + place,
                "description": unit.name,
                **self._version(day, row),
            }

    def functions(self, employee: Employee) -> Iterable[Item]:
        """The function from a period on."""
        for day, row in employee.main_rows():
            yield {
                "functionId": _id("function", row.job),
                "code": int(row.job),
                "description": JOBS[row.job],
                **self._version(day, row),
            }

    def managers(self, employee: Employee) -> Iterable[Item]:
        """The manager from a period on: a thing apart, known by name and mail."""
        for day, row in employee.main_rows():
            number = self.world.manager_of(employee.person, row)
            manager = self.world.people.get(number or "")
            yield {
                "managerId": _id("manager", number) if number else None,
                "number": int(number) if number else None,
                "firstName": manager.nickname if manager else None,
                "lastName": manager.surname() if manager else None,
                "email": manager.work_mail if manager else None,
                "department": None,
                "function": None,
                **self._version(day, row),
            }

    def costcenters(self, employee: Employee) -> Iterable[Item]:
        """The shares of the costs; all of it on one centre."""
        for day, row in employee.main_rows():
            unit = self.world.departments[row.department]
            yield {
                "employeeCostCenterId": _id("cost", employee.id, day),
                "costCenters": {
                    "costCenterId": _id("centre", unit.cost_centre),
                    "code": unit.cost_centre,
                    "description": unit.name,
                },
                "costUnits": {"costUnitId": None, "code": None, "description": None},
                "percentage": 100,
                "default": True,
                **self._version(day, row),
            }

    def _version(self, day: date, row: Contract) -> Item:
        return {"period": self.period(day), "createdAt": _moment(row.modified)}

    def _type(self, person: Person, rows: Iterable[Contract]) -> str:
        today = self.world.now().date()
        ended = all((end := _end(row)) is not None and end < today for row in rows)
        match person.kind:
            case Kind.NOT_WORKING:
                return "rejectedApplicant" if int(person.number) % 2 else "applicant"
            case Kind.EXTERNAL:
                return "formerExternal" if ended else "external"
        if ended:
            return "formerPayroll"
        return "newHire" if all(_begin(row) > today for row in rows) else "payroll"


_LISTS: Mapping[str, Callable[[Employees, Employee], Iterable[Item]]] = {
    "personalinfo": Employees.info,
    "employments": Employees.employments,
    "contracts": Employees.contracts,
    "schedules": Employees.schedules,
    "departments": Employees.departments,
    "functions": Employees.functions,
    "managers": Employees.managers,
    "costcenters": Employees.costcenters,
}


def _begin(row: Contract) -> date:
    return max(row.start, row.job_start)


def _end(row: Contract) -> date | None:
    return min(filter(None, (row.end, row.job_end)), default=None)


def _id(*parts: object) -> str:
    return str(uuid.uuid5(_SPACE, "/".join(map(str, parts))))


def _midnight(day: date | None) -> str | None:
    return f"{day}T00:00:00Z" if day else None


def _moment(local: datetime) -> str:
    """Local time that looks like UTC: the specification says CET, the examples end in Z."""
    return f"{local:%Y-%m-%dT%H:%M:%S}Z"
