"""Someone must be out now, whatever HR says: an operator stops a person, and lifts the stop.

Called by the command line and the operations API. The stop is a fact of the person like what HR
says, so whoever decides anew keeps it: the guard lets it through and counts it for nothing. HR is
not asked, and neither is a person whose record is parked spared.
"""

from __future__ import annotations

from typing import Literal

from shared import log
from shared.diff import compare
from shared.errors import LostRace, Misconfigured
from shared.flow.activate import ensure_active
from shared.flow.decide import decide
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.ledger.history import Told
from shared.ledger.people import Dossier
from shared.model.desired import WITH_ACCOUNTS, TargetName
from shared.model.person import Stop
from shared.policy.document import Policy

type Why = Literal["unknown", "protected", "ambiguous", "not stopped", "reason"]


class NotDone(Misconfigured):
    """Nobody was stopped, and no stop was lifted; the message says why and what to do."""

    def __init__(self, why: Why, what: str, problem: str, mend: str) -> None:
        super().__init__(what, problem, mend)
        self.why: Why = why


LONGEST = 300
"""Characters in a reason: a ticket and a few words, not a file."""


async def whose(service: Service, key: str) -> tuple[str, str]:
    """The source and number of `number` or `source:number`. Raises NotDone.

    Somebody in a hurry leaves the source out: then exactly one source may know the number.
    """
    source, colon, number = key.partition(":")
    if colon:
        return source, number
    found = [name for name in service.sources if await service.ledger.identities.find(name, key)]
    if len(found) > 1:
        several = " and ".join(f"{name}:{key}" for name in found)
        raise NotDone(
            "ambiguous", key, "is not one person, so nothing was done", f"Write {several}"
        )
    return (found or list(service.sources))[0], key


async def stop(service: Service, source: str, number: str, *, who: str, reason: str) -> Stop:
    """Block this person in every target at once, until HR's end has run its course or `lift`.

    Answers the stop that holds: an earlier one when there is one. Once it answers it will happen,
    whatever stops. Raises NotDone for somebody unknown or protected, or without a reason.
    """
    _check(reason)
    await ensure_active(service)
    while True:
        dossier = await _known(service, source, number)
        await _refuse_protected(service, dossier, f"{source}:{number}")
        if dossier.stop:
            await decide(service, dossier.person_id)
            return dossier.stop
        now = service.clock.now()
        told = Stop(who=who, reason=reason, at=now)
        await tell(service, dossier, f"stopped at once: {reason}", who)
        await service.ledger.due.add(now, dossier.person_id, suffix=service.mint())
        try:
            await service.ledger.people.stop(dossier, told)
        except LostRace:
            continue
        log.warning("stopped at once", person=dossier.person_id)
        await decide(service, dossier.person_id)
        return told


async def lift(service: Service, source: str, number: str, *, who: str, reason: str) -> Stop:
    """Let HR have the say over this person again; answers the stop that held until now.

    Raises NotDone for somebody unknown or not stopped, or without a reason.
    """
    _check(reason)
    await ensure_active(service)
    while True:
        dossier = await _known(service, source, number)
        if dossier.stop is None:
            raise NotDone(
                "not stopped",
                f"{source}:{number}",
                "is not stopped",
                f"See `instroom people {source}:{number}`",
            )
        await tell(service, dossier, f"stop lifted: {reason}", who)
        now = service.clock.now()
        await service.ledger.due.add(now, dossier.person_id, suffix=service.mint())
        try:
            await service.ledger.people.lift(dossier)
        except LostRace:
            continue
        log.warning("stop lifted", person=dossier.person_id)
        await decide(service, dossier.person_id)
        return dossier.stop


async def where_only_told(service: Service, source: str, number: str) -> tuple[TargetName, ...]:
    """The targets in which nothing is done to this person, for the policy only tells there."""
    dossier = await _known(service, source, number)
    decision = dossier.decision
    if decision is None:
        return ()
    want = wanted(dossier, decision, await service.policy(decision.policy))
    return tuple(name for name in WITH_ACCOUNTS if compare.side(want, name).only_told)


def _check(reason: str) -> None:
    if not 0 < len(reason.strip()) <= LONGEST or not reason.isprintable():
        raise NotDone(
            "reason",
            "reason",
            f"is not one line of 1 to {LONGEST} characters",
            "Say why in a few words, such as the number of the ticket; it stays in the audit",
        )


async def _known(service: Service, source: str, number: str) -> Dossier:
    known = await service.ledger.identities.find(source, number)
    if known is None or known.erased:
        raise NotDone(
            "unknown",
            f"{source}:{number}",
            "is not known here, so nothing was blocked",
            "See `instroom people`; an account that Instroom does not manage is blocked in Entra",
        )
    return await service.ledger.people.read(known.person_id)


async def _refuse_protected(service: Service, dossier: Dossier, key: str) -> None:
    """As provision would: better a refusal now than a promise that no target keeps."""
    _, policy = await service.active_policy()
    if is_protected(policy, dossier, key):
        raise NotDone(
            "protected",
            key,
            "is protected by the policy, so nothing was blocked",
            "Block the account by hand, or take it out of `protected` first",
        )


def is_protected(policy: Policy, dossier: Dossier, *keys: str) -> bool:
    """Does the policy protect this person, or the account that they have?"""
    login = dossier.target(TargetName.ENTRA).login
    names = {name.casefold() for name in (*keys, *dossier.records, login) if name}
    return bool(names & {name.casefold() for name in policy.protected})


async def tell(service: Service, dossier: Dossier, what: str, who: str) -> None:
    """Into the audit, behind what was decided before."""
    now = service.clock.now()
    wakes = sum(dossier.decision.wake.values()) if dossier.decision else 0
    line = Told(at=now, what=what, who=who)
    key = f"{wakes:08d}|zz {now:%Y%m%dT%H%M%S.%f} {what.partition(':')[0]}"
    await service.ledger.history.tell(dossier.person_id, [(key, line)])
