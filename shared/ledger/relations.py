"""Who reports to whom, who waits for whose account, and who answers for which external?

Both are kept under the manager's `source:number`, because the manager may not be known yet. A
`waits` row is written before the account is looked for; a manager who comes into existence wakes
the waiting before saying served. Neither order can lose anyone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from shared.ledger.pack import key_of
from shared.ledger.rows import Delete, Put, Store
from shared.model.person import PersonId

REPORTS = "reports"
WAITS = "waits"
SPONSORS = "sponsors"


class Relations:
    """Rows between two people."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def report(self, manager: str, person_id: PersonId) -> bool:
        """Note that this person reports to `manager`; answer whether that was new."""
        if await self._store.get(REPORTS, key_of(manager), person_id):
            return False
        await self._store.write(REPORTS, key_of(manager), [Put(person_id)])
        return True

    async def no_longer_reports(self, manager: str, person_id: PersonId) -> None:
        """Forget that this person reports to `manager`."""
        await self._store.write(REPORTS, key_of(manager), [Delete(person_id)])

    async def reports_of(self, manager: str) -> AsyncIterator[PersonId]:
        """Who reports to `manager`."""
        async for row in self._store.scan(REPORTS, key_of(manager)):
            yield PersonId(row.key)

    async def has_reports(self, manager: str) -> bool:
        """Answer whether anybody reports to `manager`."""
        async for _ in self._store.scan(REPORTS, key_of(manager)):
            return True
        return False

    async def sponsor(self, sponsor: str, person_id: PersonId) -> None:
        """Note that `sponsor` answers for this external, to look at them when that changes."""
        await self._store.write(SPONSORS, key_of(sponsor), [Put(person_id)])

    async def sponsored_by(self, sponsor: str) -> AsyncIterator[PersonId]:
        """For whom `sponsor` answers, or once did."""
        async for row in self._store.scan(SPONSORS, key_of(sponsor)):
            yield PersonId(row.key)

    async def forget_sponsor(self, sponsor: str) -> None:
        """Who answered is erased; whoever answers again is noted when that is looked at."""
        for person_id in [one async for one in self.sponsored_by(sponsor)]:
            await self._store.write(SPONSORS, key_of(sponsor), [Delete(person_id)])

    async def wait_for(self, manager: str, person_id: PersonId) -> None:
        """Note that this person must be looked at when the manager's account comes to stand."""
        await self._store.write(WAITS, key_of(manager), [Put(person_id)])

    async def waiting_for(self, manager: str) -> AsyncIterator[PersonId]:
        """Who waits for `manager`."""
        async for row in self._store.scan(WAITS, key_of(manager)):
            yield PersonId(row.key)

    async def stop_waiting(self, manager: str, person_id: PersonId) -> None:
        """Forget that this person waits."""
        await self._store.write(WAITS, key_of(manager), [Delete(person_id)])
