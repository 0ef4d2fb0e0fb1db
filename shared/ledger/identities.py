"""Which person is behind an HR number? Minted once; changed only when two turn out to be one.

One partition a source, so that a full sync can compare whom HR names with whom we know. The hash
of the record as last decided on saves a sync from opening every dossier; it is a hint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace

from shared.errors import LostRace
from shared.ledger.pack import key_of
from shared.ledger.rows import Delete, Insert, Replace, Row, Store
from shared.model.person import PersonId

TABLE = "identities"


@dataclass(frozen=True)
class Identity:
    """An HR number and the person it belongs to."""

    number: str
    person_id: PersonId
    record_hash: str = ""
    erased: bool = False
    """That person was erased; the number stands here only while HR goes on naming it."""
    version: str = ""
    """Of the row as read."""


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
            inserted = Insert(key_of(number), _row(identity))
            try:
                (version,) = await self._store.write(TABLE, source, [inserted])
            except LostRace:
                continue
            return replace(identity, version=version)

    async def note_hash(self, source: str, identity: Identity, record_hash: str) -> None:
        """Remember what this record looked like when it was decided on.

        When somebody else noted one meanwhile, nobody knows whose is the newer: none is kept,
        and the next sync looks at that person again.
        """
        key = key_of(identity.number)
        noted = _row(replace(identity, record_hash=record_hash))
        try:
            await self._store.write(TABLE, source, [Replace(key, noted, identity.version)])
        except LostRace:
            await self._again(source, identity.number, record_hash="")

    async def move(self, source: str, number: str, person_id: PersonId) -> None:
        """This number is that person's from now on; the next sync looks at them again."""
        await self._again(source, number, record_hash="", person_id=person_id)

    async def erase(self, source: str, number: str) -> None:
        """Whose number it was is known no longer, but that it was somebody's."""
        while (known := await self.find(source, number)) and not known.erased:
            erased = _row(replace(known, erased=True))
            with suppress(LostRace):
                await self._store.write(
                    TABLE, source, [Replace(key_of(number), erased, known.version)]
                )

    async def forget(self, source: str, identity: Identity) -> None:
        """HR names this number no longer. Nothing when the row changed meanwhile."""
        with suppress(LostRace):
            key = key_of(identity.number)
            await self._store.write(TABLE, source, [Delete(key, identity.version)])

    async def begin_anew(self, source: str, identity: Identity, fresh: PersonId) -> Identity:
        """An erased number works again: it is somebody new, whoever says so first."""
        anew = replace(identity, person_id=fresh, record_hash="", erased=False)
        try:
            again = Replace(key_of(identity.number), _row(anew), identity.version)
            (version,) = await self._store.write(TABLE, source, [again])
        except LostRace:
            return await self.of(source, identity.number, fresh=fresh)
        return replace(anew, version=version)

    async def _again(
        self, source: str, number: str, *, record_hash: str, person_id: PersonId | None = None
    ) -> None:
        """Write over whatever stands there, but never an older person over a newer one."""
        while known := await self.find(source, number):
            changed = replace(
                known, record_hash=record_hash, person_id=person_id or known.person_id
            )
            if changed == known:
                return
            again = Replace(key_of(number), _row(changed), known.version)
            with suppress(LostRace):
                await self._store.write(TABLE, source, [again])
                return

    async def hashes(self, source: str) -> dict[str, str]:
        """By number, what everybody of a source looked like when last decided on."""
        return {
            str(row.properties["number"]): str(row.properties["hash"])
            async for row in self._store.scan(TABLE, source)
        }

    async def everyone(self, source: str) -> AsyncIterator[Identity]:
        """Read all numbers of a source, in key order."""
        async for row in self._store.scan(TABLE, source):
            yield _identity(row)


def _row(identity: Identity) -> dict[str, str | bool]:
    erased: dict[str, str | bool] = {"erased": True} if identity.erased else {}
    return {
        "number": identity.number,
        "person": identity.person_id,
        "hash": identity.record_hash,
        **erased,
    }


def _identity(row: Row) -> Identity:
    values = row.properties
    person_id = PersonId(str(values["person"]))
    return Identity(
        number=str(values["number"]),
        person_id=person_id,
        record_hash=str(values["hash"]),
        erased=bool(values.get("erased")),
        version=row.etag,
    )
