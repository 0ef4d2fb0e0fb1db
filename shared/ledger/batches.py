"""What waits for a human, and what exactly did they agree to?

A batch and its members share a partition. Adding a member rewrites the batch row, so that what is
said by compare-and-set covers exactly the members that were shown. Humans answer for the whole or
for one cause: each cause is answered once, and whoever comes later joins another batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

from shared.ledger.pack import pack, unpack
from shared.ledger.rows import Delete, Insert, Operation, Put, Replace, Store
from shared.model.harm import Ahead, Batch, Member, Said, mark
from shared.model.person import PersonId

TABLE = "batches"
_AHEAD = "ahead"
_INDEX = "index"
_BATCH = "batch"
_MEMBER = "member:"


@dataclass(frozen=True)
class Place:
    """A batch, and what lies there of one person."""

    batch: Batch
    version: str
    member: Member | None


@dataclass(frozen=True)
class Cause:
    """The members of a batch whose harm has one cause; `number` is its place in the list."""

    number: int
    text: str
    members: tuple[Member, ...]
    said: Said | None

    @property
    def is_decided(self) -> bool:
        """Has a human said yes or no?"""
        return self.said is not None and self.said.is_final

    @property
    def fingerprint(self) -> str:
        """What a human has seen: changes when any member or its content does."""
        return _mark(self.members)


@dataclass(frozen=True)
class Shown:
    """A batch with its members, as read together."""

    batch: Batch
    members: tuple[Member, ...]
    version: str

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Its causes, the commonest first."""
        found = Counter(member.cause for member in self.members)
        ordered = sorted(found, key=lambda text: (-found[text], text))
        return tuple(
            Cause(number, text, self._with(text), self.batch.said.get(text))
            for number, text in enumerate(ordered, 1)
        )

    @property
    def open_causes(self) -> tuple[Cause, ...]:
        """Those that wait for an answer."""
        return tuple(cause for cause in self.causes if not cause.is_decided)

    @property
    def waiting(self) -> tuple[Member, ...]:
        """Those who wait for an answer."""
        return tuple(member for cause in self.open_causes for member in cause.members)

    @property
    def fingerprint(self) -> str:
        """What a human has seen of all that waits."""
        return _mark(self.waiting)

    def _with(self, cause: str) -> tuple[Member, ...]:
        return tuple(m for m in self.members if m.cause == cause)

    def member(self, person_id: PersonId) -> Member | None:
        """This person's entry in the batch."""
        return next((m for m in self.members if m.person_id == person_id), None)


class Batches:
    """The batches that wait, and those that were closed; and who was agreed to before the day."""

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

    async def place(self, batch_id: str, person_id: PersonId) -> Place | None:
        """A batch and one person in it, without reading all the others.

        The batch comes first: whoever writes over its version has read the member as it is.
        """
        row = await self._store.get(TABLE, batch_id, _BATCH)
        if row is None:
            return None
        member = await self._store.get(TABLE, batch_id, _MEMBER + person_id)
        return Place(unpack(Batch, row), row.etag, unpack(Member, member) if member else None)

    async def open(self, batch: Batch, member: Member) -> None:
        """Begin a batch with its first member."""
        await self._store.write(TABLE, _INDEX, [Put(batch.batch_id)])
        first = batch.model_copy(update={"members": 1})
        await self._store.write(TABLE, batch.batch_id, [Insert(_BATCH, pack(first)), _put(member)])

    async def join(self, place: Place, member: Member) -> None:
        """Add or renew a member of an open batch. Raises LostRace when the batch changed."""
        if place.member == member:
            return
        more = place.batch.members + (place.member is None)
        await self._rewrite(place.batch, place.version, {"members": more}, _put(member))

    async def leave(self, shown: Shown, person_id: PersonId) -> None:
        """Take someone out of a batch; the last one closes it. Raises LostRace."""
        left = [m for m in shown.members if m.person_id != person_id]
        await self._settle(shown, shown.batch.said, left, Delete(_MEMBER + person_id))

    async def say(self, shown: Shown, said: Mapping[str, Said]) -> None:
        """Write the answers to these causes. Raises LostRace when the batch changed."""
        await self._settle(shown, {**shown.batch.said, **said}, shown.members)

    async def remind(self, shown: Shown, steps: int) -> None:
        """So many reminders are said, or about to be. Raises LostRace when the batch changed."""
        await self._rewrite(shown.batch, shown.version, {"reminded": steps})

    async def unfinished(self) -> AsyncIterator[Shown]:
        """Every batch that waits, that is not yet worked off, or that holds whom was refused."""
        async for row in self._store.scan(TABLE, _INDEX):
            shown = await self.read(row.key)
            if shown and shown.batch.state != "closed":
                yield shown

    async def open_ones(self) -> AsyncIterator[Batch]:
        """Every batch in which somebody waits, without its members."""
        async for row in self._store.scan(TABLE, _INDEX):
            found = await self._store.get(TABLE, row.key, _BATCH)
            batch = unpack(Batch, found) if found else None
            if batch and batch.state == "open":
                yield batch

    # --- before the day ---

    async def agree_ahead(self, ahead: Ahead) -> None:
        """Keep what was said of somebody's coming end; the last word stands."""
        await self._store.write(TABLE, _AHEAD, [Put(ahead.person_id, pack(ahead))])

    async def ahead(self, person_id: PersonId) -> Ahead | None:
        """What was said of this person's coming end."""
        row = await self._store.get(TABLE, _AHEAD, person_id)
        return unpack(Ahead, row) if row else None

    async def forget_ahead(self, person_id: PersonId) -> None:
        """Forget what was said of this person's coming end: it came."""
        await self._store.write(TABLE, _AHEAD, [Delete(person_id)])

    async def forget(self, batch_id: str, person_id: PersonId) -> None:
        """Take somebody who is erased out of a batch that is over."""
        await self._store.write(TABLE, batch_id, [Delete(_MEMBER + person_id)])

    async def _settle(
        self,
        shown: Shown,
        said: Mapping[str, Said],
        members: Iterable[Member],
        *more: Operation,
    ) -> None:
        """Write answers and members with the state that follows; a batch without work closes."""
        left = tuple(members)
        state = _state(said, left)
        changes = {"said": dict(said), "members": len(left), "state": state}
        await self._rewrite(shown.batch, shown.version, changes, *more)
        if state == "closed":
            await self._store.write(TABLE, _INDEX, [Delete(shown.batch.batch_id)])

    async def _rewrite(
        self, was: Batch, version: str, changes: dict[str, object], *more: Operation
    ) -> None:
        batch = was.model_copy(update=changes)
        rewritten = Replace(_BATCH, pack(batch), version)
        await self._store.write(TABLE, batch.batch_id, [rewritten, *more])


def _state(said: Mapping[str, Said], members: Iterable[Member]) -> str:
    answers = [said.get(member.cause) for member in members]
    if any(answer is None or not answer.is_final for answer in answers):
        return "open"
    busy = any(answer and (answer.answer == "rejected" or not answer.told) for answer in answers)
    return "decided" if busy else "closed"


def _mark(members: Iterable[Member]) -> str:
    return mark(f"{member.person_id} {member.content}" for member in members)


def _put(member: Member) -> Put:
    return Put(_MEMBER + member.person_id, pack(member))
