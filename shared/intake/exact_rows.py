"""What does Exact Online say of an employee? Rows of five payroll tables become one Record.

Pure; exact.py fetches. Fields as in Exact's reference pages of payroll/Employees, Employments,
EmploymentContracts, EmploymentOrganizations and EmploymentSalaries; pay and the citizen service
number are never asked for. NameComposition is not documented, so the surname in use is read from
FullName, which shows it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from shared.intake.exact_assignments import Employed, Place, Stretch, Work, assignments
from shared.intake.source import Reading
from shared.model.name import NameUsage, PersonName
from shared.model.person import BadRecord, Contract, Record, Unit
from shared.vendors.exact.client import Row
from shared.vendors.exact.wire import day_of

SOURCE = "exact"
_KINDS = {1: "employee", 2: "contractor", 3: "temporary", 4: "student", 5: "flexworker"}
_ORDER = (
    NameUsage.PARTNER_BIRTH,
    NameUsage.BIRTH_PARTNER,
    NameUsage.PARTNER,
    NameUsage.BIRTH,
)
"""Longest first: a double name ends on a single one."""


def _as_text(value: Any) -> Any:
    return "" if value is None else str(value).strip()


def _needed_day(value: Any) -> date:
    found = day_of(value)
    if found is None:
        raise ValueError("is empty")
    return found


type Text = Annotated[str, BeforeValidator(_as_text)]
type Day = Annotated[date, BeforeValidator(_needed_day)]
type MaybeDay = Annotated[date | None, BeforeValidator(day_of)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Employee(_Wire):
    ID: Annotated[Text, Field(min_length=1)]
    Code: Text = ""
    EmployeeHID: Text = ""
    Initials: Text = ""
    FirstName: Text = ""
    NickName: Text = ""
    MiddleName: Text = ""
    LastName: Text = ""
    FullName: Text = ""
    BirthName: Text = ""
    BirthNamePrefix: Text = ""
    PartnerName: Text = ""
    PartnerNamePrefix: Text = ""
    BirthDate: MaybeDay = None
    BusinessPhone: Text = ""
    BusinessMobile: Text = ""
    Manager: Text = ""

    @model_validator(mode="after")
    def _has_a_surname(self) -> Self:
        if not (self.BirthName or self.LastName):
            raise ValueError("BirthName and LastName are empty")
        return self


class _Employment(_Wire):
    ID: Text
    EmploymentNumber: Text = ""
    StartDate: Day
    EndDate: MaybeDay = None


class _Contract(_Wire):
    Employment: Text
    Sequence: int | None = None
    StartDate: Day
    EndDate: MaybeDay = None
    EmployeeType: int | None = None


class _Organization(_Wire):
    Employment: Text
    DepartmentCode: Text = ""
    DepartmentDescription: Text = ""
    JobTitleCode: Text = ""
    JobTitleDescription: Text = ""
    CostCenter: Text = ""
    CostCenterDescription: Text = ""
    StartDate: Day
    EndDate: MaybeDay = None


class _Salary(_Wire):
    Employment: Text
    AverageHoursPerWeek: Annotated[float | None, Field(ge=0, le=168)] = None
    ParttimeFactor: Annotated[float | None, Field(ge=0, le=10)] = None
    StartDate: Day
    EndDate: MaybeDay = None


EMPLOYEE = (*_Employee.model_fields, "IsAnonymised")
TABLES: Mapping[str, tuple[str, ...]] = {
    "Employments": ("Employee", *_Employment.model_fields),
    "EmploymentContracts": ("ID", "Employee", *_Contract.model_fields),
    "EmploymentOrganizations": ("ID", "Employee", *_Organization.model_fields),
    "EmploymentSalaries": ("ID", "Employee", *_Salary.model_fields),
}
"""The tables beside Employees, and what is read of each."""


@dataclass(frozen=True)
class Administration:
    """A division as it feeds the flow; numbers of its people begin with `prefix`."""

    code: int
    prefix: str = ""
    name: str = ""

    @property
    def employer(self) -> Unit:
        """The legal entity, which a division stands for."""
        return Unit(code=str(self.code), name=self.name)


@dataclass
class Payroll:
    """What was read of a division: employees by id, and the rows of each by table."""

    employees: dict[str, Row] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[str, Row]]] = field(
        default_factory=lambda: {table: defaultdict(dict) for table in TABLES}
    )
    managers: dict[str, Row] = field(default_factory=dict)
    """Managers who are not among the employees that were read."""

    def of(self, table: str, key: str) -> list[Row]:
        """This employee's rows, in one order whichever way they were asked for."""
        rows = self.rows[table].get(key, {})
        return [rows[id_] for id_ in sorted(rows)]

    def add(self, table: str, row: Row) -> None:
        """A row of another table; one that came before under the same id is older."""
        self.rows[table][str(row.get("Employee"))][str(row.get("ID"))] = row

    @property
    def employments(self) -> int:
        """How many employments there are."""
        return sum(map(len, self.rows["Employments"].values()))


def is_anonymised(row: Row) -> bool:
    """Were the names scrubbed? Such a row says nothing about anybody any more."""
    return str(row.get("IsAnonymised") or 0) not in ("0", "False")


def number_of(row: Row, division: Administration) -> str | None:
    """The employee number: Code as text, for letters and leading zeros do not survive in HID."""
    code = _as_text(row.get("Code")) or _as_text(row.get("EmployeeHID"))
    return f"{division.prefix}{code}" if code else None


def to_record(key: str, payroll: Payroll, division: Administration) -> Reading:
    """One employee's rows as a Record; BadRecord names the first field that cannot be read."""
    employee = payroll.employees[key]
    number = number_of(employee, division)
    table = "Employees"
    if number is None:
        return BadRecord(source=SOURCE, number=None, field=f"{table}.Code", problem="is empty")
    try:
        who = _Employee.model_validate(employee)
        read: dict[str, list[Any]] = {}
        for table, model in _MODELS.items():
            read[table] = [model.model_validate(row) for row in payroll.of(table, key)]
        manager = manager_of(who.Manager, payroll, division)
        return _record(number, who, _contracts(number, read, manager, division))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problem = str(first.get("ctx", {}).get("error", first["msg"]))
        where = ".".join([table, *map(str, first["loc"])])
        return BadRecord(source=SOURCE, number=number, field=where, problem=problem)


_MODELS: Mapping[str, type[_Wire]] = {
    "Employments": _Employment,
    "EmploymentContracts": _Contract,
    "EmploymentOrganizations": _Organization,
    "EmploymentSalaries": _Salary,
}


def _record(number: str, who: _Employee, contracts: Sequence[Contract]) -> Record:
    has_birth_name = bool(who.BirthName)
    name = PersonName(
        initials=who.Initials,
        given=who.FirstName,
        nickname=who.NickName,
        birth_prefix=who.BirthNamePrefix if has_birth_name else who.MiddleName,
        birth=who.BirthName or who.LastName,
        partner_prefix=who.PartnerNamePrefix,
        partner=who.PartnerName,
    )
    return Record(
        source=SOURCE,
        number=number,
        name=name.model_copy(update={"usage": usage(name, who.FullName)}),
        birth_date=who.BirthDate,
        contracts=tuple(contracts),
        phone=who.BusinessPhone or None,
        mobile=who.BusinessMobile or None,
    )


def usage(name: PersonName, full_name: str) -> NameUsage:
    """The surname in use, as the end of the full name shows it; the birth name when in doubt."""
    if name.partner:
        shown = _plain(full_name)
        for one in _ORDER:
            if shown.endswith(_plain(name.model_copy(update={"usage": one}).surname)):
                return one
    return NameUsage.BIRTH


def _plain(text: str) -> str:
    return re.sub(r"\s*[-\u2010-\u2013]\s*", "-", " ".join(text.casefold().split()))


def manager_of(guid: object, payroll: Payroll, division: Administration) -> str | None:
    """The manager's number; a guid that this division does not know is nobody."""
    key = _as_text(guid)
    row = payroll.employees.get(key) or payroll.managers.get(key)
    return number_of(row, division) if row else None


def _contracts(
    number: str,
    read: Mapping[str, Sequence[Any]],
    manager: str | None,
    division: Administration,
) -> list[Contract]:
    employed = [
        Employed(
            employment=row.EmploymentNumber or row.ID,
            stretch=Stretch(row.StartDate, row.EndDate),
            contracts=[_stretch(c) for c in read["EmploymentContracts"] if c.Employment == row.ID],
            places=[_place(p) for p in read["EmploymentOrganizations"] if p.Employment == row.ID],
            hours=[_work(s) for s in read["EmploymentSalaries"] if s.Employment == row.ID],
        )
        for row in read["Employments"]
    ]
    made = assignments(number, employed)
    employer = division.employer
    made = [one.model_copy(update={"manager": manager, "employer": employer}) for one in made]
    return sorted(made, key=lambda one: (one.start, one.key))


def _stretch(row: _Contract) -> Stretch:
    kind = "" if row.EmployeeType is None else _KINDS.get(row.EmployeeType, str(row.EmployeeType))
    return Stretch(row.StartDate, row.EndDate, sequence=row.Sequence or 0, kind=kind)


def _place(row: _Organization) -> Place:
    return Place(
        row.StartDate,
        row.EndDate,
        department=_unit(row.DepartmentCode, row.DepartmentDescription),
        job=_unit(row.JobTitleCode, row.JobTitleDescription),
        cost_centre=_unit(row.CostCenter, row.CostCenterDescription),
    )


def _work(row: _Salary) -> Work:
    return Work(
        row.StartDate,
        row.EndDate,
        hours=row.AverageHoursPerWeek or 0.0,
        fte=row.ParttimeFactor or 0.0,
    )


def _unit(code: str, name: str) -> Unit | None:
    return Unit(code=code, name=name) if code else None
