"""How far was the directory looked through, whose account is which, and what was found?

Whose an account is stands here only for drift: Graph tells no more than the id of what was
removed. Written when the account is first seen, with the employee number still on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

from shared.errors import LostRace
from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Insert, Put, Replace, Store
from shared.model.drift import Drift
from shared.model.frozen import Frozen
from shared.model.person import PersonId

TABLE = "drift"
_CURSOR = "cursor"
_FOUND = "found"
_ORPHANS = "orphans"
_AGAIN = "again"


class DriftCursor(Frozen):
    """Where one round of changes stands."""

    link: str | None = None
    """What to ask next; None: from the beginning."""
    select: tuple[str, ...] = ()
    """The attributes that were asked for with the first call."""
    known: bool = False
    """A whole round has been read: what comes now is a change."""
    thorough: bool = False
    """Changes were missed, for the link had grown too old: look at everybody of this round."""


class Orphan(Frozen):
    """An account that carries an employee number of nobody."""

    account_id: str
    employee_id: str
    seen_at: datetime


class DriftRows:
    """The rows of drift."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def cursor(self, name: str) -> tuple[DriftCursor, str | None]:
        """Where that round stands, with its version."""
        row = await self._store.get(TABLE, _CURSOR, name)
        return (unpack(DriftCursor, row), row.etag) if row else (DriftCursor(), None)

    async def move(self, name: str, cursor: DriftCursor, version: str | None) -> str:
        """Write it on. Raises LostRace when another run did."""
        values = pack(cursor)
        change = Replace(name, values, version) if version else Insert(name, values)
        return (await self._store.write(TABLE, _CURSOR, [change]))[0]

    # --- whose account ---

    async def owner(self, account_id: str) -> PersonId | None:
        """Whose account this was when it was last seen."""
        row = await self._store.get(TABLE, _place(account_id), account_id)
        return PersonId(str(row.properties["person"])) if row else None

    async def note_owner(self, account_id: str, person_id: PersonId) -> None:
        """This account is that person's."""
        put = Put(account_id, {"person": person_id})
        await self._store.write(TABLE, _place(account_id), [put])

    async def disown(self, account_id: str) -> None:
        """This account was somebody's who is erased."""
        await self._store.write(TABLE, _place(account_id), [Delete(account_id)])

    async def forget_owner(self, account_id: str) -> None:
        """This account is gone."""
        await self._store.write(TABLE, _place(account_id), [Delete(account_id)])

    # --- what was found ---

    async def keep(self, drift: Drift) -> None:
        """What was found on one person's account."""
        await self._store.write(TABLE, _FOUND, [Put(drift.person_id, pack(drift))])

    async def of(self, person_id: PersonId) -> Drift | None:
        """What was found on this person's account."""
        row = await self._store.get(TABLE, _FOUND, person_id)
        return unpack(Drift, row) if row else None

    async def found(self) -> AsyncIterator[Drift]:
        """Everything that was found and not forgotten."""
        async for row in self._store.scan(TABLE, _FOUND):
            yield unpack(Drift, row)

    async def forget(self, person_id: PersonId) -> None:
        """There is nothing any more."""
        await self._store.write(TABLE, _FOUND, [Delete(person_id)])

    async def look_again(self, person_id: PersonId) -> None:
        """It could not be seen now: the next run looks."""
        await self._store.write(TABLE, _AGAIN, [Put(person_id)])

    async def to_look_at(self) -> AsyncIterator[tuple[PersonId, str]]:
        """Whom an earlier run could not see, with the version for `looked_at`."""
        async for row in self._store.scan(TABLE, _AGAIN):
            yield PersonId(row.key), row.etag

    async def looked_at(self, person_id: PersonId, version: str) -> None:
        """Seen by now; unless it was noted once more meanwhile."""
        with suppress(LostRace):
            await self._store.write(TABLE, _AGAIN, [Delete(person_id, version)])

    # --- orphans ---

    async def note_orphan(self, orphan: Orphan) -> None:
        """An account of nobody was seen."""
        await self._store.write(TABLE, _ORPHANS, [Put(orphan.account_id, pack(orphan))])

    async def forget_orphan(self, account_id: str) -> None:
        """It is gone, or somebody's; forgetting what was none is no error."""
        await self._store.write(TABLE, _ORPHANS, [Delete(account_id)])

    async def orphans(self) -> AsyncIterator[Orphan]:
        """Every account of nobody."""
        async for row in self._store.scan(TABLE, _ORPHANS):
            yield unpack(Orphan, row)


def _place(account_id: str) -> str:
    """Some hundred partitions: a directory is too much for one."""
    return f"account:{account_id[:2]}"
