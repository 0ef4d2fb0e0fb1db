"""Which policy is active, and which were? Decisions use this one, never the file.

Every policy that was ever active is kept under its hash, so that an old decision can still be
explained. One pointer row says which is active, and how far its activation has woken people.
"""

from __future__ import annotations

from datetime import datetime

from shared.errors import LostRace
from shared.ledger.pack import pack, pack_text, unpack, unpack_text
from shared.ledger.rows import Insert, Replace, Store
from shared.model.frozen import Frozen

TABLE = "policies"
_POINTER = ("active", "pointer")


class Active(Frozen):
    """The pointer: which policy decides, since when, and whom activation must still wake."""

    policy: str
    since: datetime
    still_to_wake: bool = False
    woken_until: str = ""
    """`source|number key` of the last identity woken; activation goes on behind it."""


class Policies:
    """The policies and the pointer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, policy: str, text: str) -> None:
        """Keep the text under its hash; the same one twice is one."""
        try:
            await self._store.write(TABLE, policy, [Insert("text", pack_text(text))])
        except LostRace:
            return

    async def text(self, policy: str) -> str | None:
        """The text of a policy that was kept."""
        row = await self._store.get(TABLE, policy, "text")
        return unpack_text(row.properties) if row else None

    async def active(self) -> tuple[Active | None, str | None]:
        """The pointer and its version; None in an empty ledger."""
        row = await self._store.get(TABLE, *_POINTER)
        return (unpack(Active, row), row.etag) if row else (None, None)

    async def point(self, active: Active, version: str | None) -> str:
        """Move the pointer if it is still that version; answers the new one. Raises LostRace."""
        partition, key = _POINTER
        operation = Replace(key, pack(active), version) if version else Insert(key, pack(active))
        return (await self._store.write(TABLE, partition, [operation]))[0]
