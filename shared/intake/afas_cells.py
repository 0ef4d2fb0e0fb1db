"""What stands in one cell of AFAS? Text, days and amounts, or a ValueError that never repeats it.

afas_fields.py says which cell is read how. AFAS documents the types of few fields, so a number
may come as text and text as a number.
"""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from typing import Any

from shared.model.name import NameUsage

MAX_TEXT = 256
MAX_NUMBER = 64
FIRST_YEAR, NO_END_YEAR = 1900, 9999
_MOST_DIGITS = 9
_USAGE = {
    "0": NameUsage.BIRTH,
    "1": NameUsage.PARTNER_BIRTH,
    "2": NameUsage.PARTNER,
    "3": NameUsage.BIRTH_PARTNER,
}


def text(value: Any) -> str:
    """The text, spaces trimmed and made one; empty when there is none."""
    if type(value) is str and value.isascii() and value.isalnum() and len(value) < MAX_TEXT:
        return value  # most cells are codes
    if isinstance(value, dict | list):
        raise ValueError("is no text")  # noqa: TRY004 - whoever reads cells expects ValueErrors
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    plain = "" if value is None else " ".join(str(value).split())
    if len(plain) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    if not plain.isprintable():
        raise ValueError("holds a sign that cannot be printed")
    return plain


def some_text(value: Any) -> str | None:
    """As `text`; None when there is none."""
    return text(value) or None


def needed_text(value: Any) -> str:
    """As `text`, and something must stand there."""
    plain = text(value)
    if not plain:
        raise ValueError("is empty")
    return plain


def number(value: Any) -> str:
    """An employee number."""
    plain = needed_text(value)
    if len(plain) > MAX_NUMBER:
        raise ValueError(f"is longer than {MAX_NUMBER} characters")
    return plain


def usage(value: Any) -> NameUsage:
    """The surname in use (AFAS OpenAPI, `ViUs`); a code that AFAS does not document is B."""
    return _USAGE.get(text(value), NameUsage.BIRTH)


def some_day(value: Any) -> date | None:
    """The local day; what is no date is an error, never silently no end."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("is no date")  # noqa: TRY004 - as above
    return _day(value[:10])


def day(value: Any) -> date:
    """As `some_day`, and a date must stand there."""
    found = some_day(value)
    if found is None:
        raise ValueError("is no date")
    return found


def end(value: Any) -> date | None:
    """As `some_day`; some administrations write 31-12-9999 where they mean no end."""
    found = some_day(value)
    return None if found and found.year == NO_END_YEAR else found


def whole(value: Any) -> int:
    """A whole number; 0 when there is none."""
    plain = text(value)
    if plain and not (plain.isascii() and plain.isdecimal() and len(plain) <= _MOST_DIGITS):
        raise ValueError("is no whole number")
    return int(plain or 0)


def amount(value: Any) -> float:
    """An amount; 0 when there is none."""
    if isinstance(value, bool):
        raise ValueError("is no amount")  # noqa: TRY004 - as above
    try:
        found = value if isinstance(value, float) else float(text(value).replace(",", ".") or 0)
    except ValueError:
        raise ValueError("is no amount") from None
    if not math.isfinite(found):
        raise ValueError("is no amount")
    return found


@lru_cache(maxsize=16_384)  # the same few thousand days stand in a hundred thousand rows
def _day(written: str) -> date:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        found = date.min
    if found.year < FIRST_YEAR:
        raise ValueError("is no date")
    return found
