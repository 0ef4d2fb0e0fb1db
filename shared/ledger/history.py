"""What was done to this person, when, by which rule? The audit, written before what it explains.

Keys are deterministic: telling the same thing twice leaves one row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import batched

from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import MAX_OPERATIONS, Put, Store
from shared.model.desired import Reason
from shared.model.frozen import Frozen
from shared.model.person import PersonId

TABLE = "history"


class Told(Frozen):
    """One line of the audit; `at` is calendar time. Never a value of a person's data."""

    at: datetime
    what: str
    """`joiner`, or a change such as `entra: add to group Servicedesk`."""
    who: str = "instroom"
    """Who caused it: the service, or an operator."""
    reasons: tuple[Reason, ...] = ()


class History:
    """The audit of people."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def tell(self, person_id: PersonId, lines: Sequence[tuple[str, Told]]) -> None:
        """Write these lines, each under its key; a key told before is told again, once."""
        for some in batched(lines, MAX_OPERATIONS, strict=False):
            await self._store.write(
                TABLE, person_id, [Put(key_of(key), pack(line)) for key, line in some]
            )

    async def of(self, person_id: PersonId) -> AsyncIterator[Told]:
        """Every line about this person, in the order in which they were told."""
        async for row in self._store.scan(TABLE, person_id):
            yield unpack(Told, row)
