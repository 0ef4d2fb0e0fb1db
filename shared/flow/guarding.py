"""Ask the guard about the harm of one decision, and remember what it said.

The rules are guard/judge.py's; this file reads the entries, writes the answer with them, and asks
again when somebody else was asked in between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.errors import LostRace
from shared.flow.service import Service
from shared.guard import content, judge
from shared.guard.causes import View, cause
from shared.guard.judge import Asked, Verdict
from shared.ledger.batches import Place
from shared.ledger.harms import Book
from shared.model.change import Harm
from shared.model.desired import Desired, State, TargetName
from shared.model.harm import Batch, HarmEntry, Loss, Member
from shared.model.person import Person, PersonId
from shared.policy.document import Limit

_ENDS = frozenset({Harm.BLOCK, Harm.DELETE})
_LOSSES = frozenset({Harm.RIGHT, Harm.RENAME})


@dataclass(frozen=True)
class Question:
    """What the guard is asked about one person."""

    person_id: PersonId
    now: View
    was: View | None
    """What the last decision was made of."""
    before: State
    after: Desired
    decided: Collection[Harm]
    """Harm of the last decision that was let through: a target may still be at it."""
    held: Mapping[Harm, str]
    """What the last decision holds, each kind with its batch."""
    must_wait: str | None
    """Why an end must wait for a human whatever the count; None when it need not."""
    strays: Mapping[TargetName, Collection[str]] = field(default_factory=dict)
    """What of the rights that are lost somebody else gave."""


@dataclass(frozen=True)
class _Harm:
    """One kind of harm that is asked about."""

    question: Question
    kind: Harm
    losses: tuple[Loss, ...]
    limit: Limit

    @property
    def person_id(self) -> PersonId:
        return self.question.person_id

    @property
    def content(self) -> str:
        now, after = self.question.now, self.question.after
        return content.of_harm(self.kind, now.person, now.policy, after, self.losses)

    @property
    def must_wait(self) -> str | None:
        return self.question.must_wait if self.kind in _ENDS else None

    @property
    def is_wanted(self) -> bool:
        """Did an operator ask for this harm to this person? Then nobody else need agree."""
        return self.kind == Harm.BLOCK and self.question.now.person.stop is not None

    @property
    def held_in(self) -> str | None:
        return self.question.held.get(self.kind)

    def cause(self, mine: HarmEntry | None, waits: Member | None) -> str:
        """What brought it about: of what waits already, what had done so when it was held."""
        if mine and mine.state == "held" and mine.content == self.content:
            return mine.cause
        if waits and waits.losses == self.losses and self.kind in _LOSSES:
            return waits.cause
        asked = self.question
        return cause(self.kind, self.losses, asked.was, asked.now, strays=asked.strays)

    def member(self, cause: str) -> Member:
        """How the person is shown to the human who decides."""
        return Member(
            person_id=self.person_id,
            number=self.question.now.person.primary_record.key,
            content=self.content,
            before=self.question.before,
            after=self.question.after.entra.state,
            why=self.question.after.entra.why.because,
            cause=cause,
            losses=self.losses,
        )


async def ask(
    service: Service, question: Question, harms: Mapping[Harm, tuple[Loss, ...]]
) -> Mapping[Harm, str]:
    """Which of these harms are held, each with its batch; the others may go on."""
    held = {}
    for kind, losses in harms.items():
        if kind == Harm.JOINER and await is_going_live(service, question.now.person):
            continue
        one = _Harm(question, kind, losses, question.now.policy.guard.limit(kind))
        if batch_id := await _ask_one(service, one):
            held[kind] = batch_id
    return held


async def withdraw(
    service: Service, person_id: PersonId, was: Mapping[Harm, str], hold: Collection[Harm]
) -> None:
    """Take someone's harm out of its batches: it is not, or never came to be, what is decided.

    Before the decision that says so is written: a stop in between leaves the old one, which is
    then decided anew. A lane that holds the same person meanwhile finds its way back by its lease.
    """
    for kind in Harm:
        if kind in hold:
            continue
        left = await service.ledger.harms.withdraw(kind, person_id, service.clock.now())
        for batch_id in {left, was.get(kind)} - {None}:
            await _leave(service, person_id, str(batch_id))


async def _leave(service: Service, person_id: PersonId, batch_id: str) -> None:
    """What was approved stays in its batch: the audit is told of it, and it is over then."""
    while shown := await service.ledger.batches.read(batch_id):
        member = shown.member(person_id)
        said = shown.batch.said.get(member.cause) if member else None
        if member is None or (said and said.answer == "approved"):
            return
        try:
            await service.ledger.batches.leave(shown, person_id)
        except LostRace:
            continue


async def _ask_one(service: Service, asked: _Harm) -> str | None:
    """Judge and write it down; the batch when it is held."""
    population = await _population(service)
    while True:
        now = service.clock.now()
        book = await service.ledger.harms.read(asked.kind, asked.person_id)
        mine = book.mine
        if mine and mine.state == "released" and asked.kind in asked.question.decided:
            return None  # also when it is done, and the target's row does not say so yet
        place = await _place(service, asked, mine)
        what = asked.content
        put = Asked(
            content=what,
            cause=asked.cause(mine, place.member if place else None),
            allowed=asked.limit.allowed(population),
            per_cause=asked.limit.per_cause,
            approved=_answered(place, "approved")
            | await _ahead(service, asked)
            | ({what} if asked.is_wanted else set()),
            rejected=_answered(place, "rejected"),
            always_hold=asked.must_wait is not None or asked.held_in is not None,
        )
        said = judge.verdict(mine, book.weighing, put, now)
        if said == Verdict.GOES_ON:
            return None
        try:
            batch_id = await _batch(service, asked, put, book, place, said)
            await _note(service, asked, put, book, batch_id, now)
        except LostRace:
            continue
        return batch_id


async def _note(
    service: Service, asked: _Harm, put: Asked, book: Book, batch_id: str | None, now: datetime
) -> None:
    """Write the entry, and leave the batch that it waited in before. Raises LostRace."""
    mine = book.mine
    entry = HarmEntry(
        person_id=asked.person_id,
        state="held" if batch_id else "released",
        content=put.content,
        cause=put.cause,
        approved=not batch_id and put.content in put.approved,
        batch=batch_id,
        targets=tuple(loss.target for loss in asked.losses),
        earlier_until=mine.counts_until(now) if mine else None,
    )
    if mine != entry:
        await service.ledger.harms.enter(book, entry, now)
    if mine and mine.batch and mine.batch != batch_id:
        await _leave(service, asked.person_id, mine.batch)


async def _batch(
    service: Service, asked: _Harm, put: Asked, book: Book, place: Place | None, said: Verdict
) -> str | None:
    """The batch that holds it, joined before anything says that it is held; None: it goes on."""
    match said:
        case Verdict.HOLD:
            return await _join(service, asked, put, book, place)
        case Verdict.REFUSED if place:
            return place.batch.batch_id
        case _:
            return None


async def _join(
    service: Service, asked: _Harm, put: Asked, book: Book, place: Place | None
) -> str:
    """Put the person into the open batch, or into a new one.

    Batches are numbered, so that two lanes that find none open mean the same new one.
    Raises LostRace when somebody else wrote to it.
    """
    batches, member = service.ledger.batches, asked.member(put.cause)
    if place and place.batch.takes(put.cause):
        await batches.join(place, member)
        return place.batch.batch_id
    batch_id = book.open_batch or f"{asked.kind}-1"
    while there := await batches.place(batch_id, asked.person_id):
        if there.batch.takes(put.cause):
            await batches.join(there, member)
            return batch_id
        batch_id = f"{asked.kind}-{int(batch_id.rpartition('-')[2]) + 1}"
    because = asked.must_wait or _why(asked, put, book, service.clock.now())
    batch = Batch(batch_id=batch_id, kind=asked.kind, opened_at=service.clock.now(), cause=because)
    await batches.open(batch, member)
    return batch_id


def _why(asked: _Harm, put: Asked, book: Book, now: datetime) -> str:
    if asked.held_in:
        return "it was held before, and its facts changed since"
    if len(judge.lately(book.weighing, now, but=asked.person_id)) >= put.allowed:
        return f"guard.{asked.kind} lets {_people(put.allowed)} a day through without a human"
    one = f"guard.{asked.kind}.per_cause lets {_people(put.per_cause or 0)} a day through"
    return f"{one} for one cause"


def _people(count: int) -> str:
    match count:
        case 0:
            return "nobody"
        case 1:
            return "1 person"
        case _:
            return f"{count} people"


async def _place(service: Service, asked: _Harm, mine: HarmEntry | None) -> Place | None:
    """The batch this harm waits in, and what a human saw of it."""
    batch_id = asked.held_in or (mine and mine.batch)
    return await service.ledger.batches.place(batch_id, asked.person_id) if batch_id else None


def _answered(place: Place | None, answer: str) -> frozenset[str]:
    """The content to which a human gave this answer in the batch."""
    member = place.member if place else None
    said = place.batch.said.get(member.cause) if place and member else None
    return frozenset({member.content} if member and said and said.answer == answer else ())


async def _ahead(service: Service, asked: _Harm) -> frozenset[str]:
    """The content that humans agreed to before the day."""
    if asked.kind != Harm.BLOCK:
        return frozenset()
    ahead = await service.ledger.batches.ahead(asked.person_id)
    return frozenset({ahead.content} if ahead and ahead.said.answer == "approved" else ())


async def is_going_live(service: Service, person: Person) -> bool:
    """No full read of their source has come to its end: its first load is under way."""
    cursor, _ = await service.ledger.cursors.read(person.primary_record.source)
    return cursor.full_sync_at is None


async def _population(service: Service) -> int | None:
    """The people of all sources, for all of them share one counter; None when none was read."""
    cursors = [await service.ledger.cursors.read(source) for source in service.sources]
    found = [cursor.population for cursor, _ in cursors if cursor.population is not None]
    return sum(found) if found else None
