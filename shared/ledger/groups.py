"""Which groups has Instroom made, and under which name? One partition.

Written before and after the create: whoever finds a create begun and no id waits until Entra
shows what became of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import Delete, Insert, Replace, Store
from shared.model.frozen import Frozen

TABLE = "groups"
_MADE = "made"


class MadeGroup(Frozen):
    """One group of our own making."""

    right: str
    """What it is called among people's rights."""
    group_id: str | None = None
    name: str = ""
    """The display name that we gave it last."""
    name_before: str = ""
    renamed_at: datetime | None = None
    """Calendar moment of the last rename."""
    tried_at: datetime | None = None
    """Wall time at which a create was last sent."""
    empty_since: datetime | None = None
    """Calendar moment at which it was first seen without a member; None: it has some."""


class MadeGroups:
    """The register of groups that Instroom made."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, right: str) -> tuple[MadeGroup, str | None]:
        """What is known of this group, and the version for writing."""
        row = await self._store.get(TABLE, _MADE, key_of(right))
        return (unpack(MadeGroup, row), row.etag) if row else (MadeGroup(right=right), None)

    async def everything(self) -> AsyncIterator[tuple[MadeGroup, str]]:
        """Every group that was made or begun, with its version."""
        async for row in self._store.scan(TABLE, _MADE):
            yield unpack(MadeGroup, row), row.etag

    async def write(self, group: MadeGroup, version: str | None) -> str:
        """Write it; answers the new version. Raises LostRace when somebody else wrote."""
        values, key = pack(group), key_of(group.right)
        operation = Replace(key, values, version) if version else Insert(key, values)
        (etag,) = await self._store.write(TABLE, _MADE, [operation])
        return etag

    async def forget(self, group: MadeGroup, version: str) -> None:
        """It was deleted. Raises LostRace when somebody else wrote."""
        await self._store.write(TABLE, _MADE, [Delete(key_of(group.right), version)])
