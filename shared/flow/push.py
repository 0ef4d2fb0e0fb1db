"""Collect people whom a system without a connector pushes: whole, or what changed of them.

A call is a batch: who would be ended by it is counted before anyone is decided, as in a sync.
Whoever is left out of it is not missing. What a call says is of one moment, and a retry speaks of
the moment of the first attempt, so that neither a replay nor a late call undoes newer facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared import log
from shared.errors import LostRace, Transient
from shared.flow.activate import ensure_active
from shared.flow.answer import News
from shared.flow.at_once import all_of
from shared.flow.collect import ends, observe
from shared.flow.decide import Found
from shared.flow.service import Ledger, Service
from shared.guard import gate
from shared.intake import push
from shared.intake.push import NAME, Problem, Wrong
from shared.intake.webhook import Refused, Sent
from shared.ledger.calls import Heard
from shared.ledger.people import Dossier, StoredRecord
from shared.model.person import PersonId, Record

TOLERANCE = timedelta(minutes=5)
"""So far a sender's clock may be off (Standard Webhooks, reference library)."""
IN_TIME = 180.0
"""Seconds after which no item is begun: Azure's load balancer ends a call at 230."""
_SECOND = timedelta(seconds=1)
_NO_CONTRACTS = Problem(
    "contracts",
    "would be none, and nobody leaves by that",
    "Send them with the `end` of the last one",
)
_OLD = Problem(
    "as_of",
    "is before what is held of this person already",
    "Nothing, if this is a retry; else see that your clock is right and each webhook-id new",
)


class Status(StrEnum):
    """What became of one item."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Answer:
    """What the sender hears of one item."""

    number: str | None
    status: Status
    problems: tuple[Problem, ...] = ()
    """Why it is refused; of an accepted one, what keeps it from being worked on."""


@dataclass(frozen=True)
class Push:
    """A call that came in well, with what its signature says of it."""

    sent: Sent
    items: Sequence[Any]
    as_of: datetime | None
    """Wall time; the call's own moment when the sender names none."""
    whole: bool
    """PUT: whole people. Otherwise PATCH: of known ones what changes."""


@dataclass(frozen=True)
class _Read:
    """An item with the record it makes, and what was held before."""

    record: Record
    held: StoredRecord | None

    @property
    def is_news(self) -> bool:
        held = self.held
        if held is None or held.newest != self.record:
            return True
        return held.problem is not None or held.missing_since is not None


async def pushed(service: Service, call: Push) -> tuple[Answer, ...]:
    """Collect these people; an answer for each item, in their order.

    After an error the whole call may be sent again: what was taken is then unchanged. Raises
    Transient, and Refused when it speaks of the future.
    """
    await ensure_active(service)
    heard = await _heard(service, call)
    numbers = [push.number_of(item) for item in call.items]
    read = await all_of(
        _read(service, call, place, number, numbers) for place, number in enumerate(numbers)
    )
    await _note_population(service, read)
    ending = await _ending(service, read)
    cause = await _mass_leave(service, heard, len(ending))
    answers = await _take(service, call, read, heard.moment, dict.fromkeys(ending, cause))
    log.info("pushed", source=NAME, **Counter(str(answer.status) for answer in answers))
    return answers


async def _take(
    service: Service,
    call: Push,
    read: Sequence[_Read | Wrong],
    moment: datetime,
    causes: Mapping[str, str | None],
) -> tuple[Answer, ...]:
    """Decide on all that could be read. Whoever is held goes into one batch: one by one that is
    many times faster than all at once. Raises Transient when time runs out.
    """
    deadline = service.clock.monotonic() + IN_TIME

    async def take(place: int) -> Answer:
        one, item = read[place], call.items[place]
        if isinstance(one, Wrong):
            return Answer(push.number_of(item), Status.REFUSED, one.problems)
        if service.clock.monotonic() > deadline:
            raise Transient("not all were taken in time; send it again under its webhook-id")
        cause = causes.get(one.record.number)
        return await _collect(service, call, item, one, moment, cause)

    waits = [
        place
        for place, one in enumerate(read)
        if isinstance(one, _Read) and causes.get(one.record.number)
    ]
    others = [place for place in range(len(read)) if place not in set(waits)]
    answers = dict(zip(waits, await all_of(map(take, waits), at_once=1), strict=True))
    answers |= dict(zip(others, await all_of(map(take, others)), strict=True))
    return tuple(answers[place] for place in range(len(read)))


async def held_one(ledger: Ledger, number: str) -> Record | None:
    """This person as pushed last."""
    known = await ledger.identities.find(NAME, number)
    if known is None:
        return None
    stored = (await ledger.people.read(known.person_id)).records.get(f"{NAME}:{number}")
    return stored.newest if stored else None


async def held_everyone(ledger: Ledger) -> AsyncIterator[Record]:
    """Everybody who was ever pushed, as last."""
    async for known in ledger.identities.everyone(NAME):
        if record := await held_one(ledger, known.number):
            yield record


async def _heard(service: Service, call: Push) -> Heard:
    """The call, with the calendar's moment that its facts are of: the same for every retry.

    A signature knows whole seconds: within one, the order of arrival decides.
    """
    wall = service.clock.wall()
    if call.as_of and call.as_of > wall + TOLERANCE:
        raise Refused(400, "as_of lies in the future: nothing later would be believed")
    arrived = (wall - call.sent.at + TOLERANCE) / (2 * TOLERANCE)
    moment = call.as_of or call.sent.at + _SECOND * min(max(arrived, 0.0), 0.999999)
    calendar = service.clock.now() + (moment - wall)
    return await service.ledger.calls.first(NAME, call.sent.webhook_id, calendar, wall=wall)


async def _read(
    service: Service, call: Push, place: int, number: str | None, numbers: Sequence[str | None]
) -> _Read | Wrong:
    if number is not None and numbers.count(number) > 1:
        places = " and ".join(str(at + 1) for at, one in enumerate(numbers) if one == number)
        return Wrong(
            (Problem("number", f"stands in items {places} of this call", "Send it once"),)
        )
    held = await _held(service, number) if number else None
    return _understood(call, call.items[place], held)


def _understood(call: Push, item: Any, held: StoredRecord | None) -> _Read | Wrong:
    before = held.newest if held else None
    record = push.whole(item) if call.whole else push.changed(item, before)
    if isinstance(record, Wrong):
        return record
    given = isinstance(item, dict) and item.get("contracts")
    if before and before.contracts and not record.contracts and not given:
        return Wrong((_NO_CONTRACTS,))
    return _Read(record, held)


async def _held(service: Service, number: str) -> StoredRecord | None:
    return (await _dossier(service, number)).records.get(f"{NAME}:{number}")


async def _dossier(service: Service, number: str) -> Dossier:
    known = await service.ledger.identities.find(NAME, number)
    return await service.ledger.people.read(known.person_id) if known else Dossier(PersonId(""))


async def _ending(service: Service, read: Sequence[_Read | Wrong]) -> frozenset[str]:
    """Whom this call would end."""
    _, policy = await service.active_policy()
    records = [one.record for one in read if isinstance(one, _Read) and one.is_news]
    found = await all_of(ends(service, NAME, record, policy) for record in records)
    return frozenset(one.number for one, is_end in zip(records, found, strict=True) if is_end)


async def _mass_leave(service: Service, heard: Heard, leavers: int) -> str | None:
    """Why so many leavers in one call must wait for a human, if they must.

    Written down with the call before anyone is decided: of a call that stopped half-way and comes
    again the rest would be few enough.
    """
    _, policy = await service.active_policy()
    cursor, _ = await service.ledger.cursors.read(NAME)
    if heard.cause or not gate.is_mass_leave(leavers, cursor.population, policy.guard):
        return heard.cause
    log.warning("mass leave", source=NAME, leavers=leavers)
    cause = f"one call of {NAME} ends {leavers} people at once"
    await service.ledger.calls.note(heard, cause)
    return cause


async def _collect(
    service: Service, call: Push, item: Any, one: _Read, moment: datetime, cause: str | None
) -> Answer:
    """Decide on one item; a patch is made anew when its record changed in between."""
    number = one.record.number
    while True:
        before = one.held.newest if one.held and not call.whole else None
        try:
            news = News.of(one.record)
            among = len(call.items)
            found = await observe(service, NAME, number, news, moment, cause, before, among=among)
            break
        except LostRace:
            again = _understood(call, item, await _held(service, number))
            if isinstance(again, Wrong):
                return Answer(number, Status.REFUSED, again.problems)
            one = again
    if found == Found.STALE:
        return Answer(number, Status.REFUSED, (_OLD,))
    if not one.is_news:
        return Answer(number, Status.UNCHANGED)
    waits = await _parked(service, number) if found == Found.IDLE else ()
    return Answer(number, Status.ACCEPTED, waits)


async def _parked(service: Service, number: str) -> tuple[Problem, ...]:
    """What keeps an accepted item from being worked on: it is kept, and somebody must mend."""
    held = await _held(service, number)
    if held is None or held.problem is None:
        return ()
    return (Problem("", f"waits: {held.problem}", "It goes on by itself when that is mended"),)


async def _note_population(service: Service, read: Sequence[_Read | Wrong]) -> None:
    """How many people this source knows, when somebody new comes: the guard's shares are of it.

    Before anybody new is minted: afterwards a call that comes again would hold nobody new.
    """
    new = {one.record.number for one in read if isinstance(one, _Read) and one.held is None}
    while new:
        cursor, version = await service.ledger.cursors.read(NAME)
        known = {known.number async for known in service.ledger.identities.everyone(NAME)}
        counted = cursor.model_copy(update={"population": len(known | new)})
        try:
            await service.ledger.cursors.move(NAME, counted, version)
        except LostRace:
            continue
        return
