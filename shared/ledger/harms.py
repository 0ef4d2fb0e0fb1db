"""How much harm was let through lately, and whose is held? One partition a kind.

Every entry is written together with the partition's counter row, by ETag: two lanes that ask at
once cannot both be let through under one limit. What may count against the limit is written twice,
once where the guard reads it: thousands who wait after a wrong HR answer are not read for each of
them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shared.errors import LostRace
from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Insert, Operation, Properties, Put, Replace, Row, Store
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.harm import COUNTS_FOR, HarmEntry
from shared.model.person import PersonId

TABLE = "guard"
_COUNTER = "counter"
_COUNTS = "counts:"
_ENTRY = "entry:"  # behind the others in key order: one scan reads what goes before it
_PRUNE_AT_ONCE = 45


@dataclass(frozen=True)
class Book:
    """What the guard looks at for one person's harm of one kind; `version` is the counter's."""

    kind: Harm
    mine: HarmEntry | None
    weighing: tuple[HarmEntry, ...]
    """The entries that may count against the limit; one's own can be among them."""
    writes: int = 0
    version: str | None = None
    open_batch: str | None = None
    """The batch that took the last held entry; it may be closed by now."""


class Harms:
    """The guard's memory."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, kind: Harm, person_id: PersonId) -> Book:
        """Read what is needed to judge this person's harm."""
        weighing: list[HarmEntry] = []
        writes, version, batch = 0, None, None
        async for row in self._store.scan(TABLE, kind, before=_ENTRY):
            if row.key == _COUNTER:
                writes, version = int(row.properties["writes"]), row.etag
                batch = str(row.properties["batch"]) or None
            else:
                weighing.append(unpack(HarmEntry, row))
        mine = await self._entry(kind, person_id)
        entry = unpack(HarmEntry, mine) if mine else None
        return Book(kind, entry, tuple(weighing), writes, version, batch)

    async def enter(self, book: Book, entry: HarmEntry, now: datetime) -> None:
        """Write one entry, and clear away those that counted and are past.

        Raises LostRace when anything was entered since the book was read.
        """
        batch = entry.batch or book.open_batch or ""
        values: Properties = {"writes": book.writes + 1, "batch": batch}
        counter: Operation = (
            Replace(_COUNTER, values, book.version) if book.version else Insert(_COUNTER, values)
        )
        known = {weighed.person_id for weighed in book.weighing}
        past = [
            key + old.person_id
            for old in book.weighing
            if old.is_past(now) and old.person_id != entry.person_id
            for key in (_COUNTS, _ENTRY)
        ]
        put = Put(_ENTRY + entry.person_id, pack(entry))
        weight = _weight(entry, is_there=entry.person_id in known)
        gone = map(Delete, past[: 2 * _PRUNE_AT_ONCE])
        await self._store.write(TABLE, book.kind, [counter, put, *weight, *gone])

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
        row = await self._entry(kind, person_id)
        entry = unpack(HarmEntry, row) if row else None
        if row is None or entry is None or entry.state != "held":
            return None
        forget: list[Operation] = [Delete(row.key, row.etag)]
        if entry.weighs:
            forget.append(Delete(_COUNTS + person_id))
        if until := entry.counts_until(now):
            done = {"state": "released", "batch": None, "targets": ()}
            earlier = entry.model_copy(
                update={**done, "done_at": until - COUNTS_FOR, "earlier_until": None}
            )
            forget = [Replace(row.key, pack(earlier), row.etag), *_weight(earlier)]
        try:
            await self._store.write(TABLE, kind, forget)
        except LostRace:
            return None  # somebody decided anew about them; that decision stands
        return entry.batch

    async def forget(self, person_id: PersonId) -> tuple[str, ...]:
        """Forget every harm of somebody who is erased; answers the batches that they were in."""
        batches: list[str] = []
        for kind in Harm:
            row = await self._entry(kind, person_id)
            if row is None:
                continue
            entry = unpack(HarmEntry, row)
            batches += [entry.batch] if entry.batch else []
            drops = [Delete(row.key), Delete(_COUNTS + person_id)]
            await self._store.write(TABLE, kind, drops)
        return tuple(batches)

    async def _mark(
        self, kind: Harm, person_id: PersonId, target: TargetName, now: datetime
    ) -> bool:
        row = await self._entry(kind, person_id)
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
            write = [Replace(row.key, pack(marked), row.etag), *_weight(marked)]
            await self._store.write(TABLE, kind, write)
        except LostRace:
            return False
        return True

    async def _entry(self, kind: Harm, person_id: PersonId) -> Row | None:
        return await self._store.get(TABLE, kind, _ENTRY + person_id)


def _weight(entry: HarmEntry, *, is_there: bool = False) -> list[Operation]:
    """The second row of what may count; taken away from what no longer does."""
    key = _COUNTS + entry.person_id
    if entry.weighs:
        return [Put(key, pack(entry))]
    return [Delete(key)] if is_there else []
