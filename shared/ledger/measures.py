"""How far was the roll-out on each day? One small row a target and day, to be seen as a trend.

Numbers only, nobody's name. Counted some times a day; what was counted last stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Put, Store
from shared.model.desired import TargetName
from shared.model.frozen import Frozen

TABLE = "measures"


class Measure(Frozen):
    """How one target stood on one day."""

    day: date
    at: datetime
    """When it was counted; calendar time."""
    stage: str
    people: int
    """In the scope, by what HR and the policy say of them."""
    same: int
    """Of these, those with whom nothing differs."""
    unseen: int = 0
    """Of these, those whom nobody has looked at yet under this policy."""
    kinds: Mapping[str, int] = {}
    """How many of them differ in what, by kind of change."""

    @property
    def share(self) -> float | None:
        """How many of a hundred are as they should be; None when there is nobody."""
        return 100 * self.same / self.people if self.people else None


class Measures:
    """The rows of all days."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, target: TargetName, day: date) -> Measure | None:
        """How this target stood on this day, if anybody has counted."""
        row = await self._store.get(TABLE, target, day.isoformat())
        return unpack(Measure, row) if row else None

    async def note(self, target: TargetName, measure: Measure) -> None:
        """Write it down; the last count of a day stands."""
        await self._store.write(TABLE, target, [Put(measure.day.isoformat(), pack(measure))])

    async def since(self, target: TargetName, day: date) -> tuple[Measure, ...]:
        """The days from this one on, in order."""
        rows = self._store.scan(TABLE, target, first=day.isoformat())
        return tuple([unpack(Measure, row) async for row in rows])
