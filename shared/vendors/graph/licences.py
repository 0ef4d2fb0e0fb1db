"""Licences in Graph: what the tenant has, which groups carry one.

Facts from Microsoft Graph v1.0: "List subscribedSkus", "group resource type" (assignedLicenses).
"""

from __future__ import annotations

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json

STATES = "licenseAssignmentStates"
"""Property of a user: what became of each licence (licenseAssignmentState resource type)."""


async def skus(graph: Graph) -> tuple[Json, ...]:
    """Every licence that was bought, with its seats."""
    return tuple([sku async for sku in graph.pages(paths.SKUS)])


async def of_group(graph: Graph, group_id: str) -> tuple[str, ...]:
    """The ids of the licences that this group gives to its members."""
    params = {"$select": "id,assignedLicenses"}
    group = await graph.call("GET", paths.GROUP, at={"group": group_id}, params=params)
    return tuple(str(each["skuId"]) for each in group.get("assignedLicenses") or ())
