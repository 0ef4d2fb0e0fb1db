"""Which rows has an export, and whose are they? Bytes become rows by number.

Pure; csv_rows.py makes people of them. A row that is broken in itself (a stray quote, a cell too
many) takes no other row with it, and belongs to somebody only when it plainly shows a number.
"""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.errors import Permanent
from shared.intake.csv_cells import Cells
from shared.policy.sources import CsvLayout

MAX_LINES = 20  # a cell with more line breaks than that is a quote that was never closed
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Row:
    """The cells that have a meaning, in the order of the layout's columns."""

    line: int
    values: tuple[str, ...]
    problem: str | None = None
    """What is wrong with the row as such; then the values may have slipped."""


@dataclass(frozen=True)
class Table:
    """The rows of a file, by number and in the order of the file."""

    people: Mapping[str, Sequence[Row]]
    loose: Sequence[Row]
    """Rows of whom nobody can say whose they are."""
    shapes: frozenset[str]
    """What numbers look like here, from the rows that are sound."""


def shape(number: str) -> str:
    """What a number looks like: `E1042` is `a9`. A total line or a name looks otherwise."""
    letters = re.sub(r"[^\W\d_]+", "a", number)
    return re.sub(r"\d+", "9", letters)


def table(data: bytes, layout: CsvLayout, *, file: str) -> Table:
    """The rows of a file. Raises Permanent when it has no headings or lacks a column."""
    lines = _lines(data, layout)
    places, below = _heading(lines, layout, file)
    width = 1 + max(places)
    known: dict[str, str] = {}  # a text once for the whole file: departments repeat
    fields = list(layout.columns)
    people: dict[str, list[Row]] = defaultdict(list)
    odd: list[Row] = []
    shapes: set[str] = set()
    for line, cells, problem in _rows(lines, below.start, below.width, layout.delimiter):
        padded = cells + [""] * (width - len(cells))
        picked = tuple(known.setdefault(cell, cell) for cell in (padded[at] for at in places))
        row = Row(line, picked, problem)
        at = Cells(layout, dict(zip(fields, picked, strict=True)), line)
        if problem or not at.number():
            odd.append(row)
            continue
        people[at.number()].append(row)
        if at.is_sound():
            shapes.add(shape(at.number()))
    return _assigned(people, odd, frozenset(shapes), fields.index("number"))


def _assigned(
    people: dict[str, list[Row]], odd: Sequence[Row], shapes: frozenset[str], at: int
) -> Table:
    """A broken row parks the person whose number it plainly shows; the others are loose."""
    loose: list[Row] = []
    for row in odd:
        number = row.values[at].strip()
        if number and shape(number) in shapes:
            people.setdefault(number, []).append(row)
        else:
            loose.append(row)
    return Table(people, loose, shapes)


def check_headings(data: bytes, layout: CsvLayout, *, file: str) -> None:
    """See that the file has every column that the layout names. Raises Permanent."""
    _heading(_lines(data, layout), layout, file)


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
