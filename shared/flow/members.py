"""Who is in the groups that the policy looks at, and does a rule explain it? Asks Entra.

Called by the command line and the daily upkeep. Reads each group once, where provisioning looks
at one person at a time: so it also sees members who are no person of HR, and people whom nothing
has woken since somebody put them in. Takes nobody out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial

from shared.apply.groups import Member
from shared.errors import LostRace
from shared.flow import strays
from shared.flow.at_once import in_order
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.model.desired import TargetName
from shared.model.person import PersonId
from shared.model.right import Managed, folded
from shared.model.upkeep import Looked


@dataclass(frozen=True)
class Unexplained:
    """A member of a group whom no rule puts there."""

    group: str
    managed: Managed
    member: Member
    person_id: PersonId | None = None
    """Whose account it is; None: nobody's whom HR knows."""
    number: str = ""
    """`source:number` of that person."""


@dataclass(frozen=True)
class Unlooked:
    """A group that could not be looked at."""

    group: str
    why: str


async def unexplained(service: Service) -> AsyncIterator[Unexplained | Unlooked]:
    """Every member of the groups under `report` and `strict` whom no rule explains."""
    _, policy = await service.active_policy()
    looked_at = policy.entra.looked_at()
    people = await _people(service) if looked_at else {}
    for group, how in looked_at.items():
        if obstacle := await service.groups.obstacle(group):
            yield Unlooked(group, obstacle)
            continue
        has = [
            Unexplained(group, how, member, person_id, number)
            for member in await service.groups.members(group)
            for number, person_id in (people.get(member.id, ("", None)),)
        ]
        async for one in in_order(has, partial(_if_unexplained, service)):
            if one:
                yield one


async def _if_unexplained(service: Service, one: Unexplained) -> Unexplained | None:
    """The same again; None when a rule explains it after all."""
    known = one.person_id
    return None if known and await _is_explained(service, known, one.group) else one


async def note(service: Service, one: Unexplained) -> bool:
    """Write down that this person was found there, as provisioning would when it looks.

    Whether it is taken is decided like anything else. Answers whether it is news.
    """
    if one.person_id is None:
        return False
    while True:
        dossier = await service.ledger.people.read(one.person_id)
        row = dossier.target(TargetName.ENTRA)
        known = row.applied.strays
        if one.group in known or await _is_explained(service, one.person_id, one.group):
            return False
        now = service.clock.now()
        found = row.applied.model_copy(update={"strays": {**known, one.group: now}})
        line = strays.line(dossier, TargetName.ENTRA, one.group, one.managed, at=now)
        await service.ledger.due.add(now, one.person_id, suffix=service.mint())
        await service.ledger.history.tell(one.person_id, [line])
        try:
            saved = row.model_copy(update={"applied": found})
            await service.ledger.people.save(dossier, TargetName.ENTRA, saved)
        except LostRace:
            continue
        return True


async def look(service: Service) -> Looked:
    """A step of the daily upkeep: people whom nothing has woken are decided on all the same."""
    found, noted, strangers = 0, 0, 0
    problems = []
    async for one in unexplained(service):
        if isinstance(one, Unlooked):
            problems.append(one.why)
            continue
        found += 1
        strangers += one.person_id is None
        noted += await note(service, one)
    said = "rules explain every member of the groups that are looked at"
    if found:
        said = (
            f"{found} members whom no rule explains, {noted} of them new; {strangers} are nobody "
            "in HR: `instroom rights strays` lists them"
        )
    return Looked(said=said, problems=tuple(problems))


async def _people(service: Service) -> Mapping[str, tuple[str, PersonId]]:
    """Whose each account is, by its id: the ledger knows them all, and HR's numbers."""
    numbers: dict[PersonId, str] = {}
    for source in service.sources:
        async for known in service.ledger.identities.everyone(source):
            numbers[known.person_id] = f"{source}:{known.number}"
    found: dict[str, tuple[str, PersonId]] = {}
    async for dossier in in_order(numbers, service.ledger.people.read):
        if account_id := dossier.target(TargetName.ENTRA).applied.account_id:
            found[account_id] = (numbers[dossier.person_id], dossier.person_id)
    return found


async def _is_explained(service: Service, person_id: PersonId, group: str) -> bool:
    """A rule gives it, or gave it and Instroom is about to take it."""
    dossier = await service.ledger.people.read(person_id)
    rights = set(map(folded, dossier.target(TargetName.ENTRA).applied.rights))
    if dossier.decision:
        policy = await service.policy(dossier.decision.policy)
        rights |= set(map(folded, wanted(dossier, dossier.decision, policy).entra.groups))
    return folded(group) in rights
