"""For whom is a first sign-in waiting, and who collected it when? Never the code itself.

One partition for all of them: a row comes with the making of an account and goes some weeks
later, so that a page lists it without looking through all people.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal

from shared.errors import LostRace
from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Put, Replace, Store
from shared.model.frozen import Frozen
from shared.model.person import PersonId

TABLE = "firstsignins"
_ALL = "all"

type Stage = Literal["open", "asked", "issued"]


class Collection(Frozen):
    """One person's first sign-in. Moments are calendar time."""

    secret: str
    """Random; what a page shows of it proves that the page was asked for."""
    opened_at: datetime
    stage: Stage = "open"
    """`asked` before the target is, `issued` after its answer: a stop in between stays visible."""
    who: str = ""
    """Who asked last, and how we know."""
    at: datetime | None = None
    times: int = 0
    """How often it was asked for."""
    busy_until: datetime | None = None
    """Wall time until which whoever asked may still get an answer."""


class FirstSignIns:
    """The first sign-ins that can be collected, or were lately."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, person_id: PersonId, collection: Collection) -> None:
        """An account is about to be made; whatever an earlier account left is written over."""
        await self._store.write(TABLE, _ALL, [Put(person_id, pack(collection))])

    async def read(self, person_id: PersonId) -> tuple[Collection, str] | None:
        """This person's, and its version."""
        row = await self._store.get(TABLE, _ALL, person_id)
        return (unpack(Collection, row), row.etag) if row else None

    async def move(self, person_id: PersonId, collection: Collection, etag: str) -> str:
        """Write it, if it is still the version `etag`; answers the new one. Raises LostRace."""
        change = Replace(person_id, pack(collection), etag)
        (written,) = await self._store.write(TABLE, _ALL, [change])
        return written

    async def everyone(self) -> AsyncIterator[tuple[PersonId, Collection, str]]:
        """All of them, with their versions."""
        async for row in self._store.scan(TABLE, _ALL):
            yield PersonId(row.key), unpack(Collection, row), row.etag

    async def forget(self, person_id: PersonId) -> None:
        """Forget somebody who is erased."""
        await self._store.write(TABLE, _ALL, [Delete(person_id)])

    async def drop(self, person_id: PersonId, etag: str) -> None:
        """Forget one that nobody can collect any more; when it moved meanwhile it stays."""
        try:
            await self._store.write(TABLE, _ALL, [Delete(person_id, etag)])
        except LostRace:
            return
