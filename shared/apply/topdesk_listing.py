"""Every person card in TOPdesk, a page at a time. Called by a take-over; reads only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from shared.apply.listing import Seen
from shared.vendors.topdesk.persons import LOGIN, Persons
from shared.vendors.topdesk.tenant import Tenant


@dataclass(frozen=True)
class TopdeskListing:
    """The cards of one tenant that its API account may see."""

    tenant: Tenant

    async def everyone(self) -> AsyncIterator[Seen]:
        """All of them; those whose human TOPdesk itself has removed are nobody's."""
        async for card in Persons(self.tenant).everyone():
            if not card.is_anonymised:
                yield Seen(
                    id=card.id,
                    number=card.employee_number,
                    name=str(card.value(LOGIN) or card.id),
                    active=not card.archived,
                )
