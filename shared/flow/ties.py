"""What do other people contribute to what this person should have?

A manager's account gives a manager id; being somebody's manager is a fact of the manager. Rows
are written before the other side is looked at, so that whichever of two people is worked on last
sees the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.flow import managers
from shared.flow.service import Service
from shared.ledger.people import Decision, Dossier
from shared.model.desired import ALIVE, State, TargetName
from shared.model.event import Event
from shared.model.person import Person, PersonId, Ties
from shared.policy import lifecycle
from shared.policy.document import Policy


async def resolve(service: Service, dossier: Dossier, person: Person, policy: Policy) -> Ties:
    """The ties of this person now; whoever must hear of them is reminded."""
    now = service.clock.now()
    manager = manager_of(person, policy, now)
    account = card = dn = taken = None
    if manager:
        await _report(service, manager, dossier.person_id, now)
        taken = await managers.in_place_of(service, manager, policy, now)
    if taken:
        if taken != manager:
            await _report(service, taken, dossier.person_id, now)
        account, card, dn = await _manager_ids(service, taken, dossier.person_id)
    known = Ties(
        manager_account_id=account,
        manager_card_id=card,
        manager_dn=dn,
        stands_in=taken if taken != manager else None,
        no_manager=bool(manager) and taken is None,
        heir=await managers.heir(service, person, policy, now),
        is_manager=await _is_manager(service, person),
    )
    return dossier.with_account(known)


def manager_of(person: Person, policy: Policy, now: datetime) -> str | None:
    """The manager as `source:number`; nobody manages himself, or someone who has gone."""
    standing = lifecycle.standing(person, policy, now)
    if standing.state not in ALIVE:
        return None
    return managers.manager_in(person, standing)


async def forget(service: Service, dossier: Dossier, decision: Decision) -> None:
    """A manager this person no longer has loses the report, and is looked at again.

    Before the decision is written: a stop in between leaves the old one, which is decided anew.
    """
    old = dossier.decision
    if old is None:
        return
    was = manager_of(old.person, await service.policy(old.policy), old.as_of)
    policy = await service.policy(decision.policy)
    now = {manager_of(decision.person, policy, decision.as_of), decision.ties.stands_in}
    for one in filter(None, {was, old.ties.stands_in} - now):
        await _part(service, one, dossier.person_id, decision.as_of)


async def forget_all(service: Service, dossier: Dossier) -> None:
    """The same for somebody who ends altogether, because they are somebody else."""
    old = dossier.decision
    if old is None:
        return
    was = manager_of(old.person, await service.policy(old.policy), old.as_of)
    for one in filter(None, {was, old.ties.stands_in}):
        await _part(service, one, dossier.person_id, service.clock.now())


async def _part(service: Service, manager: str, person_id: PersonId, now: datetime) -> None:
    await service.ledger.relations.no_longer_reports(manager, person_id)
    await service.ledger.relations.stop_waiting(manager, person_id)
    await _remind(service, manager, now)


async def remind_reports(service: Service, decision: Decision) -> None:
    """This manager has left or is back: who reports to them is looked at, where that matters.

    Before the decision is written; a report that is looked at too early is looked at again.
    """
    policy = await service.policy(decision.policy)
    if policy.leaver.reports == "keep" or decision.event not in (Event.LEAVER, Event.RETURNER):
        return
    for record in decision.person.records:
        async for person_id in service.ledger.relations.reports_of(record.key):
            await service.ledger.due.add(decision.as_of, person_id, suffix=service.mint())


async def wake_waiting(service: Service, dossier: Dossier) -> None:
    """This person's account has come to stand: remind of everyone who waits for it."""
    decision = dossier.decision
    await wake_waiting_for(service, (r.key for r in decision.person.records) if decision else ())


async def wake_waiting_for(service: Service, keys: Iterable[str]) -> None:
    """Remind of everyone who waits for the account of who has these numbers."""
    for key in keys:
        async for waiting in service.ledger.relations.waiting_for(key):
            await service.ledger.due.add(service.clock.now(), waiting, suffix=service.mint())


async def _report(service: Service, manager: str, person_id: PersonId, now: datetime) -> None:
    if await service.ledger.relations.report(manager, person_id):
        await _remind(service, manager, now)


async def _remind(service: Service, key: str, now: datetime) -> None:
    source, _, number = key.partition(":")
    if known := await service.ledger.identities.find(source, number):
        await service.ledger.due.add(now, known.person_id, suffix=service.mint())


async def _manager_ids(
    service: Service, manager: str, person_id: PersonId
) -> tuple[str | None, str | None, str | None]:
    """The manager's Entra and TOPdesk ids; whichever is not there yet is waited for.

    And the name in Active Directory, which only those have whom that masters.
    """
    found = await _look(service, manager)
    if None in found[:2]:
        await service.ledger.relations.wait_for(manager, person_id)
        found = await _look(service, manager)
    if None not in found[:2]:
        await service.ledger.relations.stop_waiting(manager, person_id)
    return found


async def _look(service: Service, manager: str) -> tuple[str | None, str | None, str | None]:
    source, _, number = manager.partition(":")
    known = await service.ledger.identities.find(source, number)
    if known is None:
        return None, None, None
    dossier = await service.ledger.people.read(known.person_id)
    card = dossier.target(TargetName.TOPDESK).applied
    account = dossier.target(TargetName.ENTRA).applied
    if account.state is State.DELETED:
        return None, None, None  # waited for: it may come back
    return account.account_id, card.account_id if card.is_manager else None, account.dn


async def _is_manager(service: Service, person: Person) -> bool:
    for record in person.records:
        if await service.ledger.relations.has_reports(record.key):
            return True
    return False
