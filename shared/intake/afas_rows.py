"""What do the rows of AFAS say of one person? Cells become a Record, or a BadRecord that says why.

Pure; afas.py gathers the rows, afas_fields.py says what their cells mean. A BadRecord names the
view's field and never the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.intake import afas_cells
from shared.intake.afas_fields import Layout, Row
from shared.intake.source import Reading
from shared.model.name import PersonName
from shared.model.person import BadRecord, Contract, Leave, Record, Unit
from shared.policy.departments import climb

SOURCE = "afas"
_UNITS = ("job", "department", "cost_centre", "employer")

type Cells = Mapping[str, Any]
"""Our field to what stands there, of the fields that the view has."""


class _Wrong(Exception):
    """The cell of this field cannot be used."""

    def __init__(self, field_id: str, problem: str) -> None:
        super().__init__(problem)
        self.field_id = field_id
        self.problem = problem


def number_of(row: Row) -> str:
    """The employee number of any row; empty when it has none."""
    try:
        return afas_cells.number(row[0])
    except ValueError:
        return ""


def to_record(
    layout: Layout,
    row: Row,
    contracts: Layout,
    rows: Sequence[Row],
    above: Mapping[str, str] | None = None,
) -> Reading:
    """One person's row and the rows of the contracts as a Record, or what is wrong with them.

    `above` is the department tree, by code.
    """
    try:
        person = _cells(layout, row)
        made = _contracts(person["number"], contracts, rows)
        return _record(person, [_placed(contract, above or {}) for contract in made])
    except _Wrong as wrong:
        return BadRecord(
            source=SOURCE,
            number=number_of(row) or None,
            field=wrong.field_id,
            problem=wrong.problem,
        )


def _cells(layout: Layout, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for (field, field_id), value in zip(layout.columns, row, strict=True):
        try:
            found[field.ours] = field.read(value)
        except ValueError as error:
            raise _Wrong(field_id, str(error)) from None
    return found


def _record(person: Cells, contracts: Sequence[Contract]) -> Record:
    return Record(
        source=SOURCE,
        name=PersonName(**_of("name", person)),
        contracts=tuple(sorted(contracts, key=lambda one: (one.start, one.key))),
        **{ours: value for ours, value in person.items() if "." not in ours},
    )


def _placed(contract: Contract, above: Mapping[str, str]) -> Contract:
    """The contract with all that its department is part of."""
    if not above or contract.department is None:
        return contract
    _, *up = climb(contract.department.code, above)
    department = contract.department.model_copy(update={"above": tuple(up)})
    return contract.model_copy(update={"department": department})


def _contracts(number: str, layout: Layout, rows: Sequence[Row]) -> list[Contract]:
    """The assignments of the rows; rows that say the same are one."""
    made: dict[str, Contract] = {}
    for row in _once(rows):
        cells = _cells(layout, row)
        contract = _assignment(number, cells)
        if contract is None:
            continue
        if twin := _twin(contract, made.get(contract.key)):
            made[twin.key] = twin.model_copy(update={"leaves": (*twin.leaves, *contract.leaves)})
            continue
        if contract.key in made and cells.get("contract.key"):
            key = next(id_ for field, id_ in layout.columns if field.ours == "contract.key")
            raise _Wrong(key, "two contracts have the same key")
        key = _free(contract.key, made)
        made[key] = contract if key == contract.key else contract.model_copy(update={"key": key})
    return list(made.values())


def _twin(contract: Contract, made: Contract | None) -> Contract | None:
    """The same contract in an earlier row, when only the leave is another one."""
    if made is None or not (made.leaves and contract.leaves):
        return None
    alike = made.model_copy(update={"leaves": ()}) == contract.model_copy(update={"leaves": ()})
    return made if alike else None


def _leave(cells: Cells) -> tuple[Leave, ...]:
    """The leave in this row; one without a first day is none."""
    start = cells.get("leave.start")
    return (Leave(**_of("leave", {"leave.kind": "", **cells})),) if start else ()


def _once(rows: Sequence[Row]) -> Sequence[Row]:
    return rows if len(rows) == 1 else [row for n, row in enumerate(rows) if row not in rows[:n]]


def _free(key: str, taken: Mapping[str, Contract]) -> str:
    """The key, numbered when two contracts of a view without keys begin alike."""
    if key not in taken:
        return key
    return next(f"{key}_{n}" for n in range(2, len(taken) + 3) if f"{key}_{n}" not in taken)


def _assignment(number: str, cells: Cells) -> Contract | None:
    """The row as an assignment; a job that lies outside its contract never was one.

    A contract whose own dates are reversed was withdrawn or is wrong: admission tells which.
    """
    start, end = cells["contract.start"], cells.get("contract.end")
    if end is None or start <= end:
        start = max(filter(None, (start, cells.get("job.start"))))
        end = min(filter(None, (end, cells.get("job.end"))), default=None)
        if end is not None and end < start:
            return None
    told = _of("contract", cells)
    employment = told.pop("employment", "")
    made = (number, employment, f"{start:%Y%m%d}")
    key = told.pop("key", "") or "_".join(filter(None, made))
    units = {one: _unit(_of(one, cells)) for one in _UNITS}
    manager = cells.get("manager.number")
    return Contract(
        **{
            **told,
            **units,
            "key": key,
            "start": start,
            "end": end,
            "manager": manager,
            "leaves": _leave(cells),
        }
    )


def _unit(cells: Cells) -> Unit | None:
    """The coded thing; a view that has only its name gives that for a code."""
    name = cells.get("name", "")
    code = cells.get("code", name)
    return Unit(code=code, name=name) if code else None


def _of(noun: str, cells: Cells) -> dict[str, Any]:
    """The attributes of this noun."""
    begin = f"{noun}."
    return {
        ours.removeprefix(begin): value for ours, value in cells.items() if ours.startswith(begin)
    }
