"""Who was erased, who is being erased, and who is gone and may be?

A tombstone says that there was somebody, by our opaque id, and who took the data away why. While
it is being done it also says what is left to do; a login that nobody may have yet stays in it
until its days are over, because nothing else would find it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from shared.errors import LostRace
from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Insert, Put, Store
from shared.model.frozen import Frozen
from shared.model.person import PersonId
from shared.model.traits import Traits

TABLE = "erasures"
_ASKED = "asked"
_GOING = "going"
_DONE = "done"
_GONE = "gone"


class Asked(Frozen):
    """Somebody wants this person erased, and a second must say so too."""

    who: str
    reason: str
    at: datetime


class Tombstone(Frozen):
    """What is left of somebody who was erased."""

    person_id: PersonId
    who: tuple[str, ...]
    reason: str
    at: datetime
    keys: tuple[str, ...] = ()
    """`source:number`, until each of them is dealt with."""
    traits: tuple[Traits, ...] = ()
    """By what they can be matched; hashes, until they are taken from the index."""
    employee_id: str | None = None
    account_id: str | None = None
    """Entra's id of the account that was, until it is nobody's."""
    logins: tuple[str, ...] = ()
    """Names that nobody may have until `logins_until`; then they are forgotten too."""
    logins_until: datetime | None = None


class Erasures:
    """The register of erasures."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ask(self, person_id: PersonId, asked: Asked) -> None:
        """Somebody wants it; the last word stands."""
        await self._store.write(TABLE, _ASKED, [Put(person_id, pack(asked))])

    async def asked(self, person_id: PersonId) -> Asked | None:
        """Who wants it, if anybody does."""
        row = await self._store.get(TABLE, _ASKED, person_id)
        return unpack(Asked, row) if row else None

    async def begin(self, tombstone: Tombstone) -> None:
        """It is about to be done; who began first has said why."""
        try:
            await self._store.write(TABLE, _GOING, [Insert(tombstone.person_id, pack(tombstone))])
        except LostRace:
            return

    async def going(self) -> AsyncIterator[Tombstone]:
        """Everyone who is being erased."""
        async for row in self._store.scan(TABLE, _GOING):
            yield unpack(Tombstone, row)

    async def end(self, person_id: PersonId, tombstone: Tombstone | None) -> None:
        """It is done; or, without a tombstone, it will not be done after all."""
        if tombstone:
            await self._store.write(TABLE, _DONE, [Put(person_id, pack(tombstone))])
        await self._store.write(TABLE, _GOING, [Delete(person_id)])
        await self._store.write(TABLE, _ASKED, [Delete(person_id)])
        await self.gone_no_more(person_id)

    async def of(self, person_id: PersonId) -> Tombstone | None:
        """The tombstone of this person, when it is done."""
        row = await self._store.get(TABLE, _DONE, person_id)
        return unpack(Tombstone, row) if row else None

    async def done(self) -> AsyncIterator[Tombstone]:
        """Everyone who was erased."""
        async for row in self._store.scan(TABLE, _DONE):
            yield unpack(Tombstone, row)

    async def keep(self, tombstone: Tombstone) -> None:
        """Write the tombstone of somebody who is erased again."""
        await self._store.write(TABLE, _DONE, [Put(tombstone.person_id, pack(tombstone))])

    # --- who is gone, and may be erased one day ---

    async def note_gone(self, person_id: PersonId) -> None:
        """This person has no account any more, or will not get one."""
        await self._store.write(TABLE, _GONE, [Put(person_id)])

    async def gone(self) -> AsyncIterator[PersonId]:
        """Everyone who was gone once; some may be back."""
        async for row in self._store.scan(TABLE, _GONE):
            yield PersonId(row.key)

    async def gone_no_more(self, person_id: PersonId) -> None:
        """This person is back, or erased."""
        await self._store.write(TABLE, _GONE, [Delete(person_id)])
