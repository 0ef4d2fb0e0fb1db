"""Ask the guard about the harm of one decision, and remember what it said.

The rules are guard/judge.py's; this file reads the entries, writes the answer with them, and asks
again when somebody else was asked in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.errors import LostRace
from shared.flow.service import Service
from shared.guard import judge
from shared.guard.judge import Verdict
from shared.ledger.batches import Shown
from shared.ledger.harms import Book
from shared.model.change import Harm
from shared.model.desired import Desired, State, TargetName
from shared.model.harm import Batch, HarmEntry, Member
from shared.model.person import Person, PersonId
from shared.policy.document import Policy


@dataclass(frozen=True)
class Question:
    """What the guard is asked about one person."""

    person_id: PersonId
    person: Person
    policy_hash: str
    policy: Policy
    before: State
    after: Desired
    decided: Collection[Harm]
    """Harm of the last decision that was let through: a target may still be at it."""
    held: Mapping[Harm, str]
    """What the last decision holds, each kind with its batch."""
    cause: str | None
    """Why this harm must wait for a human whatever the count; None when it need not."""

    def asks_for(self, kind: Harm) -> bool:
        """Did an operator ask for this harm to this person? Then nobody else need agree."""
        return kind == Harm.BLOCK and self.person.stop is not None

    @property
    def content(self) -> str:
        """Fingerprint of the facts and the policy: what an approval is for."""
        seen = f"{self.policy_hash} {self.person.model_dump_json()}"
        return hashlib.sha256(seen.encode()).hexdigest()[:16]

    @property
    def member(self) -> Member:
        """How the person is shown to the human who decides."""
        return Member(
            person_id=self.person_id,
            number=self.person.primary_record.key,
            content=self.content,
            before=self.before,
            after=self.after.entra.state,
            why=self.after.entra.why.because,
        )


async def ask(
    service: Service, question: Question, harms: Mapping[Harm, tuple[TargetName, ...]]
) -> Mapping[Harm, str]:
    """Which of these harms are held, each with its batch; the others may go on."""
    held = {}
    for kind, targets in harms.items():
        if batch_id := await _ask_one(service, question, kind, targets):
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
        left = await service.ledger.harms.withdraw(kind, person_id)
        for batch_id in {left, was.get(kind)} - {None}:
            await _leave(service, person_id, str(batch_id))


async def _leave(service: Service, person_id: PersonId, batch_id: str) -> None:
    while shown := await service.ledger.batches.read(batch_id):
        if shown.batch.state != "open" or not shown.member(person_id):
            return
        try:
            await service.ledger.batches.leave(shown, person_id)
        except LostRace:
            continue


async def _ask_one(
    service: Service, question: Question, kind: Harm, targets: tuple[TargetName, ...]
) -> str | None:
    population = await _population(service, question.person)
    limit = getattr(question.policy.guard, kind)
    while True:
        now = service.clock.now()
        book = await service.ledger.harms.read(kind)
        mine = book.entries.get(question.person_id)
        if mine and mine.state == "released" and kind in question.decided:
            return None  # also when it is done, and the target's row does not say so yet
        approval = await _approval(service, question, kind, mine)
        said = judge.verdict(
            mine,
            book.entries.values(),
            content=question.content,
            approval=approval,
            allowed=limit.allowed(population),
            now=now,
            always_hold=question.cause is not None or kind in question.held,
        )
        if question.asks_for(kind):
            said = Verdict.RELEASE_APPROVED
        try:
            return await _note(service, question, book, targets, said, now)
        except LostRace:
            continue


async def _note(
    service: Service,
    question: Question,
    book: Book,
    targets: tuple[TargetName, ...],
    said: Verdict,
    now: datetime,
) -> str | None:
    """Write the verdict; answer the batch when the harm is held. Raises LostRace."""
    if said == Verdict.GOES_ON:
        return None
    batch_id = await _join(service, question, book, now) if said == Verdict.HOLD else None
    entry = HarmEntry(
        person_id=question.person_id,
        state="held" if batch_id else "released",
        content=question.content,
        approved=said == Verdict.RELEASE_APPROVED,
        batch=batch_id,
        targets=targets,
    )
    mine = book.entries.get(question.person_id)
    if mine != entry:
        await service.ledger.harms.enter(book, entry, now)
    if mine and mine.batch and mine.batch != batch_id:
        await _leave(service, question.person_id, mine.batch)
    return batch_id


async def _join(service: Service, question: Question, book: Book, now: datetime) -> str:
    """Put the person into the open batch, or into a new one, before anything says it is held.

    Batches are numbered, so that two lanes that find none open mean the same new one.
    Raises LostRace when somebody else wrote to it.
    """
    batches = service.ledger.batches
    mine = book.entries.get(question.person_id)
    waits_in = question.held.get(book.kind) or (mine and mine.batch)
    if waits_in and (shown := await _if_open(service, waits_in)):
        await batches.join(shown, question.member)
        return shown.batch.batch_id
    batch_id = book.open_batch or f"{book.kind}-1"
    while shown := await batches.read(batch_id):
        if shown.batch.state == "open":
            await batches.join(shown, question.member)
            return batch_id
        batch_id = f"{book.kind}-{int(batch_id.rpartition('-')[2]) + 1}"
    cause = question.cause or f"more than the policy's limit for {book.kind} in one day"
    batch = Batch(batch_id=batch_id, kind=book.kind, opened_at=now, cause=cause)
    await batches.open(batch, question.member)
    return batch_id


async def _if_open(service: Service, batch_id: str) -> Shown | None:
    shown = await service.ledger.batches.read(batch_id)
    return shown if shown and shown.batch.state == "open" else None


async def _approval(
    service: Service, question: Question, kind: Harm, mine: HarmEntry | None
) -> tuple[Batch, Member] | None:
    """The batch this harm waited in, when a human agreed to it, and what they saw."""
    batch_id = question.held.get(kind) or (mine and mine.batch)
    shown = await service.ledger.batches.read(batch_id) if batch_id else None
    member = shown.member(question.person_id) if shown else None
    return (shown.batch, member) if shown and member and shown.batch.approved_by else None


async def _population(service: Service, person: Person) -> int | None:
    cursor, _ = await service.ledger.cursors.read(person.primary_record.source)
    return cursor.population
