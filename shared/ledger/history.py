"""What was done to this person, when, by which rule? The audit, written before what it explains.

Keys are deterministic: telling the same thing twice leaves one row. Each line is written into the
journal of its day first, where it is listed and sealed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from itertools import batched

from shared.ledger.journal import Entry, Journal
from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import MAX_OPERATIONS, Delete, Put, Store
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
        self._journal = Journal(store)

    async def tell(self, person_id: PersonId, lines: Sequence[tuple[str, Told]]) -> None:
        """Write these lines, each under its key; a key told before is told again, once."""
        await self._journal.tell(_entry(person_id, key, line) for key, line in lines)
        for some in batched(lines, MAX_OPERATIONS, strict=False):
            await self._store.write(
                TABLE, person_id, [Put(key_of(key), pack(line)) for key, line in some]
            )

    async def strip(self, person_id: PersonId, bare: Callable[[Told], Told]) -> None:
        """Make of every line what is left of it when the person is erased."""
        told = {row.key: unpack(Told, row) async for row in self._store.scan(TABLE, person_id)}
        puts = [Put(key, pack(bare(one))) for key, one in told.items() if bare(one) != one]
        for some in batched(puts, MAX_OPERATIONS, strict=False):
            await self._store.write(TABLE, person_id, list(some))

    async def of(self, person_id: PersonId) -> AsyncIterator[Told]:
        """Every line about this person, in the order in which they were told."""
        async for row in self._store.scan(TABLE, person_id):
            yield unpack(Told, row)

    async def drop(self, person_id: PersonId, told: Collection[tuple[str, datetime]]) -> None:
        """Forget the lines that were told there then; not those that were told again later."""
        old = {(key_of(place), at) for place, at in told}
        rows = [row async for row in self._store.scan(TABLE, person_id)]
        gone = [Delete(row.key) for row in rows if (row.key, unpack(Told, row).at) in old]
        for some in batched(gone, MAX_OPERATIONS, strict=False):
            await self._store.write(TABLE, person_id, list(some))


def _entry(person_id: PersonId, place: str, line: Told) -> Entry:
    return Entry(
        at=line.at,
        person_id=person_id,
        place=place,
        who=line.who,
        what=line.what,
        rules=tuple(dict.fromkeys(reason.rule for reason in line.reasons)),
    ).sealed()
