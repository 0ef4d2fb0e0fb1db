"""Who leaves during a first load is not blocked behind ten thousand joiners.

A queue knows no priority, and during a first load it is as long as Graph's quota makes it. So
while memberships wait to be bound, whoever decided that somebody leaves makes Entra agree at
once; the message then finds nothing to do. Called by every lane that decides on few people.
"""

from __future__ import annotations

from contextlib import suppress

from shared.flow.provision import ClaimEndedError, provision
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.ledger.people import Dossier
from shared.model.change import Harm
from shared.model.desired import ALIVE, TargetName
from shared.model.person import PersonId

ENTRA = TargetName.ENTRA


async def serve(service: Service, person_id: PersonId) -> None:
    """Make Entra agree now if this person leaves and many others are being loaded."""
    if not await _leaves(service, await service.ledger.people.read(person_id)):
        return
    if await service.ledger.pending.any():
        with suppress(ClaimEndedError):  # the message, or the reminder, goes on with it
            await provision(service, ENTRA, person_id)


async def _leaves(service: Service, dossier: Dossier) -> bool:
    decision, row = dossier.decision, dossier.target(ENTRA)
    if decision is None or row.applied.state not in ALIVE or Harm.BLOCK in decision.hold:
        return False
    policy = await service.policy(decision.policy)
    return wanted(dossier, decision, policy).entra.state not in ALIVE
