"""What does an HR export say? Bytes of a file become Records; a bad row is a BadRecord.

Pure; csv_files.py picks the file. A row is one contract, rows of one number are one person. What
is wrong is told by file, line and column, never by the value. A row that is broken in itself (a
stray quote, a cell too many) takes no other row with it.
"""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.errors import Permanent
from shared.intake.csv_cells import Cells, Wrong
from shared.intake.source import Reading
from shared.model.person import BadRecord, Contract, NameUsage, PersonName, Record
from shared.policy.sources import CsvLayout

SOURCE = "csv"
MAX_LINES = 20  # a cell with more line breaks than that is a quote that was never closed
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
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
    "phone",
    "mobile",
)
"""What every row of a person must say alike."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells that have a meaning, in the order of the layout's columns."""

    line: int
    values: tuple[str, ...]
    problem: str | None = None
    """What is wrong with the row as such; then the values may have slipped."""


@dataclass(frozen=True)
class _Table:
    """The rows of a file, by number and in the order of the file."""

    people: Mapping[str, Sequence[_Row]]
    loose: Sequence[_Row]
    """Rows of whom nobody can say whose they are."""
    shapes: frozenset[str]
    """What numbers look like here, from the rows that are sound."""


def read(
    data: bytes, layout: CsvLayout, *, file: str, only: str | None = None
) -> Iterator[Reading]:
    """Everybody in the file, or `only` this number, in the order of the file.

    Raises Permanent, before anybody, when the file as a whole cannot be read: no headings, a
    column that the layout names is missing, not one row that is sound.
    """
    table = _table(data, layout, file)
    if not table.shapes and (table.people or table.loose):
        raise Permanent(_first_problem(table, layout, file), mender="hr")
    return _readings(table, layout, file, only)


def check_headings(data: bytes, layout: CsvLayout, *, file: str) -> None:
    """See that the file has every column that the layout names. Raises Permanent."""
    _heading(_lines(data, layout), layout, file)


def _readings(table: _Table, layout: CsvLayout, file: str, only: str | None) -> Iterator[Reading]:
    for number, rows in table.people.items():
        if only is None or number == only:
            reading = _person(number, rows, layout, file)
            believed = isinstance(reading, Record) or shape(number) in table.shapes
            yield reading if believed else reading.model_copy(update={"number": None})
    if only is None:
        for row in table.loose:
            yield _bad(None, Wrong("number", row.line, row.problem or "is empty"), layout, file)


def shape(number: str) -> str:
    """What a number looks like: `E1042` is `a9`. A total line or a name looks otherwise."""
    letters = re.sub(r"[^\W\d_]+", "a", number)
    return re.sub(r"\d+", "9", letters)


# --- lines to rows ---


def _table(data: bytes, layout: CsvLayout, file: str) -> _Table:
    lines = _lines(data, layout)
    places, below = _heading(lines, layout, file)
    width = 1 + max(places)
    known: dict[str, str] = {}  # a text once for the whole file: departments repeat
    fields = list(layout.columns)
    people: dict[str, list[_Row]] = defaultdict(list)
    odd: list[_Row] = []
    shapes: set[str] = set()
    for line, cells, problem in _rows(lines, below.start, below.width, layout.delimiter):
        padded = cells + [""] * (width - len(cells))
        picked = tuple(known.setdefault(cell, cell) for cell in (padded[at] for at in places))
        row = _Row(line, picked, problem)
        at = Cells(layout, dict(zip(fields, picked, strict=True)), line)
        if problem or not at.number():
            odd.append(row)
            continue
        people[at.number()].append(row)
        if at.is_sound():
            shapes.add(shape(at.number()))
    return _assigned(people, odd, frozenset(shapes), fields.index("number"))


def _assigned(
    people: dict[str, list[_Row]], odd: Sequence[_Row], shapes: frozenset[str], at: int
) -> _Table:
    """A broken row parks the person whose number it plainly shows; the others are loose."""
    loose: list[_Row] = []
    for row in odd:
        number = row.values[at].strip()
        if number and shape(number) in shapes:
            people.setdefault(number, []).append(row)
        else:
            loose.append(row)
    return _Table(people, loose, shapes)


@dataclass(frozen=True)
class _Below:
    """Where the rows begin, and how many cells each has."""

    start: int
    width: int


def _lines(data: bytes, layout: CsvLayout) -> list[str]:
    text = _text(data, layout.encoding).rstrip("\x1a\x00\r\n")  # old programs end on Ctrl-Z
    # Not splitlines: it also breaks at signs that stand in names, such as U+0085.
    return re.split(r"\r\n|\n|\r", text)


def _text(data: bytes, encoding: str) -> str:
    """The text; a byte that is none becomes a lone surrogate, which its cell is refused for."""
    for mark, marked in _MARKS:
        if data.startswith(mark):
            return data.decode(marked, errors="surrogateescape" if "8" in marked else "replace")
    if encoding == "utf-16":
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8")  # no other encoding makes valid UTF-8 by chance
    except UnicodeDecodeError:
        return data.decode(encoding, errors="surrogateescape")


def _heading(lines: Sequence[str], layout: CsvLayout, file: str) -> tuple[list[int], _Below]:
    """The place of each mapped column, and where the rows begin."""
    at = layout.skip_lines
    while at < len(lines) and (not lines[at].strip() or re.fullmatch(r"sep=.", lines[at])):
        at += 1
    if at >= len(lines):
        raise Permanent(f"{file} is empty: it has no headings", mender="hr")
    cells, taken = _headings(lines, at, layout.delimiter)
    if not cells:
        raise Permanent(f"{file}, line {at + 1}: the headings cannot be read", mender="hr")
    names = [_plain(cell) for cell in cells]
    wanted = {column: _plain(column) for column in layout.columns.values()}
    for column, name in wanted.items():
        if names.count(name) != 1:
            raise Permanent(_column_problem(column, name, names, layout, file), mender="hr")
    places = [names.index(wanted[column]) for column in layout.columns.values()]
    return places, _Below(at + taken, len(cells))


def _headings(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str], int]:
    """The headings, without blank ones at the end; a quoted one may hold a line break."""
    for taken in range(1, MAX_LINES + 1):
        cells = _cells("\n".join(lines[at : at + taken]), delimiter)
        if cells is not None:
            while cells and not cells[-1].strip():
                cells.pop()
            return cells, taken
    return [], 0


def _column_problem(
    column: str, name: str, names: Sequence[str], layout: CsvLayout, file: str
) -> str:
    if name in names:
        return f"{file} has several columns '{column}': rename all but one in the export"
    if len(names) == 1:
        return (
            f"{file} has no column '{column}': its headings hold no '{layout.delimiter}', so "
            "sources.csv.delimiter in the policy may be wrong"
        )
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"; the nearest is '{near[0]}'" if near else ""
    return f"{file} has no column '{column}'{hint}: mend the export, or sources.csv.columns"


def _rows(
    lines: Sequence[str], start: int, width: int, delimiter: str
) -> Iterator[tuple[int, list[str], str | None]]:
    """Line number from 1, cells, and what is wrong with the row; blank rows are left out."""
    at = start
    while at < len(lines):
        line, taken = at + 1, 1
        cells = _cells(lines[at], delimiter)
        if cells is None or len(cells) < width:
            cells, taken = _over_lines(lines, at, width, delimiter) or (cells, 1)
        at += taken
        problem = None
        if cells is None:
            cells = lines[line - 1].split(delimiter)
            problem = "has a quote that is not closed, or text behind a closing quote"
        elif not _fits(cells, width):
            problem = f"has {len(cells)} cells where the headings have {width}"
        if any(cell.strip() for cell in cells):
            yield line, cells, problem


def _over_lines(
    lines: Sequence[str], at: int, width: int, delimiter: str
) -> tuple[list[str], int] | None:
    """The row, if a quoted cell with line breaks in it makes it a good one."""
    if '"' not in lines[at]:
        return None
    for taken in range(2, min(MAX_LINES, len(lines) - at) + 1):
        cells = _cells("\n".join(lines[at : at + taken]), delimiter)
        if cells is not None:
            return (cells, taken) if _fits(cells, width) else None
    return None


def _fits(cells: Sequence[str], width: int) -> bool:
    return len(cells) >= width and not any(cell.strip() for cell in cells[width:])


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one row; None when it does not end as it should."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _plain(heading: str) -> str:
    """A heading as it is compared: without case, and every space alike."""
    return " ".join(unicodedata.normalize("NFC", heading).split()).casefold()


# --- rows to a person ---


def _person(number: str, rows: Sequence[_Row], layout: CsvLayout, file: str) -> Reading:
    try:
        cells = [_sound(row, layout) for row in _once(rows)]
        _agree(cells)
        return _record(number, cells)
    except Wrong as wrong:
        return _bad(number, wrong, layout, file)


def _once(rows: Sequence[_Row]) -> list[_Row]:
    """Rows that say the same are one."""
    return list({(row.values, row.problem): row for row in reversed(rows)}.values())[::-1]


def _sound(row: _Row, layout: CsvLayout) -> Cells:
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
        contracts=_contracts(number, rows),
        phone=one.text("phone") or None,
        mobile=one.text("mobile") or None,
    )


def _contracts(number: str, rows: Sequence[Cells]) -> tuple[Contract, ...]:
    made: dict[str, Contract] = {}
    for row in rows:
        start, end = row.day("contract.start"), row.maybe_day("contract.end")
        if end is not None and end < start:
            continue  # taken back before it began
        key = f"{row.text('contract.key') or number}_{start:%Y%m%d}"
        if row.text("contract.key") and key in made:
            raise Wrong("contract.key", row.line, "is that of another row with the same start")
        key = _free(key, made)
        made[key] = _contract(key, start, end, row)
    return tuple(sorted(made.values(), key=lambda one: (one.start, one.key)))


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
    )


def _bad(number: str | None, wrong: Wrong, layout: CsvLayout, file: str) -> BadRecord:
    column = layout.columns[wrong.field]
    problem = f"{file}, line {wrong.line}: {wrong.problem}"
    return BadRecord(source=SOURCE, number=number, field=column, problem=problem)


def _first_problem(table: _Table, layout: CsvLayout, file: str) -> str:
    """Why not one row is sound, by the first that is not."""
    readings = _readings(table, layout, file, None)
    first = next((one for one in readings if isinstance(one, BadRecord)), None)
    told = f"column {first.field}: {first.problem}" if first else "no row is sound"
    return f"{file}: not one row can be read, so nothing was changed; the first: {told}"
