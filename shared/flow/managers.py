"""Who is the manager when HR's has left, and who comes after somebody who has? By the policy.

Called by ties.py; reads the managers' own rows, and reminds nobody.
"""

from __future__ import annotations

from datetime import datetime

from shared.flow.service import Service
from shared.ledger.people import Dossier
from shared.model.change import Harm
from shared.model.desired import ALIVE, State, TargetName
from shared.model.person import Person
from shared.policy import lifecycle
from shared.policy.document import Policy

_HIGHEST = 20
"""No organisation is so deep: HR's managers lead in a circle."""


async def in_place_of(service: Service, manager: str, policy: Policy, now: datetime) -> str | None:
    """Who is taken for this manager, as `source:number`; None for nobody.

    The same while they are here, unknown yet, or only to be blocked when a human agrees.
    """
    if policy.leaver.reports == "keep":
        return manager
    seen: set[str] = set()
    while manager not in seen and len(seen) < _HIGHEST:
        seen.add(manager)
        dossier = await _dossier(service, manager)
        if dossier is None or not _has_left(dossier, policy, now):
            return manager
        above = _above(dossier, policy, now) if policy.leaver.reports == "next" else None
        if above is None:
            return None
        manager = above
    return None


async def heir(service: Service, person: Person, policy: Policy, now: datetime) -> str | None:
    """Who opens the mailbox of somebody who has left: the last manager, by user principal name."""
    standing = lifecycle.standing(person, policy, now)
    if policy.leaver.mailbox == "keep" or standing.state is not State.BLOCKED:
        return None
    manager = manager_in(person, standing)
    taken = await in_place_of(service, manager, policy, now) if manager else None
    dossier = await _dossier(service, taken) if taken else None
    return dossier.target(TargetName.ENTRA).applied.login if dossier else None


def manager_in(person: Person, standing: lifecycle.Standing) -> str | None:
    """The manager of the contracts that speak, as `source:number`; nobody manages himself."""
    own = {record.key for record in person.records}
    for contract in standing.contracts:
        key = f"{person.record_of(contract).source}:{contract.answers_to}"
        if contract.answers_to and key not in own:
            return key
    return None


def _has_left(dossier: Dossier, policy: Policy, now: datetime) -> bool:
    decision = dossier.decision
    if decision is None or Harm.BLOCK in decision.hold:
        return False
    state = lifecycle.standing(decision.person, policy, now).state
    return state not in ALIVE and state is not State.ABSENT


def _above(dossier: Dossier, policy: Policy, now: datetime) -> str | None:
    decision = dossier.decision
    if decision is None:
        return None
    return manager_in(decision.person, lifecycle.standing(decision.person, policy, now))


async def _dossier(service: Service, key: str) -> Dossier | None:
    source, _, number = key.partition(":")
    known = await service.ledger.identities.find(source, number)
    return await service.ledger.people.read(known.person_id) if known else None
