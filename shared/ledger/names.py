"""Whose name is it? User principal names and employee ids, reserved before they are used.

A name stays its owner's when the account is deleted, so that mail for someone gone does not reach
a namesake; after the policy's days somebody else may have it, and only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from shared.errors import LostRace
from shared.ledger.pack import key_of
from shared.ledger.rows import Delete, Insert, Properties, Replace, Row, Store
from shared.model.person import PersonId

TABLE = "names"
_ROW = "name"
_OWNER = "owner"
_RELEASED = "released_at"


class Names:
    """The register of names once given."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def reserve(
        self,
        kind: str,
        name: str,
        owner: PersonId,
        *,
        now: datetime | None = None,
        reuse_after: timedelta | None = None,
    ) -> bool:
        """Make the name `owner`'s if it is free; answer whether it is theirs now.

        A name whose account is gone for `reuse_after` at `now` is free; without either of the two
        it stays its owner's for ever. Its own owner gets it back at any time.
        """
        place, mine = _place(kind, name), {_OWNER: owner}
        try:
            await self._store.write(TABLE, place, [Insert(_ROW, mine)])
        except LostRace:
            row = await self._store.get(TABLE, place, _ROW)
            if row is None:
                return False
            if row.properties == mine:
                return True
            if row.properties[_OWNER] == owner or _is_free(row, now, reuse_after):
                return await self._replaced(row, mine)
            return False
        return True

    async def owner(self, kind: str, name: str) -> PersonId | None:
        """Whose name it is, or was last."""
        row = await self._store.get(TABLE, _place(kind, name), _ROW)
        return PersonId(str(row.properties[_OWNER])) if row else None

    async def release(
        self, kind: str, names: Iterable[str], owner: PersonId, now: datetime
    ) -> None:
        """The account is deleted: from `now` on these names of `owner` wait to be free.

        Also a name that was never reserved, because the account was taken over with it.
        """
        for name in names:
            given_up = {_OWNER: owner, _RELEASED: now.isoformat()}
            try:
                await self._store.write(TABLE, _place(kind, name), [Insert(_ROW, given_up)])
            except LostRace:
                row = await self._store.get(TABLE, _place(kind, name), _ROW)
                if row and row.properties == {_OWNER: owner}:
                    await self._replaced(row, given_up)

    async def forget(self, kind: str, name: str, owner: PersonId) -> None:
        """The name is nobody's and never was, as far as this owner goes."""
        row = await self._store.get(TABLE, _place(kind, name), _ROW)
        if row and row.properties[_OWNER] == owner:
            with suppress(LostRace):  # somebody else has it by now
                await self._store.write(TABLE, row.partition, [Delete(_ROW, row.etag)])

    async def _replaced(self, row: Row, properties: Properties) -> bool:
        try:
            change = Replace(row.key, properties, row.etag)
            await self._store.write(TABLE, row.partition, [change])
        except LostRace:
            return False
        return True


def _place(kind: str, name: str) -> str:
    return f"{kind}:{key_of(name.casefold())}"


def _is_free(row: Row, now: datetime | None, reuse_after: timedelta | None) -> bool:
    released = row.properties.get(_RELEASED)
    if released is None or now is None or reuse_after is None:
        return False
    return datetime.fromisoformat(str(released)) + reuse_after <= now
