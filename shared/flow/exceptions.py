"""A human gives or denies one person one right for a while, whatever the rules say.

Called by the command line. The exception is a fact of the person, like an operator's stop:
whoever decides anew keeps it, and the day after its last one wakes them. What a denial takes is
harm like any other, and the guard is asked.
"""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

from shared import log
from shared.errors import LostRace, Misconfigured
from shared.flow.activate import ensure_active
from shared.flow.at_once import in_order
from shared.flow.decide import decide
from shared.flow.service import Service
from shared.flow.stop import LONGEST, is_protected, tell
from shared.guard import answers
from shared.ledger.people import Dossier, StoredExemption
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.exemption import Exemption, about
from shared.model.harm import Said, Signature, mark
from shared.model.person import PersonId
from shared.model.right import called, folded
from shared.policy.document import Policy


@dataclass(frozen=True)
class Agreed:
    """What stands after somebody asked for an exception."""

    said: Said
    held: str | None = None
    """The batch that a lost right of this person waits in."""


async def make(service: Service, source: str, number: str, new: Exemption, *, who: str) -> Agreed:
    """Put an exception in force, in the place of one for the same right; look at once.

    With four eyes the first of two only asks for it. Raises Misconfigured for somebody unknown or
    protected, a right that cannot be given or denied, a day that is too far or past; Unsafe when
    the same human agrees twice.
    """
    await ensure_active(service)
    _, policy = await service.active_policy()
    _check(new, policy, service.clock.now().astimezone(policy.zone).date())
    while True:
        dossier = await _known(service, source, number)
        await _refuse(service, dossier, policy, new, f"{source}:{number}")
        stored = dossier.exceptions.get(new.key)
        by = Signature(who=who, at=service.clock.now())
        said = answers.agree(
            stored.said if stored and stored.asked == new else None,
            seen=mark([new.model_dump_json()]),
            by=by,
            four_eyes=policy.guard.four_eyes,
        )
        row = StoredExemption(
            current=new if said.is_final else stored and stored.current, asked=new, said=said
        )
        does = "exception" if said.is_final else "exception asked for"
        await tell(service, dossier, f"{does}: {new.target} {new.right} {new.told}", who)
        await service.ledger.due.add(by.at, dossier.person_id, suffix=service.mint())
        try:
            await service.ledger.people.except_(dossier, new.key, row)
        except LostRace:
            continue
        log.info("exception", person=dossier.person_id, answer=said.answer)
        return Agreed(said, await _decided(service, dossier.person_id))


async def end(
    service: Service, source: str, number: str, target: TargetName, right: str, *, who: str
) -> Exemption | None:
    """Let the rules alone have the say over this right again, from now.

    Answers the exception that was in force; None when one was only asked for. Raises Misconfigured
    when there is neither.
    """
    key = about(target, right)
    await ensure_active(service)
    while True:
        dossier = await _known(service, source, number)
        stored = dossier.exceptions.get(key)
        if stored is None:
            raise Misconfigured(
                f"{source}:{number}",
                f"has no exception for '{right}' in {target}",
                f"See `instroom exception list {source}:{number}`",
            )
        was = stored.current or stored.asked
        await tell(service, dossier, f"exception ended: {target} {right}, {was.told}", who)
        now = service.clock.now()
        await service.ledger.due.add(now, dossier.person_id, suffix=service.mint())
        try:
            await service.ledger.people.no_exception(dossier, key)
        except LostRace:
            continue
        log.info("exception ended", person=dossier.person_id)
        await decide(service, dossier.person_id)
        return stored.current


async def everyone(service: Service) -> AsyncIterator[tuple[str, StoredExemption]]:
    """Every exception, asked for, in force or over, with `source:number` of whose it is."""
    numbers: dict[PersonId, str] = {}
    for source in service.sources:
        async for known in service.ledger.identities.everyone(source):
            numbers.setdefault(known.person_id, f"{source}:{known.number}")
    async for dossier in in_order(numbers, service.ledger.people.read):
        for stored in dossier.exceptions.values():
            yield numbers[dossier.person_id], stored


async def _decided(service: Service, person_id: PersonId) -> str | None:
    await decide(service, person_id)
    decision = (await service.ledger.people.read(person_id)).decision
    return decision.hold.get(Harm.RIGHT) if decision else None


def _check(new: Exemption, policy: Policy, today: date) -> None:
    for name, text in (("reason", new.reason), ("owner", new.owner), ("right", new.right)):
        if not 0 < len(text.strip()) <= LONGEST or not text.isprintable():
            raise Misconfigured(
                name, f"is not one line of 1 to {LONGEST} characters", "Write a few words"
            )
    last = today + timedelta(days=policy.exceptions.max_days)
    if not today <= new.until <= last:
        raise Misconfigured(
            str(new.until),
            "is no last day for an exception",
            f"Write a day from {today} to {last} (exceptions.max_days in the policy); it can be "
            "renewed then",
        )


async def _refuse(
    service: Service, dossier: Dossier, policy: Policy, new: Exemption, key: str
) -> None:
    if is_protected(policy, dossier, key):
        raise Misconfigured(
            key,
            "is protected by the policy, so nothing was given or denied",
            "Do it by hand, or take it out of `protected` first",
        )
    if new.gives:
        entra = new.target is TargetName.ENTRA
        if obstacle := await service.groups.obstacle(new.right) if entra else None:
            raise Misconfigured(new.right, "cannot be given", obstacle)
        return
    known = {*_named(policy, new.target), *dossier.target(new.target).applied.rights}
    if folded(new.right) not in set(map(folded, known)):
        near = difflib.get_close_matches(new.right, sorted(known), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else "Nothing would give it"
        raise Misconfigured(
            new.right, f"is given by no rule in {new.target}, so nothing can deny it", hint
        )


def _named(policy: Policy, target: TargetName) -> set[str]:
    """The rights that rules name."""
    if target is TargetName.ENTRA:
        return {rule.group for rule in policy.entra.groups}
    return {called(*right) for rule in policy.topdesk.operators for right in rule.rights()}


async def _known(service: Service, source: str, number: str) -> Dossier:
    known = await service.ledger.identities.find(source, number)
    if known is None:
        raise Misconfigured(
            f"{source}:{number}", "is not known here", "See `instroom people` for the numbers"
        )
    return await service.ledger.people.read(known.person_id)
