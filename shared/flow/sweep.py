"""Bring back whatever is due: dates, leases, retries, approvals, a new policy.

That is all the repair there is.

Every due entry decides anew. What changed goes the way of every decision; what is unfinished gets
a new lease and a new message; what has nothing to do is dropped once it is older than any writer
can live, because a writer may have written the entry and not yet the row it announces.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from shared.errors import LostRace, Misconfigured
from shared.flow import (
    binding,
    erasing,
    leavers_first,
    measuring,
    noticing,
    rollout,
    waiting,
)
from shared.flow.activate import activate
from shared.flow.approve import finish_answers
from shared.flow.at_once import all_of
from shared.flow.decide import Found, decide, publish
from shared.flow.service import LEASE, Service
from shared.ledger.due import Entry
from shared.model.person import PersonId
from shared.telemetry import spans


@dataclass(frozen=True)
class Swept:
    """What one sweep came to."""

    changed: int = 0
    open: int = 0
    idle: int = 0


async def sweep(service: Service) -> Swept:
    """Look at everyone who is due now."""
    with suppress(Misconfigured, LostRace):  # doctor says it; the last good policy decides on
        await activate(service)
    await finish_answers(service)
    await erasing.go_on(service)
    await waiting.remind(service)
    entries = [entry async for entry in service.ledger.due.until(service.clock.now())]
    await measuring.look(service, entries)
    by_person: dict[str, list[Entry]] = {}
    for entry in entries:
        by_person.setdefault(entry.person_id, []).append(entry)
    among = len(by_person)
    try:
        found = await all_of(_look(service, mine, among) for mine in by_person.values())
    except Exception:
        await _besides(service, among)  # a bug in one person keeps nothing from the others
        raise
    await _besides(service, among)
    return Swept(
        changed=found.count(Found.CHANGED),
        open=found.count(Found.OPEN),
        idle=found.count(Found.IDLE),
    )


async def _besides(service: Service, among: int) -> None:
    """What each sweep does for everybody, whoever is due."""
    with suppress(Misconfigured):  # nothing decides yet, and so nothing is told
        await noticing.look(service)
    await binding.bind(service)
    with suppress(Misconfigured):
        await rollout.keep_the_day(service, due=among)


async def _look(service: Service, entries: list[Entry], among: int) -> Found:
    """Decide one person anew, among so many, and clear away the entries that led here."""
    person_id = entries[0].person_id
    # Of its own: a minute's sweep is no story, and a person's work is one.
    with spans.apart("look again", person=person_id):
        return await _looked(service, person_id, entries, among)


async def _looked(
    service: Service, person_id: PersonId, entries: list[Entry], among: int
) -> Found:
    found = await decide(service, person_id, among=among)
    if found == Found.OPEN:
        await service.ledger.due.add(service.clock.now() + LEASE, person_id, suffix=service.mint())
        await publish(service, person_id)
    if found in (Found.CHANGED, Found.OPEN):
        await leavers_first.serve(service, person_id)
    for entry in entries:
        if found == Found.IDLE:
            await _keep_while_young(service, entry)
        await service.ledger.due.drop(entry)
    return found


async def _keep_while_young(service: Service, entry: Entry) -> None:
    """Its writer may still live: look again when it cannot any more."""
    if service.clock.wall() - entry.written_at < LEASE:
        # A whole life and more: an entry put off for less would be young for ever.
        moment = service.clock.now() + 2 * LEASE
        await service.ledger.due.add(moment, entry.person_id, suffix=service.mint())
