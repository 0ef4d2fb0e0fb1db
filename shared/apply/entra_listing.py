"""Every account in Entra, a page at a time. Called by a take-over; reads only.

Raw JSON, because the SDK's objects take some 70 times the memory of what is needed of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from shared.apply.listing import Seen
from shared.vendors.graph import users
from shared.vendors.graph.client import Graph, Json

MATCHED = ("mail", "userPrincipalName", "onPremisesSamAccountName")
_SELECT = ("id", *MATCHED, "employeeId", "accountEnabled", "userType")


@dataclass(frozen=True)
class EntraListing:
    """The accounts of one tenant."""

    graph: Graph

    async def everyone(self) -> AsyncIterator[Seen]:
        """All that are not in the bin; those that were made in the last minutes may be missing."""
        async for user in users.everyone(self.graph, _SELECT):
            yield _seen(user)


def _seen(user: Json) -> Seen:
    return Seen(
        id=user["id"],
        number=user.get("employeeId") or "",
        name=user["userPrincipalName"],
        active=user.get("accountEnabled") is not False,
        is_person=user.get("userType") != "Guest",
        properties={name: value for name in MATCHED if (value := user.get(name))},
    )
