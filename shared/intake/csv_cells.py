"""What stands in the cells of one row of an export? Text, days and amounts, or Wrong.

csv_rows.py asks; a message says what is expected and never what stands there.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from shared.model.person import Unit
from shared.policy.sources import CsvLayout, strptime_format

MAX_TEXT = 256
MAX_NUMBER = 64
_NEVER = 9999  # exports write 31-12-9999 for a contract without an end


class Wrong(Exception):
    """The cell of `field` on this line cannot be used."""

    def __init__(self, field: str, line: int, problem: str) -> None:
        super().__init__(problem)
        self.field = field
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: what stands under each field that the layout knows."""

    layout: CsvLayout
    raw: Mapping[str, str]
    line: int

    def number(self) -> str:
        """The employee number as it stands there; empty when there is none."""
        number = unicodedata.normalize("NFC", self.raw["number"].strip())
        return "" if number in self.layout.empty else number

    def checked_number(self) -> str:
        """The employee number, fit to be one."""
        number = self.needed("number")
        if len(number) > MAX_NUMBER:
            raise Wrong("number", self.line, f"is longer than {MAX_NUMBER} characters")
        return number

    def is_sound(self) -> bool:
        """Does this row look like a contract of somebody?"""
        try:
            return bool(self.needed("name.birth") and self.day("contract.start"))
        except Wrong:
            return False

    def text(self, field: str) -> str:
        """The cell, trimmed; empty when the file has no such column."""
        text = self.raw.get(field, "").strip()
        if not text or text in self.layout.empty:
            return ""
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        if len(text) > MAX_TEXT:
            raise Wrong(field, self.line, f"is longer than {MAX_TEXT} characters")
        if not text.isprintable():
            raise Wrong(field, self.line, self._not_text(text))
        if "\ufffd" in text:
            raise Wrong(field, self.line, "holds a sign that was lost in an earlier conversion")
        return text

    def needed(self, field: str) -> str:
        """The cell, which must hold something."""
        text = self.text(field)
        if not text:
            raise Wrong(field, self.line, "is empty")
        return text

    def day(self, field: str) -> date:
        """The date, which must be there."""
        return self._day(field, self.needed(field))

    def maybe_day(self, field: str) -> date | None:
        """The date; None when the cell is empty or stands for never."""
        text = self.text(field)
        found = self._day(field, text) if text else None
        return None if found is None or found.year == _NEVER else found

    def whole(self, field: str) -> int:
        """A whole number from nought on; 0 when there is none."""
        text = self.text(field)
        if text and not (text.isascii() and text.isdecimal() and len(text) <= 9):  # noqa: PLR2004 - more digits are no sequence
            raise Wrong(field, self.line, "is no whole number")
        return int(text or 0)

    def amount(self, field: str, *, most: float) -> float:
        """An amount with a comma or a point; 0 when there is none."""
        text = self.text(field)
        try:
            amount = float(text.replace(",", ".")) if text else 0.0
        except ValueError:
            raise Wrong(field, self.line, "is no amount such as 36 or 36,00") from None
        if not math.isfinite(amount) or not 0 <= amount <= most:
            raise Wrong(field, self.line, f"is not between 0 and {most:g}")
        return amount

    def unit(self, part: str) -> Unit | None:
        """The coded thing under `part.code` and `part.name`; one alone is enough."""
        code, name = self.text(f"{part}.code"), self.text(f"{part}.name")
        return Unit(code=code or name, name=name) if code or name else None

    def _day(self, field: str, text: str) -> date:
        found = _parsed(text, self.layout.dates)
        if found is None:
            raise Wrong(field, self.line, f"is no date written {self.layout.dates}")
        return found

    def _not_text(self, text: str) -> str:
        if any(unicodedata.category(character) == "Cs" for character in text):
            encoding = self.layout.encoding
            other = "cp1252" if encoding == "utf-8" else "utf-8"
            return f"is no text in {encoding}; is sources.csv.encoding {other}?"
        return "holds a line break or another sign that cannot be printed"


@lru_cache(maxsize=16_384)  # the same few thousand days stand in a hundred thousand rows
def _parsed(text: str, dates: str) -> date | None:
    """The day, from a text that may have a time behind it."""
    day = text.replace("T", " ", 1).split(" ", 1)[0]
    try:
        return datetime.strptime(day, strptime_format(dates)).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
