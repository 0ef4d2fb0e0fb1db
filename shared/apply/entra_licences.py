"""Licences in Entra: what was bought, which groups carry it, and who could not be given one.

Called by the daily upkeep, and by entra.py with what it read of an account. Entra gives the
licence of a group in the background and writes down on the account what became of it, never in
an answer (Microsoft Learn, "Identify and resolve license assignment problems for a group").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.apply.entra_groups import Group, GroupBook
from shared.apply.licences import NOT_GIVEN
from shared.errors import Permanent
from shared.model.licence import Licence
from shared.vendors.graph import licences
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import Refused

_FAILED = frozenset({"Error", "ActiveWithError"})
_AGAIN = "Entra tries again by itself, or at once under Reprocess on the group's licences"
_MENDS = {
    "CountViolation": f"no seat is left: buy seats or free one; {_AGAIN}",
    "MutuallyExclusiveViolation": (
        "it excludes a licence that the account has: take one of the two groups away"
    ),
    "DependencyViolation": (
        "it needs a service that the account lacks: switch that on in the group's licence, or "
        f"give the licence that has it; {_AGAIN}"
    ),
    "ProhibitedInUsageLocationViolation": (
        "a service of it is not allowed where the account is used: see usageLocation under "
        f"entra.attributes; {_AGAIN}"
    ),
    "UniquenessViolation": "an address of the account is another's too: mend that in Exchange",
}
_OTHER = f"the admin centre says why, under the group's licences; {_AGAIN}"


@dataclass
class EntraLicences:
    """The licences of one tenant."""

    graph: Graph
    book: GroupBook

    async def bought(self) -> tuple[Licence, ...]:
        """Every licence that was bought, with its seats."""
        try:
            return tuple(map(_licence, await licences.skus(self.graph)))
        except Refused as refused:
            raise Permanent(
                f"Graph does not let the app see the licences ({refused.refusal}): grant its "
                "identity LicenseAssignment.Read.All, with `instroom permissions grant`",
                mender="operator",
            ) from refused

    async def carried_by(self, group: str) -> tuple[str, ...]:
        """Ids of the licences that members of this group get."""
        known = await self.book.look_up(group)
        return await licences.of_group(self.graph, known.id) if known.id else ()


def lacking(user: Json, groups: Mapping[str, Group]) -> dict[str, str]:
    """What the account did not get of the licences of these groups, with the mend of each."""
    names = {group.id: name for name, group in groups.items() if group.id}
    return {
        f"{NOT_GIVEN}{name}": f"Entra could not give the licence of group '{name}' "
        f"({state.get('error') or 'no reason'}): {_MENDS.get(str(state.get('error')), _OTHER)}"
        for state in user.get(licences.STATES) or ()
        if state.get("state") in _FAILED
        for name in (names.get(str(state.get("assignedByGroup"))),)
        if name
    }


def _licence(sku: Json) -> Licence:
    return Licence(
        id=str(sku["skuId"]),
        name=str(sku.get("skuPartNumber") or sku["skuId"]),
        bought=int((sku.get("prepaidUnits") or {}).get("enabled") or 0),
        used=int(sku.get("consumedUnits") or 0),
    )
