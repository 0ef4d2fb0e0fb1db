"""What is a GetConnector? A view of HR: columns, and the subjects that make its rows.

A column is a field id with its type and how to read it off a subject, so that metainfo, the rows
and the filters cannot disagree. Used by the rooms that define views; knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal

from sandbox.afas.wire import Row, Value
from sandbox.world import Contract, Department, Person, World

type DataType = Literal["string", "int", "decimal", "boolean", "date"]


@dataclass(frozen=True)
class Column[S]:
    """One field of a view."""

    field_id: str
    read: Callable[[S], Value]
    data_type: DataType = "string"
    label: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person in one row of a contract, with what the organisation adds to it."""

    person: Person
    contract: Contract
    department: Department
    manager_number: str | None
    manager: Person | None


@dataclass(frozen=True)
class PeopleView[S]:
    """A view whose rows belong to people; `subjects` yields those of one person, or none."""

    name: str
    description: str
    columns: tuple[Column[S], ...]
    subjects: Callable[[World, Person, date], Iterable[S]]

    def rows_of(self, world: World, person: Person, today: date) -> tuple[Row, ...]:
        """The rows of one person."""
        return tuple(_row(self.columns, s) for s in self.subjects(world, person, today))


@dataclass(frozen=True)
class OrganisationView[S]:
    """A view whose rows belong to the organisation."""

    name: str
    description: str
    columns: tuple[Column[S], ...]
    subjects: Callable[[World], Iterable[S]]

    def rows(self, world: World) -> list[Row]:
        """All rows."""
        return [_row(self.columns, subject) for subject in self.subjects(world)]


type View = PeopleView[Any] | OrganisationView[Any]


@dataclass
class Names:
    """The field ids of a view and their types, in the order of a row."""

    order: tuple[str, ...]
    types: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, view: View) -> Names:
        """Read off the columns."""
        types = {column.field_id: str(column.data_type) for column in view.columns}
        return cls(tuple(types), types)


def assignments(world: World, person: Person) -> Iterable[Assignment]:
    """All contract rows of a person."""
    for contract in person.contracts:
        number = world.manager_of(person, contract)
        manager = world.people.get(number) if number else None
        department = world.departments[contract.department]
        yield Assignment(person, contract, department, number, manager)


def midnight(day: date | None) -> datetime | None:
    """A day as AFAS keeps it: a moment without a time."""
    return None if day is None else datetime.combine(day, time())


def metainfo(view: View) -> dict[str, object]:
    """The answer of `/metainfo/get/<name>`."""
    return {
        "name": view.name,
        "description": view.description,
        "fields": [
            {
                "id": column.field_id,
                "fieldId": f"U{place:03}",
                "dataType": column.data_type,
                "label": column.label or column.field_id.replace("_", " "),
                "length": column.length,
                "controlType": 1,
                "decimals": 2 if column.data_type == "decimal" else 0,
                "decimalsFieldId": "",
            }
            for place, column in enumerate(view.columns, 1)
        ],
    }


def _row[S](columns: tuple[Column[S], ...], subject: S) -> Row:
    return tuple(column.read(subject) for column in columns)
