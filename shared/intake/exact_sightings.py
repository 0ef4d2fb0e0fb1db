"""Are an employee's rows in Exact Online as they were? Only those that changed are looked into.

Called by exact.py, which fetches; exact_rows.py makes Records. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from operator import itemgetter
from typing import Any

from shared.intake import exact_assignments, exact_rows, marks
from shared.intake.exact_rows import EMPLOYEE, TABLES, Administration, Payroll
from shared.intake.source import Sighting, Unread
from shared.model import person
from shared.vendors.exact import wire
from shared.vendors.exact.client import Row

type Cells = tuple[Any, ...]


def sighting(key: str, payroll: Payroll, division: Administration) -> Sighting:
    """The employee with this id."""
    employee = payroll.employees[key]
    read = partial(exact_rows.to_record, key, payroll, division)
    number = exact_rows.number_of(employee, division)
    if number is None:
        return read()
    said = (
        (division.code, division.name),
        exact_rows.manager_of(employee.get("Manager"), payroll, division),
        _cells(employee, EMPLOYEE),
        *(
            [_cells(row, fields) for row in payroll.of(table, key)]
            for table, fields in TABLES.items()
        ),
    )
    return Unread(number, marks.mark(_key(), [marks.packed(said)]), read)


def _cells(row: Row, fields: Sequence[str]) -> Cells:
    """What is read of a row. Its version is not: that begins anew when a division moves."""
    try:
        return _picker(fields)(row)
    except KeyError:
        return tuple(map(row.get, fields))


@cache
def _picker(fields: Sequence[str]) -> Callable[[Mapping[str, Any]], Cells]:
    return itemgetter(*fields)


@cache
def _key() -> bytes:
    return marks.key_of(exact_assignments, exact_rows, wire, person)
