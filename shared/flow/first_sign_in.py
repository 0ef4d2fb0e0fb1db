"""Somebody starts today and has no password: a colleague who saw who it is collects a pass.

It opens with the making of the account (`open_for`), is listed (`first_sign_ins`) and collected
(`collect_pass`). The row says who asked before Entra is asked, and that it was issued before
anybody sees it; a stop or a lost answer in between leaves that to be read, and asking again takes
a reason and takes the earlier pass away. The code itself is given back and kept nowhere.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from shared import log
from shared.apply.first_sign_in import Issued, Terms
from shared.errors import InstroomError, LostRace, Permanent, Transient, UnknownReply
from shared.flow.at_once import all_of
from shared.flow.collectable import Closed, Waiting, for_everybody, judge, may_collect
from shared.flow.service import Service
from shared.flow.stop import LONGEST, tell
from shared.flow.work import Work
from shared.ledger.first_sign_ins import Collection
from shared.model.collector import Collector
from shared.model.person import PersonId
from shared.policy.document import Policy
from shared.policy.first_sign_in import Mfa

type Why = Literal["off", "second factor", "unknown", "not ready", "again", "meanwhile", "busy"]

BUSY = timedelta(minutes=2)
"""Longer than issuing takes: meanwhile nobody else asks."""


class NotCollected(InstroomError):
    """No pass was asked for; the message says why and what to do."""

    def __init__(self, why: Why, told: str, waiting: Waiting | None = None) -> None:
        super().__init__(told)
        self.why: Why = why
        self.waiting = waiting
        """Whom it is about, as it stands now, for who may know."""


@dataclass(frozen=True)
class Collected:
    """A pass, to be shown once."""

    waiting: Waiting
    issued: Issued


async def open_for(work: Work[Any, Any]) -> None:
    """An account is about to be made: from then on its first sign-in can be collected."""
    if not work.policy.first_sign_in.is_on:
        return
    service = work.service
    collection = Collection(secret=service.mint(), opened_at=service.clock.now())
    await service.ledger.first_sign_ins.open(work.dossier.person_id, collection)


async def first_sign_ins(service: Service, who: Collector) -> list[Waiting]:
    """Everybody for whom `who` may collect, today or soon, by first day.

    Raises NotCollected when it is switched off, or for want of a second factor. Rows that nobody
    can collect any more are taken away.
    """
    rules = await _rules(service, who)
    judged, _ = await _everybody(service, rules)
    mine = [w for w in judged if isinstance(w, Waiting) and may_collect(w, who, rules)]
    return sorted(mine, key=lambda waiting: (waiting.first_day, waiting.name, waiting.key))


async def clear(service: Service) -> int:
    """Take away the rows that nobody can collect any more; answers how many."""
    _, rules = await service.active_policy()
    return (await _everybody(service, rules))[1]


async def _everybody(service: Service, rules: Policy) -> tuple[list[Waiting | Closed], int]:
    """Every row as it is judged; and how many were taken away for good."""
    rows = [each async for each in service.ledger.first_sign_ins.everyone()]
    judged = await all_of(
        _judged(service, person_id, (collection, version), rules)
        for person_id, collection, version in rows
    )
    gone = 0
    for (person_id, _, version), found in zip(rows, judged, strict=True):
        if isinstance(found, Closed) and found.for_good:
            await service.ledger.first_sign_ins.drop(person_id, version)
            gone += 1
    return list(judged), gone


async def collect_pass(
    service: Service,
    person_id: PersonId,
    who: Collector,
    *,
    seen: str | None = None,
    reason: str = "",
) -> Collected:
    """Issue a pass for this person, for `who` to hand over.

    `seen` is the mark of what was shown, needed unless somebody is at the desk; `reason` is
    needed when it was asked for before. Raises NotCollected when nothing was done, and what
    Passes.issue raises.
    """
    rules = await _rules(service, who)
    waiting = await waiting_for(service, person_id, who, rules)
    _check(service, waiting, who, seen=seen, reason=reason)
    again = "" if waiting.is_new else f" again: {reason.strip()}"
    await tell(service, waiting.dossier, f"pass asked for{again}", who.name)
    asked = _asked(service, waiting, who)
    version = await _moved(service, waiting, asked, waiting.version)
    issued = await _issue(service, waiting, who, version, rules)
    until = issued.until.astimezone(rules.zone)
    await tell(service, waiting.dossier, f"pass issued: until {until:%Y-%m-%d %H:%M}", who.name)
    done = asked.model_copy(update={"stage": "issued", "busy_until": None})
    await _moved(service, waiting, done, version)
    log.info("pass issued", person=person_id, times=asked.times)
    return Collected(waiting, issued)


async def _rules(service: Service, who: Collector) -> Policy:
    _, rules = await service.active_policy()
    said = rules.first_sign_in
    if not said.is_on:
        raise NotCollected("off", "first_sign_in.by in the policy says none")
    if not who.at_the_desk and not _factor_is_enough(who, said.mfa):
        raise NotCollected(
            "second factor", "this sign-in does not say that it had a second factor"
        )
    return rules


def _factor_is_enough(who: Collector, rule: Mfa) -> bool:
    return bool(who.second_factor) or (who.second_factor is None and rule is Mfa.WHEN_TOLD)


async def _judged(
    service: Service, person_id: PersonId, row: tuple[Collection, str], rules: Policy
) -> Waiting | Closed:
    dossier = await service.ledger.people.read(person_id)
    then = await service.policy(dossier.decision.policy) if dossier.decision else rules
    return judge(dossier, row, (then, rules), service.clock.now())


async def waiting_for(
    service: Service, person_id: PersonId, who: Collector, rules: Policy
) -> Waiting:
    """Raises NotCollected; a stranger hears the same of everybody."""
    row = await service.ledger.first_sign_ins.read(person_id)
    if row is None:
        told = "no first sign-in is open here: the account was there before, or the days are over"
        raise NotCollected("unknown", f"{told}; give a pass or a password in Entra by hand")
    found = await _judged(service, person_id, row, rules)
    if isinstance(found, Closed):
        told = f"this person {found.why}, so nobody collects a pass"
        raise NotCollected("unknown", told if who.at_the_desk else "nobody can be collected for")
    if not may_collect(found, who, rules):
        raise NotCollected("unknown", "nobody can be collected for")
    return found


def _check(
    service: Service, waiting: Waiting, who: Collector, *, seen: str | None, reason: str
) -> None:
    """Raise NotCollected unless it is ready, agreed to as it stands, and has a reason if again."""
    if not waiting.ready:
        told = f"the account can sign in from {waiting.first_day} on; collect the pass then"
        raise NotCollected("not ready", told, waiting)
    busy = waiting.collection.busy_until
    if busy and service.clock.wall() < busy:
        told = "a pass is being asked for at this moment: wait two minutes and look again"
        raise NotCollected("busy", told, waiting)
    if not who.at_the_desk and seen != waiting.mark(who):
        raise NotCollected("meanwhile", "this has changed since it was shown: look again", waiting)
    said = reason.strip()
    if not waiting.is_new and not (0 < len(said) <= LONGEST and said.isprintable()):
        told = f"{waiting.collection.who} asked for it before: say why another one is needed"
        raise NotCollected("again", f"{told}, in one line of at most {LONGEST}", waiting)


def _asked(service: Service, waiting: Waiting, who: Collector) -> Collection:
    changed = {
        "stage": "asked",
        "who": who.name,
        "at": service.clock.now(),
        "times": waiting.collection.times + 1,
        "busy_until": service.clock.wall() + BUSY,
    }
    return waiting.collection.model_copy(update=changed)


async def _moved(service: Service, waiting: Waiting, to: Collection, version: str) -> str:
    try:
        return await service.ledger.first_sign_ins.move(waiting.person_id, to, version)
    except LostRace:
        told = "somebody else asked for it at the same moment: look again"
        raise NotCollected("meanwhile", told) from None


async def _issue(
    service: Service, waiting: Waiting, who: Collector, version: str, rules: Policy
) -> Issued:
    """Ask the target; what certainly did not happen is as if it had not been asked for."""
    said = rules.first_sign_in
    after_use = for_everybody(who, rules)
    terms = Terms(minutes=said.lifetime_minutes, once=said.once, after_use=after_use)
    try:
        return await service.passes.issue(waiting.account_id, terms)
    except UnknownReply:
        told = "pass without an answer: there may be one that nobody has seen"
        await tell(service, waiting.dossier, told, who.name)
        raise
    except (Transient, Permanent) as error:
        await tell(service, waiting.dossier, f"pass not issued: {error.reason}", who.name)
        with suppress(NotCollected):
            await _moved(service, waiting, waiting.collection, version)
        raise
