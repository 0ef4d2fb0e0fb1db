"""What waits for a human, and what exactly did they agree to?

A batch and its members share a partition. Adding a member rewrites the batch row, so approval by
compare-and-set covers exactly the members that were shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Insert, Operation, Put, Replace, Store
from shared.model.harm import Batch, Member
from shared.model.person import PersonId

TABLE = "batches"
_INDEX = "index"
_BATCH = "batch"
_MEMBER = "member:"


@dataclass(frozen=True)
class Shown:
    """A batch with its members, as read together."""

    batch: Batch
    members: tuple[Member, ...]
    version: str

    @property
    def fingerprint(self) -> str:
        """What a human has seen: changes when any member or its content does."""
        seen = "\n".join(sorted(f"{m.person_id} {m.content}" for m in self.members))
        return hashlib.sha256(seen.encode()).hexdigest()[:8]

    def member(self, person_id: PersonId) -> Member | None:
        """This person's entry in the batch."""
        return next((m for m in self.members if m.person_id == person_id), None)


class Batches:
    """The batches that wait, and those that were closed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, batch_id: str) -> Shown | None:
        """Read a batch with its members."""
        batch: Batch | None = None
        version = ""
        members: list[Member] = []
        async for row in self._store.scan(TABLE, batch_id):
            if row.key == _BATCH:
                batch, version = unpack(Batch, row), row.etag
            else:
                members.append(unpack(Member, row))
        return Shown(batch, tuple(members), version) if batch else None

    async def open(self, batch: Batch, member: Member) -> None:
        """Begin a batch with its first member."""
        await self._store.write(TABLE, _INDEX, [Put(batch.batch_id)])
        first = batch.model_copy(update={"members": 1})
        await self._store.write(TABLE, batch.batch_id, [Insert(_BATCH, pack(first)), _put(member)])

    async def join(self, shown: Shown, member: Member) -> None:
        """Add or renew a member of an open batch. Raises LostRace when the batch changed."""
        if shown.member(member.person_id) == member:
            return
        count = len({m.person_id for m in shown.members} | {member.person_id})
        await self._rewrite(shown, {"members": count}, _put(member))

    async def leave(self, shown: Shown, person_id: PersonId) -> None:
        """Take someone out of an open batch; the last one closes it. Raises LostRace."""
        left = [m for m in shown.members if m.person_id != person_id]
        state = "open" if left else "closed"
        changes = {"members": len(left), "state": state}
        await self._rewrite(shown, changes, Delete(_MEMBER + person_id))
        if not left:
            await self._store.write(TABLE, _INDEX, [Delete(shown.batch.batch_id)])

    async def approve(self, shown: Shown, who: str, now: datetime) -> None:
        """Agree to exactly the members shown. Raises LostRace when the batch changed."""
        await self._rewrite(shown, {"state": "approved", "approved_by": who, "approved_at": now})

    async def close(self, shown: Shown) -> None:
        """End an approved batch, once everyone in it has been woken. Raises LostRace."""
        await self._rewrite(shown, {"state": "closed"})
        await self._store.write(TABLE, _INDEX, [Delete(shown.batch.batch_id)])

    async def unfinished(self) -> AsyncIterator[Shown]:
        """Every batch that is open, or approved and not yet worked off."""
        async for row in self._store.scan(TABLE, _INDEX):
            shown = await self.read(row.key)
            if shown and shown.batch.state != "closed":
                yield shown

    async def _rewrite(self, shown: Shown, changes: dict[str, object], *more: Operation) -> None:
        batch = shown.batch.model_copy(update=changes)
        rewritten = Replace(_BATCH, pack(batch), shown.version)
        await self._store.write(TABLE, batch.batch_id, [rewritten, *more])


def _put(member: Member) -> Put:
    return Put(_MEMBER + member.person_id, pack(member))
