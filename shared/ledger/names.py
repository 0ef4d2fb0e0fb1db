"""Whose name is it? User principal names and employee ids, reserved before they are used.

A name stays its owner's after deletion, so that mail for someone gone never reaches a namesake.
"""

from __future__ import annotations

from shared.errors import LostRace
from shared.ledger.pack import key_of
from shared.ledger.rows import Insert, Store
from shared.model.person import PersonId

TABLE = "names"


class Names:
    """The register of names once given."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def reserve(self, kind: str, name: str, owner: PersonId) -> bool:
        """Make the name `owner`'s if it is free; answer whether it is theirs now."""
        key = key_of(name.casefold())
        try:
            await self._store.write(TABLE, f"{kind}:{key}", [Insert("name", {"owner": owner})])
        except LostRace:
            row = await self._store.get(TABLE, f"{kind}:{key}", "name")
            return row is not None and row.properties["owner"] == owner
        return True
