"""Decide about one person: what should be, what hurts, who must look. The one road of every lane.

Collect hands over what HR said; the sweep, an approval, an activation hand over nothing. The
order of the writes is the protocol: due entries, then the decision, then the bus, so that a stop
anywhere leaves a reminder behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared import log
from shared.diff import compare
from shared.errors import LostRace, Permanent
from shared.flow import admitting, guarding, joining, noticing, seeing, standing, ties
from shared.flow.guarding import Question
from shared.flow.seeing import Observation
from shared.flow.service import LEASE, Service
from shared.guard.causes import View
from shared.ledger.history import Told
from shared.ledger.people import Decision, Dossier, StoredRecord
from shared.model.desired import (
    Desired,
    State,
    TargetName,
)
from shared.model.person import Person, PersonId, Ties
from shared.notices import causes
from shared.policy.desired import desired
from shared.policy.document import Policy
from shared.telemetry import spans

_GONE = frozenset({State.ABSENT, State.DELETED})


class Found(StrEnum):
    """What deciding came to."""

    CHANGED = "changed"
    OPEN = "open"
    """The same decision, and a target has not finished with it."""
    IDLE = "idle"
    STALE = "stale"
    """Something newer had been seen of them already, or they were erased: it was not taken."""


async def decide(
    service: Service, person_id: PersonId, seen: Observation | None = None, *, among: int = 1
) -> Found:
    """Decide anew about this person, with what HR just said of them when there is something.

    `among`: how many people are decided together. Raises LostRace when that changes a record
    which is no longer held.
    """
    with spans.span("decide", person=person_id) as step:
        found = await _decided_anew(service, person_id, seen, among)
        step.note(outcome=found)
        return found


async def _decided_anew(
    service: Service, person_id: PersonId, seen: Observation | None, among: int
) -> Found:
    lost = False
    while True:
        dossier = await joining.at_its_end(service, person_id)
        if dossier.erased:
            return Found.STALE
        records = seeing.observed(dossier, seen) if seen else {}
        if records is None and not lost:
            return Found.STALE
        try:
            # Who lost the race has touched holds and reports already: they must fit what won.
            observed = seen if records else None
            found = await _decide(service, dossier, records or {}, observed, among)
        except LostRace:
            lost = True
        else:
            return Found.STALE if records is None else found


async def _decide(
    service: Service,
    dossier: Dossier,
    records: Mapping[str, StoredRecord],
    seen: Observation | None,
    among: int,
) -> Found:
    now = service.clock.now()
    policy_hash, policy = await service.active_policy()
    admitted = await admitting.admit(service, dossier, records, policy, now)
    records = admitted.records
    person = seeing.person_of(dossier, records, policy, now)
    if person is None:
        if records:
            await service.ledger.people.note_records(dossier, records)
        return Found.IDLE
    if doubt := seeing.doubt(dossier, records, policy):
        await seeing.park(service, dossier, records, doubt)
        return Found.IDLE
    if admitted.unsponsored:
        person = person.model_copy(update={"unsponsored": True})
    if dossier.decision:
        # A manager under one more number: who waits for that one has waited long enough.
        await ties.wake_waiting_for(service, records.keys() - dossier.records.keys())
    known = await ties.resolve(service, dossier, person, policy)
    try:
        after = desired(person, known, policy, now)
    except Permanent as error:
        await seeing.park(service, dossier, records, error)
        return await _parked(service, dossier)
    records = {**seeing.mended(dossier), **records}
    by = _Basis(person, known, policy_hash, policy, now, among)
    return await _conclude(service, dossier, records, seen, by, after)


@dataclass(frozen=True)
class _Basis:
    """What is decided on."""

    person: Person
    ties: Ties
    policy_hash: str
    policy: Policy
    now: datetime
    among: int = 1
    """So many people are decided together."""


async def _parked(service: Service, dossier: Dossier) -> Found:
    """What was last decided on lives on: with its dates, and what operators have said since."""
    old, now = dossier.decision, service.clock.now()
    if old is None:
        return Found.IDLE
    policy = await service.policy(old.policy)
    today = now.astimezone(policy.zone).date()
    said = {"stop": dossier.stop, "exceptions": seeing.excepted(dossier, today)}
    person = old.person.model_copy(update=said)
    known = dossier.with_account(old.ties)
    by = _Basis(person, known, old.policy, policy, now)
    return await _conclude(service, dossier, {}, None, by, desired(person, known, policy, now))


async def _conclude(
    service: Service,
    dossier: Dossier,
    records: Mapping[str, StoredRecord],
    seen: Observation | None,
    by: _Basis,
    after: Desired,
) -> Found:
    """Ask the guard, and write the decision if it says anything new. Raises LostRace."""
    before = await _before(service, dossier)
    strays = standing.taken(dossier, after)
    harms = compare.harms(standing.baseline(dossier, before, strays), after)
    fresh = compare.harms(standing.decided(dossier, before, strays), after)
    asked = Question(
        person_id=dossier.person_id,
        now=View(by.person, by.policy, by.now),
        was=await _was(service, dossier),
        before=dossier.target(TargetName.ENTRA).applied.state,
        after=after,
        decided=harms.keys() - fresh.keys(),
        strays=strays,
        held=standing.held(dossier),
        must_wait=_must_wait(by.person, seen),
    )
    hold = await guarding.ask(service, asked, harms)
    decision = Decision(
        person=by.person,
        # What is of the account lies in the row of Entra.
        ties=by.ties.model_copy(update={"login": None, "named_for": {}}),
        policy=by.policy_hash,
        as_of=by.now,
        hold=hold,
        strays=strays,
        wake=standing.wakes(dossier, before, after, hold, strays),
        event=compare.event(before, after),
        bulk=by.among >= by.policy.entra.bulk_from,
    )
    if _same(dossier.decision, decision, before, after):
        # Who was stopped, or lost a race, may have left somebody in a batch.
        await guarding.withdraw(service, dossier.person_id, {}, decision.hold)
        if seeing.is_news(dossier, records):
            await seeing.remind_of_grace(service, dossier.person_id, records, by.policy)
        if records:
            # Also when nothing is new: what is read before now must not come after it.
            await service.ledger.people.note_records(dossier, records)
        return Found.OPEN if standing.with_work(dossier, by.now) else Found.IDLE
    if not after.entra.only_told:
        await _note_what_to_tell(service, dossier.person_id, by, asked.was, decision)
    return await _write(service, dossier, decision, records, after)


async def _note_what_to_tell(
    service: Service, person_id: PersonId, by: _Basis, was: View | None, decision: Decision
) -> None:
    """Before the row: a stop in between decides anew, and the same notice is meant again."""
    if was is None and await guarding.is_going_live(service, by.person):
        return  # nobody writes to managers about everyone who has been there for years
    before = causes.Stand(was.person, was.policy, was.at) if was else None
    now = causes.Stand(by.person, by.policy, by.now)
    await noticing.intend(service, *causes.due(person_id, now, before, decision.hold))


async def publish(service: Service, person_id: PersonId) -> None:
    """Wake the workers of the targets that have work, whatever the bus has lost before."""
    dossier = await service.ledger.people.read(person_id)
    if dossier.decision:
        for target in standing.with_work(dossier, service.clock.now()):
            await service.bus.wake(target, person_id, dossier.decision.event)


async def _write(
    service: Service,
    dossier: Dossier,
    decision: Decision,
    records: Mapping[str, StoredRecord],
    after: Desired,
) -> Found:
    """Due entries, audit, what is no longer held or tied, the row, the bus: in this order.

    The lease is for every decision: what a target has not finished under the last one, or a policy
    that moved on while this one was taken, is looked at again. Raises LostRace.
    """
    person_id = dossier.person_id
    policy = await service.policy(decision.policy)
    await seeing.remind(service, person_id, decision.as_of + LEASE)
    if after.next_moment:
        await seeing.remind(service, person_id, after.next_moment)
    await seeing.remind_of_grace(service, person_id, {**dossier.records, **records}, policy)
    if _raised(dossier.decision, decision):
        await service.ledger.history.tell(person_id, [_told(decision, after)])
    if dossier.decision:
        await guarding.withdraw(service, person_id, standing.held(dossier), decision.hold)
    await ties.forget(service, dossier, decision)
    await ties.remind_reports(service, decision)
    await admitting.tell_sponsored(service, dossier.decision, decision, decision.as_of)
    if after.entra.state in _GONE and after.next_moment is None:
        await service.ledger.erasures.note_gone(person_id)
    written = await service.ledger.people.decide(dossier, decision, records)
    log.info(
        "decided",
        person=person_id,
        event=decision.event,
        state=after.entra.state,
        held=",".join(decision.hold) or "nothing",
    )
    spans.note(event=decision.event)
    for target in standing.with_work(written, decision.as_of):
        await service.bus.wake(target, person_id, decision.event)
    return Found.CHANGED


async def _before(service: Service, dossier: Dossier) -> Desired | None:
    """What the row says should be: recomputed from the row alone, as serve does."""
    if dossier.decision is None:
        return None
    policy = await service.policy(dossier.decision.policy)
    return standing.wanted(dossier, dossier.decision, policy)


def _must_wait(person: Person, seen: Observation | None) -> str | None:
    """Why an end waits for a human whatever the count; None when it need not."""
    if seen and seen.cause:
        return seen.cause
    if person.missing:
        return "HR has stopped naming these people; it did not say that they left"
    return None


async def _was(service: Service, dossier: Dossier) -> View | None:
    decision = dossier.decision
    if decision is None:
        return None
    return View(decision.person, await service.policy(decision.policy), decision.as_of)


def _raised(old: Decision | None, new: Decision) -> tuple[TargetName, ...]:
    return tuple(t for t in TargetName if new.wakes(t) > (old.wakes(t) if old else 0))


def _same(old: Decision | None, new: Decision, before: Desired | None, after: Desired) -> bool:
    """Would writing the new decision say anything new?"""
    if old is None or before != after:
        return False
    unchanged = {"as_of", "event", "wake", "bulk"}
    return old.model_dump(exclude=unchanged) == new.model_dump(exclude=unchanged)


def _told(decision: Decision, after: Desired) -> tuple[str, Told]:
    wakes = sum(decision.wake.values())
    held = f", held: {', '.join(decision.hold)}" if decision.hold else ""
    sides = {target: compare.side(after, target) for target in TargetName}
    only = [f", {target} is only told" for target, want in sides.items() if want.only_told]
    told = Told(
        at=decision.as_of,
        what=f"{decision.event}: {after.entra.state}{held}{''.join(only)}",
        reasons=(after.entra.why,),
    )
    return f"{wakes:08d}|0", told
