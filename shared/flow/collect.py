"""Read HR and hand every changed person to decide: by signal, by poll, by full sync.

A sync reads to the end first and keeps only what changed; the import gate judges the whole; only
then is anyone decided. A signal is a batch of one. Whatever cannot be read parks that record.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from datetime import datetime, timedelta

from shared import log
from shared.diff import compare
from shared.errors import InstroomError, Misconfigured
from shared.flow import leavers_first, matching
from shared.flow.activate import ensure_active
from shared.flow.answer import MISSING, Answer, News, admit, read, remembered
from shared.flow.at_once import all_of
from shared.flow.decide import Found, decide
from shared.flow.seeing import Observation
from shared.flow.service import Service
from shared.guard import gate
from shared.intake.source import Reading, Sighting, Source
from shared.ledger.cursors import Cursor
from shared.model.desired import ALIVE
from shared.model.person import BadRecord, Person, Record
from shared.policy import lifecycle
from shared.policy.document import Policy

MANY = 100
"""In an answer about so many people nobody is served before the others."""
OVERLAP = timedelta(hours=1)
"""HR rounds its timestamps, and clocks differ: this much is read again by every poll."""


async def signalled(service: Service, source_name: str, number: str) -> Found:
    """HR said that this number changed: read that person again. Raises Transient."""
    await ensure_active(service)
    source = _source(service, source_name)
    began = service.clock.now()
    sighting = await source.one(number)
    news = News.of(sighting) if sighting else None
    if news and news.reading.number is not None:
        number = news.reading.number  # a webhook may name people by another key than their number
    known = await service.ledger.identities.find(source_name, number)
    if known is None and (news is None or news.reading.number is None):
        log.info("unknown number signalled", source=source_name)
        return Found.IDLE
    return await observe(service, source_name, number, news, began)


async def poll(service: Service, source_name: str) -> int:
    """Decide whoever changed since the last poll; answers how many. Raises Transient, LostRace.

    The cursor moves after the writes: a stop in between only reads the same again.
    """
    await ensure_active(service)
    source = _source(service, source_name)
    cursor, version = await service.ledger.cursors.read(source_name)
    if cursor.changed_until is None:
        return await full_sync(service, source_name)
    since = source.changed_since(cursor.changed_until - OVERLAP)
    answer = await _admitted(service, source, since, (cursor, version), whole=False)
    cause, version = await _mass_leave(service, answer, cursor, version)
    decided = await _decide_all(service, answer, cause)
    done = {
        "changed_until": answer.began,
        "mass_leave": None,
        "problem": None,
        "employers": _employers(cursor, answer) if cursor.employers is not None else None,
    }
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
    everyone = source.everyone()
    answer = await _admitted(service, source, everyone, (cursor, version), whole=True)
    cause, version = await _mass_leave(service, answer, cursor, version)
    counted = Cursor(
        changed_until=answer.began,
        full_sync_at=answer.began,
        population=len(answer.named),
        employers=_employers(cursor, answer),
    )
    decided = await _decide_all(service, answer, cause)
    missing = await _note_missing(service, answer)
    await service.ledger.cursors.move(source_name, counted, version)
    log.info(
        "full sync", source=source_name, named=len(answer.named), changed=decided, missing=missing
    )
    return decided


async def _admitted(
    service: Service,
    source: Source,
    sightings: AsyncIterator[Sighting],
    at: tuple[Cursor, str | None],
    *,
    whole: bool,
) -> Answer:
    """The answer, fit to decide on; what is wrong with it is noted at the cursor, and raised."""
    cursor, version = at
    _, policy = await service.active_policy()
    try:
        answer = await read(service, source.name, sightings, cursor)
        admit(answer, cursor, policy.guard, whole=whole)
    except InstroomError as error:
        refused = cursor.model_copy(update={"problem": str(error)})
        await service.ledger.cursors.move(source.name, refused, version)
        raise
    return answer


def _employers(cursor: Cursor, answer: Answer) -> tuple[str, ...]:
    """Every employer that this source has ever named."""
    return tuple(sorted({*(cursor.employers or ()), *answer.employers}))


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
        news.reading.number
        for news in answer.changed
        if isinstance(news.reading, Record)
        and await ends(service, answer.source, news.reading, policy)
    }


async def _decide_all(service: Service, answer: Answer, cause: str | None) -> int:
    """Whoever is held goes into one batch: one by one that is faster than all at once."""
    gated = await _leavers(service, answer) if cause else set()

    named = [news for news in answer.changed if news.reading.number is not None]

    def told(news: News) -> Coroutine[object, object, Found]:
        number = str(news.reading.number)
        why, among = cause if number in gated else None, len(named)
        return observe(service, answer.source, number, news, answer.began, why, among=among)

    waits = [news for news in named if news.reading.number in gated]
    others = [news for news in named if news.reading.number not in gated]
    found = await all_of(map(told, others)) + await all_of(map(told, waits), at_once=1)
    for news in answer.changed:
        if news.reading.number is None:
            log.warning("unreadable record", source=answer.source, reason=_problem(news.reading))
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


async def observe(  # noqa: PLR0913 - what one read says of one number
    service: Service,
    source: str,
    number: str,
    news: News | None,
    began: datetime,
    cause: str | None = None,
    changes: Record | None = None,
    *,
    among: int = 1,
) -> Found:
    """Mint the person if need be, decide, and remember what the record looked like.

    `among`: how many people this answer decides on. Raises LostRace when it `changes` a record
    that is no longer held.
    """
    reading = news.reading if news else None
    record = reading if isinstance(reading, Record) else None
    who = await matching.whose(service, source, number, record)
    identity = who.identity
    if identity.erased:
        return await _stays_erased(service, source, who, news)
    seen = Observation(
        key=f"{source}:{number}",
        observed_at=began,
        record=record,
        problem=_problem(reading),
        doubts=who.doubts,
        cause=cause,
        changes=changes,
    )
    found = await decide(service, identity.person_id, seen, among=among)
    if found == Found.CHANGED and among < MANY:
        await leavers_first.serve(service, identity.person_id)
    if found != Found.STALE:
        noted = remembered(news.mark, who.rules) if news else MISSING
        noted = matching.WAITS if news and who.doubts else noted
        await service.ledger.identities.note_hash(source, identity, noted)
    return found


async def _stays_erased(
    service: Service, source: str, who: matching.Who, news: News | None
) -> Found:
    """HR names somebody who was erased, and is gone: nothing of it is kept but that it was read.

    When HR names the number no longer, it is forgotten too.
    """
    if news is None:
        await service.ledger.identities.forget(source, who.identity)
    else:
        mark = remembered(news.mark, await matching.rules(service))
        await service.ledger.identities.note_hash(source, who.identity, mark)
    return Found.IDLE


async def _note_missing(service: Service, answer: Answer) -> int:
    """Whom HR named before and does not name now: missing from today, never ended by it."""
    silent = answer.silent
    await all_of(observe(service, answer.source, number, None, answer.began) for number in silent)
    return len(silent)


def _source(service: Service, name: str) -> Source:
    if name not in service.sources:
        raise Misconfigured("HR_SOURCES", f"there is no source {name}", "Add it to HR_SOURCES")
    return service.sources[name]


def _problem(reading: Reading | None) -> str | None:
    return reading.reason if isinstance(reading, BadRecord) else None
