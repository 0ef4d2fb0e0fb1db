"""What was done on one day, to anybody? The history once more, by day, to be listed and sealed.

`history` writes here first, so that the journal never lacks a line. A row holds who, what, when
and by which rules, without the facts of HR behind them, and a digest of that. A day is sealed
over the digests: a line that was emptied on purpose (erasure) keeps its digest, and the seal
holds; a line that was changed, added or taken away breaks it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import batched, groupby

from shared.ledger.pack import pack, unpack
from shared.ledger.rows import MAX_OPERATIONS, Delete, Insert, Put, Replace, Store
from shared.model.frozen import Frozen
from shared.model.person import PersonId

TABLE = "journal"
SEALS = "seals"
_CHAIN = "chain"
ERASED = "erased"
"""Stands where something was told that is no longer remembered."""


class Entry(Frozen):
    """One line of a day. `at` is calendar time."""

    at: datetime
    person_id: PersonId
    place: str
    """Its key in the history of that person."""
    who: str
    what: str
    rules: tuple[str, ...] = ()
    digest: str = ""
    """Over all the rest, as it was when it was told."""

    def sealed(self) -> Entry:
        """The same with its digest."""
        return self.model_copy(update={"digest": self.digest_now()})

    def digest_now(self) -> str:
        """What its digest would be by what it says now."""
        said = self.model_copy(update={"digest": ""}).model_dump_json()
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def is_erased(self) -> bool:
        """Was its text emptied?"""
        return self.what == ERASED

    @property
    def key(self) -> str:
        """The same for the same line; one person's lines of a day lie together."""
        return f"{self.person_id}|{self.digest[:32]}"


class Seal(Frozen):
    """One day, sealed over its lines and the seal before it."""

    day: date
    lines: int
    previous: str
    """Root of the day before; empty for the first."""
    root: str
    dropped: bool = False
    """Its lines were older than they are kept; the chain goes on over it."""


@dataclass(frozen=True)
class Kept:
    """A seal with its version."""

    seal: Seal
    version: str


def root_of(day: date, previous: str, digests: Iterable[str]) -> str:
    """The root of a day: over the one before, the day, and the digests in order."""
    rest = hashlib.sha256(f"{previous}\n{day.isoformat()}\n".encode())
    for digest in digests:
        rest.update(f"{digest}\n".encode())
    return rest.hexdigest()


class Journal:
    """The days, and the chain of their seals."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def tell(self, entries: Iterable[Entry]) -> None:
        """Write these lines into their days; a line told twice is there once."""
        by_day = groupby(sorted(entries, key=_day), key=_day)
        for day, some in [(day, list(some)) for day, some in by_day]:
            rows = {entry.key: Put(entry.key, pack(entry)) for entry in some}
            for put in batched(rows.values(), MAX_OPERATIONS, strict=False):
                await self._store.write(TABLE, day, list(put))

    async def of(self, day: date, person_id: PersonId | None = None) -> AsyncIterator[Entry]:
        """The lines of a day, of one person or of all, in the order of their keys."""
        first, before = (f"{person_id}|", f"{person_id}}}") if person_id else ("", None)
        async for row in self._store.scan(TABLE, day.isoformat(), first=first, before=before):
            yield unpack(Entry, row)

    async def erase(self, person_id: PersonId, days: Iterable[date]) -> int:
        """Empty this person's lines of these days, for good; answers how many."""
        emptied = 0
        for day in days:
            lines = [entry async for entry in self.of(day, person_id)]
            bare = {"what": ERASED, "who": ERASED, "place": "", "rules": ()}
            puts = [Put(e.key, pack(e.model_copy(update=bare))) for e in lines if not e.is_erased]
            for some in batched(puts, MAX_OPERATIONS, strict=False):
                await self._store.write(TABLE, day.isoformat(), list(some))
            emptied += len(puts)
        return emptied

    async def drop(self, day: date) -> int:
        """Take a whole day away; its seal stays. Answers how many lines there were."""
        keys = [row.key async for row in self._store.scan(TABLE, day.isoformat())]
        for some in batched(keys, MAX_OPERATIONS, strict=False):
            await self._store.write(TABLE, day.isoformat(), [Delete(key) for key in some])
        return len(keys)

    async def seal(self, day: date, previous: str) -> Seal:
        """Seal a day that is over. Raises LostRace when somebody sealed it meanwhile."""
        digests = [entry.digest async for entry in self.of(day)]
        root = root_of(day, previous, digests)
        seal = Seal(day=day, lines=len(digests), previous=previous, root=root)
        await self._store.write(SEALS, _CHAIN, [Insert(day.isoformat(), pack(seal))])
        return seal

    async def seals(self, first: date | None = None) -> AsyncIterator[Kept]:
        """The chain from a day on, in order."""
        begin = first.isoformat() if first else ""
        async for row in self._store.scan(SEALS, _CHAIN, first=begin):
            yield Kept(unpack(Seal, row), row.etag)

    async def mark_dropped(self, kept: Kept) -> None:
        """The lines of this day are gone on purpose. Raises LostRace."""
        seal = kept.seal.model_copy(update={"dropped": True})
        change = Replace(seal.day.isoformat(), pack(seal), kept.version)
        await self._store.write(SEALS, _CHAIN, [change])


def _day(entry: Entry) -> str:
    return entry.at.astimezone(UTC).date().isoformat()
