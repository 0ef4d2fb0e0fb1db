"""How many people have which right in TOPdesk by our hand, and which of these are paid for?

By the ledger: what somebody has by hand is not counted. Called by the command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from shared.diff.compare import OPERATOR_CARD
from shared.flow.service import Service
from shared.model.account import Applied
from shared.model.desired import TargetName
from shared.model.person import PersonId


@dataclass(frozen=True)
class Roles:
    """Who has what."""

    people: Mapping[str, int]
    """By right, the card itself first; a human with several numbers counts once."""
    paid: Mapping[str, bool] | None
    """By permission group, whether TOPdesk calls it licensed; None: it does not say."""
    paying: int
    """People with at least one right that is paid for."""


async def topdesk_roles(service: Service) -> Roles:
    """Count everybody."""
    paid = await service.licensed() if service.licensed else None
    cards, paying, has = 0, 0, Counter[str]()
    async for applied in _everybody(service):
        cards += applied.is_operator
        has.update(applied.rights.keys())
        paying += any((paid or {}).get(right) for right in applied.rights)
    return Roles({OPERATOR_CARD: cards, **dict(sorted(has.items()))}, paid, paying)


async def _everybody(service: Service) -> AsyncIterator[Applied]:
    seen: set[PersonId] = set()
    for source in service.sources:
        async for known in service.ledger.identities.everyone(source):
            if known.person_id not in seen:
                seen.add(known.person_id)
                dossier = await service.ledger.people.read(known.person_id)
                yield dossier.target(TargetName.TOPDESK).applied
