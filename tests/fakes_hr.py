"""An HR system that can be told of accounts, as a dictionary; as strict as AFAS is.

What it shows is what the source of the same world reads; an unchanged value is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from shared.errors import Permanent
from shared.model.account import Applied, HrRecord
from shared.model.change import Change
from shared.model.desired import DesiredRecord
from shared.model.hr_field import BLOCKED, SELF_SERVICE, USER_ID, Value, same


@dataclass
class FakeHr:
    """The written side of one HR system."""

    shown: Callable[[], Collection[str]]
    """The numbers that it shows now."""
    source: str = "afas"
    records: dict[str, dict[str, Value]] = field(default_factory=dict)
    """By number, what stands there."""
    writes: list[tuple[str, Mapping[str, Value]]] = field(default_factory=list)
    """Every write that was carried out, in order."""
    fails: list[Exception | None] = field(default_factory=list)
    """Raised by the next writes, in order; None lets one through."""
    moment: Callable[[str], None] = lambda _moment: None

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        del applied
        self.moment("before hr read")
        if record.number not in self.shown():
            return None
        has = self.records.get(record.number, {})
        more = (USER_ID, SELF_SERVICE, BLOCKED) if record.user_id else ()
        self.moment("after hr read")
        return HrRecord(key=record.key, fields={f: has.get(f) for f in (*record.fields, *more)})

    async def write(self, change: Change, applied: Applied) -> None:
        del applied
        self.moment(f"before {change.kind}")
        if self.fails and (error := self.fails.pop(0)):
            raise error
        number = change.what.partition(":")[2]
        has = self.records.setdefault(number, {})
        if any(same(f, value, has.get(f)) for f, value in change.values.items()):
            raise Permanent("the record has not been changed", mender="hr")
        has.update(change.values)
        self.writes.append((number, dict(change.values)))
        self.moment(f"after {change.kind}")

    async def probe(self, fields: Collection[str]) -> None:
        del fields
