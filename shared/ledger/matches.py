"""Which records may be one human, by what the index says, and what did people decide of them?

A shelf is a partition in which records that could match lie together: those with one key of the
human, and those born on one day. A record lies there once for each key it can be found by, so a
look-up reads only rows that share a key. Every entry is written together with the shelf's counter
row: of two lanes that enter at once, the second must look again and sees the first. Keys and
traits are hashes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.errors import LostRace
from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import Delete, Insert, Operation, Put, Replace, Store
from shared.model.frozen import Frozen
from shared.model.person import PersonId
from shared.model.traits import Likeness, Traits

TABLE = "matches"
_COUNTER = "counter"
_OPEN = "open"
_DECIDED = "decided"


class Entry(Frozen):
    """A record in the index, and whose it is; the identity of its number, when there is one, has
    the last word on that.
    """

    traits: Traits
    person_id: PersonId


@dataclass(frozen=True)
class Shelf:
    """One shelf as read, with the version for writing; `places` are the keys of one record."""

    partition: str
    places: tuple[str, ...]
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """By `source:number`: those that share a place."""
    version: str | None = None
    writes: int = 0


class Proposal(Frozen):
    """Two records of which a human must say whether they are one."""

    newcomer: str
    """`source:number`, as that of the other."""
    known: str
    likeness: Likeness
    since: datetime


class Verdict(Frozen):
    """What a human said of two records."""

    said: Literal["same", "different"]
    by: str
    at: datetime


class Matches:
    """The index of records by what they can be matched on, the proposals and the verdicts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def shelves(self, traits: Traits) -> list[Shelf]:
        """Where this record can be matched, with those that lie there already."""
        return [await self._shelf(partition, places) for partition, places in _places(traits)]

    async def holds(self, traits: Traits) -> bool:
        """Does the index have this record, as it is now? One without a key is nowhere."""
        for partition, places in _places(traits):
            row = await self._store.get(TABLE, partition, _key(places[0], traits.key))
            if row is None or unpack(Entry, row).traits != traits:
                return False
        return True

    async def enter(self, shelves: Sequence[Shelf], traits: Traits, person_id: PersonId) -> None:
        """Put a record on its shelves. Raises LostRace when anything was put there meanwhile."""
        entry = Entry(traits=traits, person_id=person_id)
        for shelf in shelves:
            if shelf.entries.get(traits.key) == entry:
                continue
            counter = {"writes": shelf.writes + 1}
            operations: list[Operation] = [
                Replace(_COUNTER, counter, shelf.version)
                if shelf.version
                else Insert(_COUNTER, counter)
            ]
            operations += [Put(_key(place, traits.key), pack(entry)) for place in shelf.places]
            await self._store.write(TABLE, shelf.partition, operations)

    async def leave(self, traits: Traits, *, stays: Traits | None = None) -> None:
        """Take a record out of the index, but for where it belongs as it is now."""
        kept = {(p, place) for p, places in _places(stays) for place in places} if stays else set()
        for partition, places in _places(traits):
            gone = [place for place in places if (partition, place) not in kept]
            drops = [Delete(_key(place, traits.key)) for place in gone]
            if drops:
                await self._store.write(TABLE, partition, drops)

    # --- proposals and verdicts ---

    async def propose(self, proposal: Proposal) -> bool:
        """Ask a human about this pair; answers whether it was not asked yet."""
        there = await self._store.get(TABLE, _OPEN, _pair(proposal.known, proposal.newcomer))
        if there:
            return False
        key = _pair(proposal.newcomer, proposal.known)
        try:
            await self._store.write(TABLE, _OPEN, [Insert(key, pack(proposal))])
        except LostRace:
            return False
        return True

    async def proposals(self, newcomer: str | None = None) -> AsyncIterator[Proposal]:
        """What waits for a human's verdict, of everybody or of one newcomer."""
        first = f"{key_of(newcomer)}|" if newcomer else ""
        before = f"{key_of(newcomer)}}}" if newcomer else None  # } sorts behind |
        async for row in self._store.scan(TABLE, _OPEN, first=first, before=before):
            yield unpack(Proposal, row)

    async def close(self, one: str, other: str) -> None:
        """Ask no longer about this pair."""
        for key in (_pair(one, other), _pair(other, one)):
            await self._store.write(TABLE, _OPEN, [Delete(key)])

    async def forget(self, key: str) -> None:
        """Remember nothing that was asked or said of this record."""
        for partition in (_OPEN, _DECIDED):
            rows = [row.key async for row in self._store.scan(TABLE, partition)]
            for row in rows:
                if key_of(key) in row.split("|"):
                    await self._store.write(TABLE, partition, [Delete(row)])

    async def decide(self, one: str, other: str, verdict: Verdict) -> None:
        """Remember what a human said of this pair; the last word counts."""
        put = Put(_pair(*sorted((one, other))), pack(verdict))
        await self._store.write(TABLE, _DECIDED, [put])

    async def verdict(self, one: str, other: str) -> Verdict | None:
        """What a human said of this pair, if anybody did."""
        row = await self._store.get(TABLE, _DECIDED, _pair(*sorted((one, other))))
        return unpack(Verdict, row) if row else None

    async def _shelf(self, partition: str, places: tuple[str, ...]) -> Shelf:
        """The counter first: what is put there after it makes the write lose its race."""
        counter = await self._store.get(TABLE, partition, _COUNTER)
        entries: dict[str, Entry] = {}
        for place in places if counter else ():
            async for row in self._store.scan(
                TABLE, partition, first=f"{place}|", before=f"{place}}}"
            ):
                entry = unpack(Entry, row)
                entries[entry.traits.key] = entry
        version = counter.etag if counter else None
        writes = int(counter.properties["writes"]) if counter else 0
        return Shelf(partition, places, entries, version, writes)


def _places(traits: Traits) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each shelf with the keys under which the record lies there."""
    if traits.human:
        yield f"human:{traits.human}", ("human",)
    names = [f"surname:{traits.birth}"] if traits.birth else []
    names += [f"first:{first}" for first in sorted(traits.firsts)]
    if traits.born and names:
        yield f"born:{traits.born}", tuple(names)


def _key(place: str, record: str) -> str:
    return f"{place}|{key_of(record)}"


def _pair(one: str, other: str) -> str:
    return f"{key_of(one)}|{key_of(other)}"
