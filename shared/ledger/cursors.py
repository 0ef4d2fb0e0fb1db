"""How far was a source read, and how many people did it last name?

One row a source, moved by compare-and-set, so that a second run only repeats a read.
"""

from __future__ import annotations

from datetime import datetime

from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Insert, Replace, Store
from shared.model.frozen import Frozen

TABLE = "cursors"
_KEY = "cursor"


class Cursor(Frozen):
    """Where the last reads of a source stand; the moments are calendar time."""

    changed_until: datetime | None = None
    """Changes up to here have been collected."""
    full_sync_at: datetime | None = None
    population: int | None = None
    """How many people the last full answer named."""
    employers: tuple[str, ...] | None = None
    """Codes of every employer that its answers ever named; None: nobody has looked yet."""
    mass_leave: str | None = None
    """Why the people whom an answer ends wait for a human, until all of them are decided."""
    problem: str | None = None
    """Why the last read was refused or failed, for operators; None after a good one."""


class Cursors:
    """The cursor of each source."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, source: str) -> tuple[Cursor, str | None]:
        """The cursor and its version; a source never read has an empty one without version."""
        row = await self._store.get(TABLE, source, _KEY)
        return (unpack(Cursor, row), row.etag) if row else (Cursor(), None)

    async def move(self, source: str, cursor: Cursor, version: str | None) -> str:
        """Write the cursor if it is still that version; answers the new one.

        Raises LostRace when another run did.
        """
        values = pack(cursor)
        operation = Replace(_KEY, values, version) if version else Insert(_KEY, values)
        return (await self._store.write(TABLE, source, [operation]))[0]
