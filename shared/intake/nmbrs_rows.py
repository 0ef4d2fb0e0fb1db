"""What are the parts of Nmbrs' answers that intake reads? The lists, and the shape of their items.

Field names: Nmbrs REST API specification; where its examples differ from its schemas, both are
read. The BSN list is never asked for, and no private address or number is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from pydantic import AliasChoices as Either
from pydantic import AliasPath, Field, ValidationError

from shared.intake import marks
from shared.intake.nmbrs_versions import Day, MaybeDay, Text, Version, Wire
from shared.vendors.nmbrs import Company, Row

type Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)] | None

SOURCE = "nmbrs"
FORMER = ("formerPayroll", "formerExternal")
KINDS = {
    "newHire": "payroll",
    "payroll": "payroll",
    "formerPayroll": "payroll",
    "external": "external",
    "formerExternal": "external",
}
"""Who is asked for: all but applicants. Past and coming are told by dates: the kind stays."""
APPLICANTS = ("applicant", "rejectedApplicant")
_TYPES = {type_.casefold(): type_ for type_ in (*KINDS, *APPLICANTS)}
LISTS = {
    "personalinfo": "info",
    "employments": "employments",
    "contracts": "contracts",
    "schedules": "schedules",
    "departments": "departments",
    "functions": "functions",
    "managers": "managers",
    "costcenters": "employeeCostCenters",
}
"""The lists that are read, and the key under which each row holds its items."""


class Problem(Exception):
    """This employee cannot be read: which field, and what is wrong with it."""

    def __init__(self, field_name: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field_name
        self.problem = problem


@dataclass
class Employee:
    """All that was read of one employee."""

    id: str
    company: Company
    number: str
    """The employee number in the company; not unique there by the specification."""
    type: str
    items: dict[str, list[bytes]] = field(default_factory=dict)
    """List to items as they came, packed: those of everybody are held at once."""

    def add(self, kind: str, items: object) -> None:
        """What one row of a list holds; what is no list is refused when it is looked into."""
        found = items if isinstance(items, list) else [{}] if items else []
        self.items.setdefault(kind, []).extend(map(marks.packed, found))

    @property
    def key(self) -> str | None:
        """The number by which Instroom and its operators know the employee."""
        return f"{self.company.number}-{self.number}" if self.number else None


@dataclass(frozen=True)
class Calendar:
    """A company's payroll calendar."""

    kind: str
    current: date
    """The first day of the current period."""


class Basic(Wire):
    """The row of the employee list, whether the particulars are nested or not."""

    id: Annotated[Text, Field(min_length=1, validation_alias="employeeId")]
    number: Text = Field(default="", validation_alias=AliasPath("info", "employeeNumber"))
    type: Text = Field(default="", validation_alias=AliasPath("info", "employeeType"))

    @classmethod
    def of(cls, row: Row) -> Basic:
        """Read a row. Raises ValidationError."""
        info = row.get("employeeBasicInfo")
        inner = info.get("basicInfo", info) if isinstance(info, Mapping) else {}
        return cls.model_validate({"employeeId": row.get("employeeId"), "info": inner})


class Names(Wire):
    """`basicInfo`."""

    employee_number: Text = ""
    initials: Text = ""
    first_name: Text = ""
    first_name_in_full: Text = ""
    prefix: Text = ""
    last_name: Annotated[Text, Field(min_length=1)]


class Ascription(Wire):
    """Which surname is used, as a code and in words."""

    code: int | None = None
    ascription: Text = ""


class Partner(Wire):
    """`partnerInfo`."""

    partner_prefix: Text = ""
    partner_name: Text = ""
    ascription: Ascription | None = None


class Birth(Wire):
    """`birthInfo`."""

    birth_date: MaybeDay = None
    deceased_on: MaybeDay = None


class Contact(Wire):
    """`contactInfo`, without what is private."""

    business_email: Text = ""
    business_phone: Text = ""
    business_mobile_phone: Text = ""


class Info(Version):
    """A version of the personal information."""

    basic_info: Names
    birth_info: Birth | None = None
    contact_info: Contact | None = None
    partner_info: Partner | None = None


class Employment(Wire):
    """When somebody was, is or will be in service."""

    employment_id: Annotated[Text, Field(min_length=1)]
    start_date: Day
    end_date: MaybeDay = None
    changed_date: Text = ""


class ContractRow(Version):
    """A version of a contract; one id occurs several times."""

    contract_id: Annotated[Text, Field(min_length=1)]
    start_date: Day
    end_date: MaybeDay = None
    indefinite: bool | None = None
    hours_per_week: Amount = None


class Schedule(Version):
    """The hours of a week, from a day on."""

    start_date: Day
    parttime_percentage: Amount = None
    hours_per_week: Amount = None


class Coded(Version):
    """A department or a function."""

    code: Text = ""
    description: Text = ""


class Manager(Version):
    """A manager as Nmbrs knows them: a thing apart, and not always an employee."""

    manager_id: Text = ""
    number: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    email: Text = ""


class Costs(Version):
    """A share of the costs; the share and the centre."""

    code: Text = Field(default="", validation_alias=Either(AliasPath("costCenters", "code"), "_"))
    description: Text = Field(
        default="", validation_alias=Either(AliasPath("costCenters", "description"), "_")
    )
    percentage: Amount = None
    default: bool | None = None


def type_of(said: str) -> str:
    """The employee type as the specification writes it; one it does not know as it came."""
    return _TYPES.get(said.casefold(), said)


def since(version: Version, calendar: Calendar) -> date:
    """The first day that a version counts. Raises Problem."""
    try:
        return version.since(calendar.kind)
    except ValueError:
        raise Problem("period", "is none of the company's payroll calendar") from None


def rows_of(employee: Employee, kind: str) -> Iterator[Any]:
    """The items of one list, as they came."""
    return map(marks.unpacked, employee.items.get(kind, ()))


def items_of[M: Wire](employee: Employee, kind: str, model: type[M]) -> list[M]:
    """The items of one list. Raises Problem for the first that cannot be read."""
    try:
        return list(map(model.model_validate, rows_of(employee, kind)))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        name = "personalInfo" if kind == "personalinfo" else kind
        raise Problem(f"{name}.{place}".rstrip("."), first["msg"]) from None
