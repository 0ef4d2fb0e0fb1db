"""Who is there, each person once, however many HR systems and numbers name them?

For whoever looks at everybody: the roll-out's count and the take-over report. A shelf of people
is read at a time, so that memory does not grow with the organisation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from shared.flow.at_once import in_order
from shared.flow.service import Service
from shared.ledger.people import Dossier
from shared.model.person import PersonId


async def dossiers(service: Service) -> AsyncIterator[Dossier]:
    """The rows of everybody of every source."""
    seen = set[PersonId]()
    for source in service.sources:
        fresh: list[PersonId] = []
        async for known in service.ledger.identities.everyone(source):
            if known.person_id not in seen:
                seen.add(known.person_id)
                fresh.append(known.person_id)
        async for dossier in in_order(fresh, service.ledger.people.read):
            yield dossier
