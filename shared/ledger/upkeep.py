"""How far is today's upkeep, and what did each of its steps see last?

One row says who works on it, by compare-and-set, so that one instance does; whoever comes after a
stop goes on with the steps that are left. A row for each step holds what it saw last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import LostRace
from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import Delete, Insert, Put, Replace, Store
from shared.model.frozen import Frozen
from shared.model.upkeep import Looked

TABLE = "upkeep"
_RUN = "run"
_STEPS = "steps"
FORGOTTEN_AFTER = timedelta(hours=20)
"""An older run is not gone on with: another day has begun."""


class Run(Frozen):
    """One day's upkeep. `began_at` and `ended_at` are calendar time, `until` is wall time."""

    began_at: datetime
    done: tuple[str, ...] = ()
    """Steps that need not be done again."""
    trying: str = ""
    """The step that is being done; one that broke a run off comes last in the next."""
    until: datetime | None = None
    """So long whoever works on it may live."""
    ended_at: datetime | None = None


class Step(Frozen):
    """What one step saw when it was last done."""

    name: str
    at: datetime
    looked: Looked


@dataclass(frozen=True)
class Turn:
    """A run that is this worker's, with its version for writing."""

    run: Run
    version: str


class UpkeepRows:
    """The rows of the daily upkeep."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def last(self) -> Run | None:
        """The last run, finished or not."""
        row = await self._store.get(TABLE, _RUN, _RUN)
        return unpack(Run, row) if row else None

    async def take(self, now: datetime, *, wall: datetime, until: datetime) -> Turn | None:
        """Begin a run, or go on with one that stopped; None while somebody else works on it."""
        row = await self._store.get(TABLE, _RUN, _RUN)
        was = unpack(Run, row) if row else None
        if was and was.until and was.until > wall:
            return None
        goes_on = was and was.ended_at is None and now - was.began_at < FORGOTTEN_AFTER
        broke_off = was.trying if was and was.ended_at is None else ""
        run = Run(began_at=now, until=until, trying=broke_off)
        if was and goes_on:
            run = was.model_copy(update={"until": until})
        change = Replace(_RUN, pack(run), row.etag) if row else Insert(_RUN, pack(run))
        try:
            (version,) = await self._store.write(TABLE, _RUN, [change])
        except LostRace:
            return None
        return Turn(run, version)

    async def move(self, turn: Turn, **changes: object) -> Turn:
        """Write on how far the run is. Raises LostRace when another worker has it."""
        run = turn.run.model_copy(update=changes)
        change = Replace(_RUN, pack(run), turn.version)
        (version,) = await self._store.write(TABLE, _RUN, [change])
        return Turn(run, version)

    async def keep(self, step: Step) -> None:
        """What this step saw; what it saw before is written over."""
        await self._store.write(TABLE, _STEPS, [Put(key_of(step.name), pack(step))])

    async def forget_but(self, names: Collection[str]) -> None:
        """Steps of other names are not done any more: what they saw is no longer so."""
        gone = [step.name async for step in self.steps() if step.name not in names]
        for name in gone:
            await self._store.write(TABLE, _STEPS, [Delete(key_of(name))])

    async def steps(self) -> AsyncIterator[Step]:
        """What each step saw last."""
        async for row in self._store.scan(TABLE, _STEPS):
            yield unpack(Step, row)
