"""Which memberships wait to be bound together with those of others?

One partition, the group first in the key, so that a scan meets the members of one group together
and one person's memberships are written in one transaction. A row is written before it is relied
on, claimed before the group is asked, and dropped after the answer was seen. Whoever does not
want a membership any more takes back what nobody has claimed; what is claimed may arrive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched

from shared.errors import LostRace
from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import MAX_OPERATIONS, Delete, Insert, Replace, Row, Store
from shared.model.frozen import Frozen
from shared.model.person import PersonId

TABLE = "pending"
_PARTITION = "entra"


class Membership(Frozen):
    """One account that waits for one group."""

    group: str
    """As the policy calls it."""
    person_id: PersonId
    account_id: str
    place: str
    """Where the audit tells it."""
    claimed_until: datetime | None = None
    """Wall time until which somebody may be asking the group for it."""

    def is_claimed(self, wall: datetime) -> bool:
        """May it arrive at any moment?"""
        return self.claimed_until is not None and wall < self.claimed_until


@dataclass(frozen=True)
class Waiting:
    """A membership as listed, with its version and when it was last written (wall time)."""

    membership: Membership
    etag: str
    written_at: datetime


class Pending:
    """The memberships that wait."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, memberships: Iterable[Membership]) -> None:
        """Let these wait; one that does already is left as it is, claimed or not."""
        wanted = {_key(each.group, each.person_id): each for each in memberships}
        for some in batched(wanted.items(), MAX_OPERATIONS, strict=False):
            await self._add(dict(some))

    async def _add(self, wanted: Mapping[str, Membership]) -> None:
        while True:
            missing = [Insert(key, pack(each)) for key, each in wanted.items()]
            missing = [one for one in missing if not await self._row(one.key)]
            if not missing:
                return
            try:
                await self._store.write(TABLE, _PARTITION, missing)
            except LostRace:
                continue
            return

    async def everything(self) -> AsyncIterator[Waiting]:
        """All that waits, group by group."""
        async for row in self._store.scan(TABLE, _PARTITION):
            yield _waiting(row)

    async def any(self) -> bool:
        """Does anything wait?"""
        async for _ in self._store.scan(TABLE, _PARTITION):
            return True
        return False

    async def claim(self, some: Sequence[Waiting], until: datetime) -> tuple[Waiting, ...]:
        """Nobody takes these back until then. Raises LostRace when one is not as it was."""
        return await self._rewrite(some, until)

    async def release(self, some: Sequence[Waiting]) -> None:
        """They wait on, nobody was asked for them. Raises LostRace when they wait no longer."""
        await self._rewrite(some, None)

    async def drop(self, some: Collection[Waiting]) -> None:
        """They are settled; only for whoever claimed them."""
        keys = [_key(each.membership.group, each.membership.person_id) for each in some]
        for few in batched(keys, MAX_OPERATIONS, strict=False):
            await self._store.write(TABLE, _PARTITION, [Delete(key) for key in few])

    async def take_back(
        self, person_id: PersonId, groups: Collection[str], wall: datetime
    ) -> frozenset[str]:
        """Let this person wait for these no longer; answers those that may arrive all the same."""
        may_arrive = [g for g in groups if not await self._took_back(_key(g, person_id), wall)]
        return frozenset(may_arrive)

    async def _took_back(self, key: str, wall: datetime) -> bool:
        while row := await self._row(key):
            if unpack(Membership, row).is_claimed(wall):
                return False
            try:
                await self._store.write(TABLE, _PARTITION, [Delete(key, row.etag)])
            except LostRace:
                continue
        return True

    async def _rewrite(
        self, some: Sequence[Waiting], until: datetime | None
    ) -> tuple[Waiting, ...]:
        changed = [
            replace(each, membership=each.membership.model_copy(update={"claimed_until": until}))
            for each in some
        ]
        rows = [(_key(m.membership.group, m.membership.person_id), m) for m in changed]
        operations = [Replace(key, pack(each.membership), each.etag) for key, each in rows]
        etags = await self._store.write(TABLE, _PARTITION, operations)
        return tuple(replace(each, etag=etag) for each, etag in zip(changed, etags, strict=True))

    async def _row(self, key: str) -> Row | None:
        return await self._store.get(TABLE, _PARTITION, key)


def _key(group: str, person_id: PersonId) -> str:
    return f"{key_of(group)}|{person_id}"


def _waiting(row: Row) -> Waiting:
    return Waiting(unpack(Membership, row), row.etag, row.written_at)
