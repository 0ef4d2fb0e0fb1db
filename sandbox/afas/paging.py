"""Which rows are on this page, and in which order?

AFAS developer documentation, "GetConnector" and "Troubleshooting": `skip` and `take` always
apply (0 and 100), both at -1 mean all, one alone is an error. Without an order on a unique field
"the order between calls is not guaranteed": here it really changes with every call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.afas.filters import comparable
from sandbox.afas.wire import Row, Value, field_not_found, unexpected

DEFAULT_TAKE = 100
ALL = -1
_STRIDE = 7919


@dataclass(frozen=True)
class Page:
    """What a call asks for; both -1 for everything."""

    skip: int
    take: int

    def cut(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows of this page."""
        return rows if self.take == ALL else rows[self.skip : self.skip + self.take]


@dataclass(frozen=True)
class Ordered:
    """Rows in order; `is_total` when no two of them tie."""

    rows: Sequence[Row]
    is_total: bool


def parse(query: Mapping[str, str]) -> Page:
    """The page of a call. Raises Refused for -1 on one side only, negatives and non-numbers."""
    try:
        page = Page(int(query.get("skip", 0)), int(query.get("take", DEFAULT_TAKE)))
    except ValueError:
        raise unexpected() from None
    if page != Page(ALL, ALL) and (page.skip < 0 or page.take < 0):
        raise unexpected()
    return page


def parse_order(query: Mapping[str, str], fields: Sequence[str]) -> tuple[tuple[int, bool], ...]:
    """The places to sort on, each with whether it descends."""
    text = query.get("orderbyfieldids", "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name.removeprefix("-") not in fields:
            raise field_not_found(name.removeprefix("-"))
    return tuple((fields.index(name.removeprefix("-")), name.startswith("-")) for name in names)


def order(rows: Sequence[Row], by: Sequence[tuple[int, bool]]) -> Ordered:
    """Sort as SQL Server does: empty values first, text without regard to case."""
    ordered = list(rows)
    for place, descending in reversed(by):
        ordered.sort(key=lambda row: _sort_key(row[place]), reverse=descending)
    keys = {tuple(_sort_key(row[place]) for place, _ in by) for row in ordered}
    return Ordered(ordered, is_total=len(keys) == len(ordered))


def shuffle(rows: Sequence[Row], call: int) -> Sequence[Row]:
    """The rows in an order that is another one for each call, as a database may do."""
    if not rows:
        return rows
    start = call * _STRIDE % len(rows)
    return [*rows[start:], *rows[:start]]


def _sort_key(value: Value) -> tuple[bool, object]:
    return (value is not None, comparable(value))
