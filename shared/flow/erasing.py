"""A gone person's data are no longer needed: take them out of the ledger, and leave a tombstone.

By an operator's word, or by the policy's days. What is to be done is written down first; then one
write takes the person's rows away and lets nobody decide about them any more; the rest may be done
twice, and the sweep goes on with what a stop left. HR may go on naming the number: who is still
gone stays erased, and who works again is somebody new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared import log
from shared.errors import LostRace, Misconfigured
from shared.flow import erasable, guarding, joining, ties
from shared.flow.answer import MISSING
from shared.flow.at_once import all_of, in_order
from shared.flow.naming import EMPLOYEE_ID, USER_PRINCIPAL_NAME
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.intake.match import traits
from shared.ledger.erasures import Asked, Tombstone
from shared.ledger.history import Told
from shared.ledger.people import Dossier
from shared.model.desired import TargetName
from shared.model.person import PersonId
from shared.model.upkeep import Looked
from shared.policy.document import Policy

LONGEST = 300
"""Characters in a reason: a ticket and a few words."""
AT_ONCE = 200
"""So many are erased in one go of the upkeep; the rest is for tomorrow."""
BEGUN_BEFORE = timedelta(days=31)
"""So long before its end a change may have been begun."""
_LAST = "99999999|erased"
"""Where the history tells it: behind all that was done."""


@dataclass(frozen=True)
class Answer:
    """What came of it: erased now or before, or a second human is waited for."""

    erased: bool
    asked: Asked | None = None
    """Who has said it so far, when two must."""


@dataclass(frozen=True)
class Erased:
    """What one look at the policy's days came to."""

    people: int = 0
    names: int = 0
    """Logins of people erased before, which anybody may have now."""


async def erase(service: Service, source: str, number: str, *, who: str, reason: str) -> Answer:
    """Take away what the ledger knows of this person, and answer what came of it.

    With `guard.four_eyes` the first word only asks. Raises Misconfigured for somebody unknown, or
    who is not gone, or without a reason.
    """
    key = f"{source}:{number}"
    _check(reason)
    _, policy = await service.active_policy()
    known = await service.ledger.identities.find(source, number)
    if known is None:
        raise Misconfigured(key, "is not known here", "See `instroom people` for the numbers")
    if known.erased:
        return Answer(erased=True)
    dossier = await joining.at_its_end(service, known.person_id)
    if dossier.erased:
        await go_on(service)
        return Answer(erased=True)
    if hindrance := erasable.hindrance(dossier, service.clock, policy):
        raise Misconfigured(key, hindrance.problem, hindrance.mend)
    asked = Asked(who=who, reason=reason, at=service.clock.now())
    first = await service.ledger.erasures.asked(dossier.person_id)
    if policy.guard.four_eyes and (first is None or first.who == who):
        await service.ledger.erasures.ask(dossier.person_id, asked)
        return Answer(erased=False, asked=asked)
    signers = tuple(dict.fromkeys(one.who for one in (first, asked) if one))
    await _begin(service, dossier, policy, signers, reason)
    await go_on(service)
    stone = await service.ledger.erasures.of(dossier.person_id)
    if stone is None:
        raise Misconfigured(key, "was decided about meanwhile", "Look with `instroom people`")
    return Answer(erased=True)


async def go_on(service: Service) -> None:
    """Finish every erasure that was begun; the sweep calls this as well."""
    async for stone in service.ledger.erasures.going():
        await _finish(service, stone)


async def due(service: Service, now: datetime) -> Erased:
    """Erase who is gone for as long as the policy says, and forget names that are free by now.

    For the daily upkeep. What a stop leaves is gone on with by the sweep, and the next day.
    """
    _, policy = await service.active_policy()
    names = await _names(service, now)
    days = policy.retention.erase_after_days
    if days is None:
        return Erased(names=names)
    people = 0
    gone = [person async for person in service.ledger.erasures.gone()]
    async for dossier in in_order(gone, service.ledger.people.read):
        person_id = dossier.person_id
        if people >= AT_ONCE:
            break
        if dossier.erased or dossier.moved_to or erasable.lives(dossier, policy, now):
            await service.ledger.erasures.gone_no_more(person_id)
            continue
        since = erasable.gone_since(dossier)
        if since is None or since + timedelta(days=days) > now:
            continue
        if erasable.hindrance(dossier, service.clock, policy) is None:
            said = f"retention.erase_after_days: {days}"
            await _begin(service, dossier, policy, ("instroom",), said)
            people += 1
    await go_on(service)
    return Erased(people, names)


async def look(service: Service) -> Looked:
    """A step of the daily upkeep: what `due` came to today."""
    found = await due(service, service.clock.now())
    told = []
    if found.people:
        told.append(f"{found.people} people erased")
    if found.names:
        told.append(f"{found.names} names forgotten of people erased before")
    return Looked(said=", ".join(told) or "nobody has been gone for long enough")


async def _begin(
    service: Service, dossier: Dossier, policy: Policy, who: tuple[str, ...], reason: str
) -> None:
    """The audit, and then the tombstone with all that is left to be done."""
    now = service.clock.now()
    read = [stored.newest for stored in dossier.records.values()]
    applied = dossier.target(TargetName.ENTRA).applied
    until = erasable.gone_since(dossier) or now
    want = None
    if dossier.decision:
        decided_by = await service.policy(dossier.decision.policy)
        want = wanted(dossier, dossier.decision, decided_by).entra
    stone = Tombstone(
        person_id=dossier.person_id,
        who=who,
        reason=reason,
        at=now,
        keys=tuple(dossier.records),
        traits=tuple(traits(record) for record in read if record),
        employee_id=want.employee_id if want else None,
        account_id=applied.account_id,
        logins=tuple(filter(None, (applied.login, *applied.earlier_logins))),
        logins_until=until + timedelta(days=policy.names.reuse_after_days),
    )
    await _tell(service, stone)
    await service.ledger.erasures.begin(stone)


async def _tell(service: Service, stone: Tombstone) -> None:
    who = " and ".join(stone.who)
    told = Told(at=stone.at, what=f"erased: {stone.reason}", who=who)
    await service.ledger.history.tell(stone.person_id, [(_LAST, told)])


async def _finish(service: Service, stone: Tombstone) -> None:
    """Take away the rows, unless the person lives again by now; then what points to them."""
    ledger, person_id = service.ledger, stone.person_id
    _, policy = await service.active_policy()
    while True:
        dossier = await ledger.people.read(person_id)
        if not dossier.erased and erasable.hindrance(dossier, service.clock, policy):
            log.warning("erasure called off", person=person_id)
            await ledger.erasures.end(person_id, None)
            return
        if not dossier.erased:
            await guarding.withdraw(service, person_id, {}, {})
            await ties.forget_all(service, dossier)
        elif not dossier.records:
            break
        try:
            await ledger.people.erase(dossier)
        except LostRace:
            continue
        break
    await _forget_the_rest(service, stone)
    left = {"keys": (), "traits": (), "employee_id": None, "account_id": None}
    done = stone.model_copy(update=left)
    if not done.logins:
        done = done.model_copy(update={"logins_until": None})
    await ledger.erasures.end(person_id, done)
    log.info("erased", person=person_id)


async def _forget_the_rest(service: Service, stone: Tombstone) -> None:
    """What other rows say of somebody whose own are gone. Each step may be done twice."""
    ledger, person_id = service.ledger, stone.person_id
    for one in stone.traits:
        await ledger.matches.leave(one)
    for key in stone.keys:
        await ledger.matches.forget(key)
        await ledger.relations.forget_sponsor(key)
        await _forget_number(service, key, person_id)
    batches = {*await ledger.harms.forget(person_id)}
    batches |= {
        reason.rule async for told in ledger.history.of(person_id) for reason in told.reasons
    }
    for batch_id in sorted(filter(erasable.is_batch, batches)):
        await ledger.batches.forget(batch_id, person_id)
    await ledger.batches.forget_ahead(person_id)
    await ledger.first_sign_ins.forget(person_id)
    await ledger.notices.forget_parked(person_id)
    await ledger.drift.forget(person_id)
    if stone.account_id:
        await ledger.drift.disown(stone.account_id)
    await ledger.drift.forget(person_id)
    if stone.employee_id:
        await ledger.names.forget(EMPLOYEE_ID, stone.employee_id, person_id)
    await _empty_journal(service, person_id)
    await ledger.history.strip(person_id, erasable.bare)
    await _tell(service, stone)  # once more: in the journal of its day it was emptied as well


async def _empty_journal(service: Service, person_id: PersonId) -> None:
    """Each day from before the first line on: what was begun was told on days of its own."""
    told = [line.at.astimezone(UTC).date() async for line in service.ledger.history.of(person_id)]
    first, last = min(told) - BEGUN_BEFORE, max(told)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    await all_of(service.ledger.journal.erase(person_id, [day]) for day in days)


async def _forget_number(service: Service, key: str, person_id: PersonId) -> None:
    """A number that HR goes on naming is kept, so that they are not taken for somebody new."""
    source, _, number = key.partition(":")
    known = await service.ledger.identities.find(source, number)
    if known is None or known.person_id != person_id:
        return
    if known.record_hash == MISSING:
        await service.ledger.identities.forget(source, known)
    else:
        await service.ledger.identities.erase(source, number)


async def _names(service: Service, now: datetime) -> int:
    """Forget the logins that nobody had to be kept from any longer."""
    gone = 0
    async for stone in service.ledger.erasures.done():
        if not stone.logins or (stone.logins_until and now < stone.logins_until):
            continue
        for login in stone.logins:
            await service.ledger.names.forget(USER_PRINCIPAL_NAME, login, stone.person_id)
        bare = stone.model_copy(update={"logins": (), "logins_until": None})
        await service.ledger.erasures.keep(bare)
        gone += len(stone.logins)
    return gone


def _check(reason: str) -> None:
    if not 0 < len(reason.strip()) <= LONGEST or not reason.isprintable():
        raise Misconfigured(
            "reason",
            f"is not one line of 1 to {LONGEST} characters",
            "Say why in a few words, such as the number of the ticket; it stays in the audit",
        )
