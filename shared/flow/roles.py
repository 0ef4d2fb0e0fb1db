"""How many people have which right in TOPdesk by our hand? Licences are paid by the role.

By the ledger: what somebody has by hand is not counted. Called by the command line.
"""

from __future__ import annotations

from collections import Counter

from shared.diff.compare import OPERATOR_CARD
from shared.flow.service import Service
from shared.model.desired import TargetName
from shared.model.person import PersonId


async def topdesk_roles(service: Service) -> dict[str, int]:
    """People by right, the card itself first; a human with several numbers counts once."""
    cards, has = 0, Counter[str]()
    seen: set[PersonId] = set()
    for source in service.sources:
        async for known in service.ledger.identities.everyone(source):
            if known.person_id in seen:
                continue
            seen.add(known.person_id)
            dossier = await service.ledger.people.read(known.person_id)
            applied = dossier.target(TargetName.TOPDESK).applied
            cards += applied.is_operator
            has.update(applied.rights.keys())
    return {OPERATOR_CARD: cards, **dict(sorted(has.items()))}
