"""How does a command write a table that Excel opens with its accents, and runs nothing of?

Used by every command that takes `--csv`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

type Row = Callable[[Sequence[str]], None]
"""Writes one line."""

_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d ()./-]*$)")
"""How a formula begins in a spreadsheet; a telephone number is none."""


@contextmanager
def table(file: Path, headings: Sequence[str]) -> Iterator[Row]:
    """Open the file, write its headings, and give what writes a line."""
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(headings)
        yield lambda cells: writer.writerow(_harmless(cells))


def _harmless(row: Sequence[str]) -> list[str]:
    """A spreadsheet takes a text that begins so for a formula (OWASP, "CSV Injection")."""
    return [f"'{cell}" if _FORMULA.match(cell) else cell for cell in row]
