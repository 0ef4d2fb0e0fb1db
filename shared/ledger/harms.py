"""How much harm was let through lately, and whose is held? One partition a kind.

Every entry is written together with the partition's counter row, by ETag: two lanes that ask at
once cannot both be let through under one limit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.errors import LostRace
from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Insert, Operation, Properties, Put, Replace, Store
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.harm import COUNTS_FOR, HarmEntry
from shared.model.person import PersonId

TABLE = "guard"
_COUNTER = "counter"
_ENTRY = "entry:"
_PRUNE_AT_ONCE = 50


@dataclass(frozen=True)
class Book:
    """All entries of one kind, read together; `version` is the counter row's."""

    kind: Harm
    entries: Mapping[PersonId, HarmEntry]
    writes: int = 0
    version: str | None = None
    open_batch: str | None = None
    """The batch that took the last held entry; it may be closed by now."""


class Harms:
    """The guard's memory."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, kind: Harm) -> Book:
        """Read the book of one kind."""
        entries: dict[PersonId, HarmEntry] = {}
        writes, version, batch = 0, None, None
        async for row in self._store.scan(TABLE, kind):
            if row.key == _COUNTER:
                writes, version = int(row.properties["writes"]), row.etag
                batch = str(row.properties["batch"]) or None
            else:
                entry = unpack(HarmEntry, row)
                entries[entry.person_id] = entry
        return Book(kind, entries, writes, version, batch)

    async def enter(self, book: Book, entry: HarmEntry, now: datetime) -> None:
        """Write one entry, and clear away those that are past.

        Raises LostRace when anything was entered since the book was read.
        """
        batch = entry.batch or book.open_batch or ""
        values: Properties = {"writes": book.writes + 1, "batch": batch}
        counter: Operation = (
            Replace(_COUNTER, values, book.version) if book.version else Insert(_COUNTER, values)
        )
        past = [
            Delete(_ENTRY + old.person_id)
            for old in book.entries.values()
            if old.is_past(now) and old.person_id != entry.person_id
        ]
        put = Put(_ENTRY + entry.person_id, pack(entry))
        await self._store.write(TABLE, book.kind, [counter, put, *past[:_PRUNE_AT_ONCE]])

    async def done(
        self, person_id: PersonId, target: TargetName, now: datetime, *, but: Collection[Harm] = ()
    ) -> None:
        """Mark every released harm of this person as done in this target, but for some kinds."""
        for kind in Harm:
            while kind not in but and not await self._mark(kind, person_id, target, now):
                pass

    async def withdraw(self, kind: Harm, person_id: PersonId, now: datetime) -> str | None:
        """Forget a held entry whose harm is no longer wanted; answers the batch it waited in.

        An earlier harm of theirs, whose place it took, counts on.
        """
        row = await self._store.get(TABLE, kind, _ENTRY + person_id)
        entry = unpack(HarmEntry, row) if row else None
        if row is None or entry is None or entry.state != "held":
            return None
        forget: Operation = Delete(row.key, row.etag)
        if until := entry.counts_until(now):
            done = {"state": "released", "batch": None, "targets": ()}
            earlier = entry.model_copy(
                update={**done, "done_at": until - COUNTS_FOR, "earlier_until": None}
            )
            forget = Replace(row.key, pack(earlier), row.etag)
        try:
            await self._store.write(TABLE, kind, [forget])
        except LostRace:
            return None  # somebody decided anew about them; that decision stands
        return entry.batch

    async def _mark(
        self, kind: Harm, person_id: PersonId, target: TargetName, now: datetime
    ) -> bool:
        row = await self._store.get(TABLE, kind, _ENTRY + person_id)
        if row is None:
            return True
        entry = unpack(HarmEntry, row)
        if not entry.is_open:
            return True
        left = tuple(name for name in entry.targets if name != target)
        marked = entry.model_copy(update={"targets": left, "done_at": None if left else now})
        if marked == entry:
            return True
        try:
            await self._store.write(TABLE, kind, [Replace(row.key, pack(marked), row.etag)])
        except LostRace:
            return False
        return True
