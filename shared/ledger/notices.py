"""Which mail is meant, sent, or nobody knows? And who is parked, for the morning's summary.

A notice has a partition of its own, and an entry in the index of what is unfinished that is
written before it: a stop in between leaves an entry without a notice, which is cleared away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.errors import LostRace
from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Insert, Put, Replace, Store
from shared.model.notice import Cause, Notice
from shared.model.person import PersonId

TABLE = "notices"
_ROW = "notice"
_INDEX = "index"
_PARKED = "parked"
_DONE = "done"


@dataclass(frozen=True)
class Kept:
    """A notice as read, with its version for writing."""

    notice: Notice
    version: str


class Notices:
    """The register of notices."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def intend(self, cause: Cause, now: datetime) -> bool:
        """Note that this is to be told, if it never was; answers whether it is new."""
        if await self._store.get(TABLE, cause.notice_id, _ROW):
            return False
        notice = Notice(cause=cause, created_at=now, due_at=now)
        await self._store.write(TABLE, _INDEX, [Put(cause.notice_id)])
        try:
            await self._store.write(TABLE, cause.notice_id, [Insert(_ROW, pack(notice))])
        except LostRace:
            return False
        return True

    async def read(self, notice_id: str) -> Kept | None:
        """The notice with this id."""
        row = await self._store.get(TABLE, notice_id, _ROW)
        return Kept(unpack(Notice, row), row.etag) if row else None

    async def save(self, kept: Kept, **changes: Any) -> Kept:
        """Write it on; a done one leaves the index. Raises LostRace when it changed."""
        notice = kept.notice.model_copy(update=changes)
        change = Replace(_ROW, pack(notice), kept.version)
        (version,) = await self._store.write(TABLE, notice.notice_id, [change])
        if notice.is_done:
            done = f"{notice.created_at:%Y%m%d}|{notice.notice_id}"
            await self._store.write(TABLE, _DONE, [Put(done, {"notice": notice.notice_id})])
            await self._store.write(TABLE, _INDEX, [Delete(notice.notice_id)])
        return Kept(notice, version)

    async def unfinished(self) -> AsyncIterator[Kept]:
        """Every notice that waits, is being sent, is unknown or failed."""
        async for row in self._store.scan(TABLE, _INDEX):
            kept = await self.read(row.key)
            if kept and not kept.notice.is_done:
                yield kept
            elif kept:
                await self._store.write(TABLE, _INDEX, [Delete(row.key)])

    async def forget(self, before: date) -> int:
        """Forget the done ones that were meant before this day; answers how many there were."""
        old = [row async for row in self._store.scan(TABLE, _DONE, before=f"{before:%Y%m%d}")]
        for row in old:
            await self._store.write(TABLE, str(row.properties["notice"]), [Delete(_ROW)])
            await self._store.write(TABLE, _DONE, [Delete(row.key)])
        return len(old)

    # --- who is parked ---

    async def note_parked(self, person_id: PersonId) -> None:
        """This person waits for somebody's mend, or is about to."""
        await self._store.write(TABLE, _PARKED, [Put(person_id)])

    async def parked(self) -> AsyncIterator[PersonId]:
        """Everyone who was parked since they were last forgotten."""
        async for row in self._store.scan(TABLE, _PARKED):
            yield PersonId(row.key)

    async def forget_parked(self, person_id: PersonId) -> None:
        """This person waits for nobody any more."""
        await self._store.write(TABLE, _PARKED, [Delete(person_id)])
