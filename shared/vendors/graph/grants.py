"""What was granted to an identity in Graph: read it, and grant one permission more.

Facts from Microsoft Graph v1.0: "servicePrincipal resource type", "List appRoleAssignments granted
to a service principal", "Grant an appRoleAssignment to a service principal". Only `instroom
permissions` comes here, under an administrator's own sign-in.
"""

from __future__ import annotations

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import NotVisible

GRAPH_ITSELF = "00000003-0000-0000-c000-000000000000"
"""Application id of Microsoft Graph, the same in every tenant."""


async def graph_itself(graph: Graph) -> Json | None:
    """Graph's own service principal with the roles that it offers; its id differs by tenant."""
    params = {"$filter": f"appId eq '{GRAPH_ITSELF}'", "$select": "id,appRoles"}
    async for each in graph.pages(paths.PRINCIPALS, params=params):
        return each
    return None


async def identity(graph: Graph, object_id: str) -> Json | None:
    """The service principal of an identity; None when there is none, or none yet."""
    params = {"$select": "id,displayName,servicePrincipalType"}
    try:
        return await graph.call("GET", paths.PRINCIPAL, at={"principal": object_id}, params=params)
    except NotVisible:
        return None


async def held(graph: Graph, object_id: str) -> tuple[Json, ...]:
    """Every role that an identity was granted, of Graph and of other applications."""
    pages = graph.pages(paths.ROLE_ASSIGNMENTS, at={"principal": object_id})
    return tuple([each async for each in pages])


async def grant(graph: Graph, object_id: str, resource_id: str, role_id: str) -> None:
    """Grant one role; Refused with `says_exists` when it was granted before."""
    body = {"principalId": object_id, "resourceId": resource_id, "appRoleId": role_id}
    at = {"principal": object_id}
    await graph.call("POST", paths.ROLE_ASSIGNMENTS, at=at, json=body, idempotent=True)
