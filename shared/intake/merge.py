"""Which Person do these records make? Pure; flow.decide gives all records of one human."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from shared.model.exemption import Exemption
from shared.model.person import Person, Record, Stop


def merge(
    records: Iterable[Record],
    *,
    today: date,
    missing: bool,
    stop: Stop | None = None,
    numbered: str | None = None,
    exceptions: Iterable[Exemption] = (),
) -> Person | None:
    """The person behind these records; None when not one of them could be read.

    The first record gives the name: one with a running contract goes before one whose contract
    is to come or over, then the one that began last, then by number. It gives the number of the
    accounts too, unless they carry that of `numbered` already.
    """
    ordered = sorted(records, key=lambda record: record.key)
    ordered.sort(key=lambda record: _standing(record, today), reverse=True)
    if not ordered:
        return None
    other = numbered if numbered != ordered[0].key else None
    known = other in {record.key for record in ordered}
    return Person(
        records=tuple(ordered),
        missing=missing,
        stop=stop,
        numbered=other if known else None,
        exceptions=tuple(exceptions),
    )


def may_work(record: Record, today: date) -> bool:
    """Does this record say that somebody works here today or will?"""
    return any(contract.end is None or today <= contract.end for contract in record.contracts)


def _standing(record: Record, today: date) -> tuple[bool, date]:
    running = any(contract.covers(today) for contract in record.contracts)
    return running, max((contract.start for contract in record.contracts), default=date.min)
