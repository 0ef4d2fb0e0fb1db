"""What does an HR export say? Bytes of a file become Records; a bad row is a BadRecord.

Pure; csv_files.py picks the file, csv_table.py finds its rows. A row is one contract, rows of one
number are one person. What is wrong is told by file, line and column, never by the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from shared.errors import Permanent
from shared.intake import csv_table
from shared.intake.csv_cells import Cells, Wrong
from shared.intake.csv_table import Row, Table
from shared.intake.source import Reading
from shared.model.name import NameUsage, PersonName
from shared.model.person import BadRecord, Contract, Leave, Record
from shared.policy.sources import CsvLayout

SOURCE = "csv"
_PERSONAL = (
    "human_key",
    "name.initials",
    "name.given",
    "name.nickname",
    "name.birth_prefix",
    "name.birth",
    "name.partner_prefix",
    "name.partner",
    "name.usage",
    "birth_date",
    "died_on",
    "phone",
    "mobile",
)
"""What every row of a person must say alike."""


def read(
    data: bytes, layout: CsvLayout, *, file: str, only: str | None = None
) -> Iterator[Reading]:
    """Everybody in the file, or `only` this number, in the order of the file.

    Raises Permanent, before anybody, when the file as a whole cannot be read: no headings, a
    column that the layout names is missing, not one row that is sound.
    """
    table = csv_table.table(data, layout, file=file)
    if not table.shapes and (table.people or table.loose):
        raise Permanent(_first_problem(table, layout, file), mender="hr")
    return _readings(table, layout, file, only)


def _readings(table: Table, layout: CsvLayout, file: str, only: str | None) -> Iterator[Reading]:
    for number, rows in table.people.items():
        if only is None or number == only:
            reading = _person(number, rows, layout, file)
            believed = isinstance(reading, Record) or csv_table.shape(number) in table.shapes
            yield reading if believed else reading.model_copy(update={"number": None})
    if only is None:
        for row in table.loose:
            yield _bad(None, Wrong("number", row.line, row.problem or "is empty"), layout, file)


def _person(number: str, rows: Sequence[Row], layout: CsvLayout, file: str) -> Reading:
    try:
        cells = [_sound(row, layout) for row in _once(rows)]
        _agree(cells)
        return _record(number, cells)
    except Wrong as wrong:
        return _bad(number, wrong, layout, file)


def _once(rows: Sequence[Row]) -> list[Row]:
    """Rows that say the same are one."""
    return list({(row.values, row.problem): row for row in reversed(rows)}.values())[::-1]


def _sound(row: Row, layout: CsvLayout) -> Cells:
    if row.problem:
        raise Wrong("number", row.line, f"the row {row.problem}")
    return Cells(layout, dict(zip(layout.columns, row.values, strict=True)), row.line)


def _agree(rows: Sequence[Cells]) -> None:
    first, *others = rows
    for other in others:
        for field in _PERSONAL:
            if first.text(field) != other.text(field):
                raise Wrong(field, other.line, f"differs from line {first.line}, the same number")


def _record(number: str, rows: Sequence[Cells]) -> Record:
    one = rows[0]
    return Record(
        source=SOURCE,
        number=one.checked_number(),
        human_key=one.text("human_key") or None,
        name=PersonName(
            initials=one.text("name.initials"),
            given=one.text("name.given"),
            nickname=one.text("name.nickname"),
            birth_prefix=one.text("name.birth_prefix"),
            birth=one.needed("name.birth"),
            partner_prefix=one.text("name.partner_prefix"),
            partner=one.text("name.partner"),
            usage=one.layout.name_usage.get(one.text("name.usage"), NameUsage.BIRTH),
        ),
        birth_date=one.maybe_day("birth_date"),
        died_on=one.maybe_day("died_on"),
        contracts=_contracts(number, rows),
        phone=one.text("phone") or None,
        mobile=one.text("mobile") or None,
    )


def _contracts(number: str, rows: Sequence[Cells]) -> tuple[Contract, ...]:
    made: dict[str, Contract] = {}
    for row in rows:
        start = row.day("contract.start")
        key = f"{row.text('contract.key') or number}_{start:%Y%m%d}"
        contract = _contract(key, start, row.maybe_day("contract.end"), row)
        if twin := _twin(contract, made.values()):
            made[twin.key] = twin.model_copy(update={"leaves": (*twin.leaves, *contract.leaves)})
            continue
        if row.text("contract.key") and key in made:
            raise Wrong("contract.key", row.line, "is that of another row with the same start")
        key = _free(key, made)
        made[key] = contract.model_copy(update={"key": key})
    return tuple(sorted(made.values(), key=lambda one: (one.start, one.key)))


def _twin(contract: Contract, made: Iterable[Contract]) -> Contract | None:
    """The same contract in an earlier row: only the leave is another one."""
    if not contract.leaves:
        return None
    apart = {"key", "leaves"}
    said = contract.model_dump(exclude=apart)
    alike = (one for one in made if one.leaves and one.model_dump(exclude=apart) == said)
    return next(alike, None)


def _free(key: str, taken: Mapping[str, Contract]) -> str:
    """The key, numbered when two contracts begin on one day and the file has no keys."""
    if key not in taken:
        return key
    return next(f"{key}_{n}" for n in range(2, len(taken) + 3) if f"{key}_{n}" not in taken)


def _contract(key: str, start: date, end: date | None, row: Cells) -> Contract:
    return Contract(
        key=key,
        start=start,
        end=end,
        sequence=row.whole("contract.sequence"),
        hours=row.amount("contract.hours", most=168),
        fte=row.amount("contract.fte", most=10),
        kind=row.text("contract.kind"),
        job=row.unit("job"),
        department=row.unit("department"),
        cost_centre=row.unit("cost_centre"),
        employer=row.unit("employer"),
        manager=row.text("manager.number") or None,
        sponsor=row.text("contract.sponsor") or None,
        leaves=_leave(row),
    )


def _leave(row: Cells) -> tuple[Leave, ...]:
    """The leave in this row; one without a first day is none."""
    if not row.text("leave.start"):
        return ()
    start, end = row.day("leave.start"), row.maybe_day("leave.end")
    return (Leave(kind=row.text("leave.kind"), start=start, end=end),)


def _bad(number: str | None, wrong: Wrong, layout: CsvLayout, file: str) -> BadRecord:
    column = layout.columns[wrong.field]
    problem = f"{file}, line {wrong.line}: {wrong.problem}"
    return BadRecord(source=SOURCE, number=number, field=column, problem=problem)


def _first_problem(table: Table, layout: CsvLayout, file: str) -> str:
    """Why not one row is sound, by the first that is not."""
    readings = _readings(table, layout, file, None)
    first = next((one for one in readings if isinstance(one, BadRecord)), None)
    told = f"column {first.field}: {first.problem}" if first else "no row is sound"
    return f"{file}: not one row can be read, so nothing was changed; the first: {told}"
