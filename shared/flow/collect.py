"""Read HR and hand every changed person to decide: by signal, by poll, by full sync.

A sync reads to the end first and keeps only what changed; the import gate judges the whole; only
then is anyone decided. A signal is a batch of one. Whatever cannot be read parks that record.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared import log
from shared.diff import compare
from shared.errors import InstroomError, Misconfigured
from shared.flow import matching
from shared.flow.activate import ensure_active
from shared.flow.at_once import all_of
from shared.flow.decide import Found, decide
from shared.flow.seeing import Observation
from shared.flow.service import Service
from shared.guard import gate
from shared.intake.source import Reading, Source
from shared.ledger.cursors import Cursor
from shared.ledger.identities import Identity
from shared.model.desired import ALIVE
from shared.model.person import BadRecord, Person, Record
from shared.policy import lifecycle
from shared.policy.document import Policy

OVERLAP = timedelta(hours=1)
"""HR rounds its timestamps, and clocks differ: this much is read again by every poll."""
MISSING = "missing"
"""Stands where the record's hash would: HR is silent, and that has been decided on."""


@dataclass
class Answer:
    """What one read of a source came to: everyone it named, and those who differ from before."""

    source: str
    began: datetime
    named: set[str] = field(default_factory=set)
    changed: list[Reading] = field(default_factory=list)


async def signalled(service: Service, source_name: str, number: str) -> Found:
    """HR said that this number changed: read that person again. Raises Transient."""
    await ensure_active(service)
    source = _source(service, source_name)
    began = service.clock.now()
    reading = await source.one(number)
    if reading is not None and reading.number is not None:
        number = reading.number  # a webhook may name people by another key than their number
    known = await service.ledger.identities.find(source_name, number)
    if known is None and (reading is None or reading.number is None):
        log.info("unknown number signalled", source=source_name)
        return Found.IDLE
    return await observe(service, source_name, number, reading, began)


async def poll(service: Service, source_name: str) -> int:
    """Decide whoever changed since the last poll; answers how many. Raises Transient, LostRace.

    The cursor moves after the writes: a stop in between only reads the same again.
    """
    await ensure_active(service)
    source = _source(service, source_name)
    cursor, version = await service.ledger.cursors.read(source_name)
    began = service.clock.now()
    if cursor.changed_until is None:
        return await full_sync(service, source_name)
    try:
        since = cursor.changed_until - OVERLAP
        answer = await _read(service, source.changed_since(since), source, began)
    except InstroomError as error:
        failed = cursor.model_copy(update={"problem": str(error)})
        await service.ledger.cursors.move(source_name, failed, version)
        raise
    cause, version = await _mass_leave(service, answer, cursor, version)
    decided = await _decide_all(service, answer, cause)
    done = {"changed_until": began, "mass_leave": None, "problem": None}
    moved = cursor.model_copy(update=done)
    await service.ledger.cursors.move(source_name, moved, version)
    return decided


async def full_sync(service: Service, source_name: str) -> int:
    """Decide everyone who differs from before, and note who is missing; answers how many.

    Raises Unsafe when the answer is empty or shrunken, Transient when it did not come to its end;
    then nobody was touched, and the cursor says why.
    """
    await ensure_active(service)
    source = _source(service, source_name)
    cursor, version = await service.ledger.cursors.read(source_name)
    began = service.clock.now()
    _, policy = await service.active_policy()
    try:
        answer = await _read(service, source.everyone(), source, began)
        gate.admit(
            source=source_name,
            named=len(answer.named),
            known=cursor.population or 0,
            limits=policy.guard,
        )
    except InstroomError as error:
        refused = cursor.model_copy(update={"problem": str(error)})
        await service.ledger.cursors.move(source_name, refused, version)
        raise
    cause, version = await _mass_leave(service, answer, cursor, version)
    counted = Cursor(changed_until=began, full_sync_at=began, population=len(answer.named))
    decided = await _decide_all(service, answer, cause)
    missing = await _note_missing(service, answer)
    await service.ledger.cursors.move(source_name, counted, version)
    log.info(
        "full sync", source=source_name, named=len(answer.named), changed=decided, missing=missing
    )
    return decided


async def _read(
    service: Service, readings: AsyncIterator[Reading], source: Source, began: datetime
) -> Answer:
    """The whole answer, or the source's error."""
    hashes = {
        known.number: known.record_hash
        async for known in service.ledger.identities.everyone(source.name)
    }
    answer = Answer(source.name, began)
    rules = await matching.rules(service)
    async for reading in readings:
        if reading.number is not None:
            answer.named.add(reading.number)
        if isinstance(reading, BadRecord) or hashes.get(reading.number) != _hash(reading, rules):
            answer.changed.append(reading)
    return answer


async def _mass_leave(
    service: Service, answer: Answer, cursor: Cursor, version: str | None
) -> tuple[str | None, str | None]:
    """Why those whom this answer ends must wait for a human, if they must; the cursor's version.

    Written down before anyone is decided: after a stop half-way the rest would be few enough.
    """
    if cursor.mass_leave:
        return cursor.mass_leave, version
    _, policy = await service.active_policy()
    leavers = len(await _leavers(service, answer))
    population = cursor.population or len(answer.named)
    if not gate.is_mass_leave(leavers, population, policy.guard):
        return None, version
    log.warning("mass leave", source=answer.source, leavers=leavers)
    cause = f"one answer of {answer.source} ends {leavers} people at once"
    noted = cursor.model_copy(update={"mass_leave": cause})
    return cause, await service.ledger.cursors.move(answer.source, noted, version)


async def _leavers(service: Service, answer: Answer) -> set[str]:
    _, policy = await service.active_policy()
    return {
        reading.number
        for reading in answer.changed
        if isinstance(reading, Record) and await ends(service, answer.source, reading, policy)
    }


async def _decide_all(service: Service, answer: Answer, cause: str | None) -> int:
    gated = await _leavers(service, answer) if cause else set()
    found = await all_of(
        observe(
            service,
            answer.source,
            reading.number,
            reading,
            answer.began,
            cause if reading.number in gated else None,
        )
        for reading in answer.changed
        if reading.number is not None
    )
    for reading in answer.changed:
        if reading.number is None:
            log.warning("unreadable record", source=answer.source, reason=_problem(reading))
    return sum(one == Found.CHANGED for one in found)


async def ends(service: Service, source: str, reading: Record, policy: Policy) -> bool:
    """Would this record end someone who has an account?"""
    known = await service.ledger.identities.find(source, reading.number)
    dossier = await service.ledger.people.read(known.person_id) if known else None
    if dossier is None or dossier.decision is None:
        return False
    now = service.clock.now()
    old = await service.policy(dossier.decision.policy)
    was = lifecycle.standing(dossier.decision.person, old, dossier.decision.as_of).state
    others = [stored.record for key, stored in dossier.records.items() if key != reading.key]
    merged = Person(records=(reading, *(other for other in others if other)))
    will = lifecycle.standing(merged, policy, now).state
    return was in ALIVE and will not in ALIVE and bool(compare.harm(was, will))


async def observe(
    service: Service,
    source: str,
    number: str,
    reading: Reading | None,
    began: datetime,
    cause: str | None = None,
    changes: Record | None = None,
) -> Found:
    """Mint the person if need be, decide, and remember what the record looked like.

    Raises LostRace when it `changes` a record that is no longer held.
    """
    record = reading if isinstance(reading, Record) else None
    who = await matching.whose(service, source, number, record)
    identity = who.identity
    seen = Observation(
        key=f"{source}:{number}",
        observed_at=began,
        record=record,
        problem=_problem(reading),
        doubts=who.doubts,
        cause=cause,
        changes=changes,
    )
    found = await decide(service, identity.person_id, seen)
    if found != Found.STALE:
        looked = matching.WAITS if who.doubts else _hash(record, who.rules) if record else ""
        noted = looked if reading else MISSING
        await service.ledger.identities.note_hash(source, identity, noted)
    return found


async def _note_missing(service: Service, answer: Answer) -> int:
    """Whom HR named before and does not name now: missing from today, never ended by it."""
    silent: list[Identity] = [
        known
        async for known in service.ledger.identities.everyone(answer.source)
        if known.number not in answer.named and known.record_hash != MISSING
    ]
    await all_of(
        observe(service, answer.source, known.number, None, answer.began) for known in silent
    )
    return len(silent)


def _source(service: Service, name: str) -> Source:
    if name not in service.sources:
        raise Misconfigured("HR_SOURCES", f"there is no source {name}", "Add it to HR_SOURCES")
    return service.sources[name]


def _problem(reading: Reading | None) -> str | None:
    return reading.reason if isinstance(reading, BadRecord) else None


def _hash(record: Record, rules: str) -> str:
    """What the record looked like, and by which rules it was matched: others look again."""
    return hashlib.sha256(f"{rules} {record.model_dump_json()}".encode()).hexdigest()[:16]
