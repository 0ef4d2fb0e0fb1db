"""Which Person do these records make? Pure; flow.decide gives all records of one human."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from shared.model.person import Person, Record, Stop


def merge(
    records: Iterable[Record], *, today: date, missing: bool, stop: Stop | None = None
) -> Person | None:
    """The person behind these records; None when not one of them could be read.

    The first record gives name and number: one with a running contract goes before one whose
    contract is to come or over, then the one that began last, then by number.
    """
    ordered = sorted(records, key=lambda record: record.key)
    ordered.sort(key=lambda record: _standing(record, today), reverse=True)
    return Person(records=tuple(ordered), missing=missing, stop=stop) if ordered else None


def _standing(record: Record, today: date) -> tuple[bool, date]:
    running = any(contract.covers(today) for contract in record.contracts)
    return running, max((contract.start for contract in record.contracts), default=date.min)
