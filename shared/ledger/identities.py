"""Which person is behind an HR number? Minted once, never changed.

One partition a source, so that a full sync can compare whom HR names with whom we know. The hash
of the record as last decided on saves a sync from opening every dossier; it is a hint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from shared.errors import LostRace
from shared.ledger.pack import key_of
from shared.ledger.rows import Insert, Put, Row, Store
from shared.model.person import PersonId

TABLE = "identities"


@dataclass(frozen=True)
class Identity:
    """An HR number and the person it belongs to."""

    number: str
    person_id: PersonId
    record_hash: str = ""


class Identities:
    """Finds and mints person ids."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, source: str, number: str) -> Identity | None:
        """Who has this number in this source, if anybody is known by it."""
        row = await self._store.get(TABLE, source, key_of(number))
        return _identity(row) if row else None

    async def of(self, source: str, number: str, *, fresh: PersonId) -> Identity:
        """Who has this number; a number never seen becomes `fresh`, whoever asks first."""
        while True:
            if known := await self.find(source, number):
                return known
            identity = Identity(number, fresh)
            try:
                await self._store.write(TABLE, source, [Insert(key_of(number), _row(identity))])
            except LostRace:
                continue
            return identity

    async def note_hash(self, source: str, identity: Identity, record_hash: str) -> None:
        """Remember what this record looked like when it was last decided on."""
        noted = Identity(identity.number, identity.person_id, record_hash)
        await self._store.write(TABLE, source, [Put(key_of(identity.number), _row(noted))])

    async def everyone(self, source: str) -> AsyncIterator[Identity]:
        """Read all numbers of a source, in key order."""
        async for row in self._store.scan(TABLE, source):
            yield _identity(row)


def _row(identity: Identity) -> dict[str, str]:
    return {
        "number": identity.number,
        "person": identity.person_id,
        "hash": identity.record_hash,
    }


def _identity(row: Row) -> Identity:
    values = row.properties
    return Identity(str(values["number"]), PersonId(str(values["person"])), str(values["hash"]))
