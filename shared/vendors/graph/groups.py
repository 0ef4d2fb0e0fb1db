"""Groups in Graph: find one by name or id, add one member or twenty, remove one.

Facts from Microsoft Graph v1.0: "group resource type", "Add members", "Remove member".
"""

from __future__ import annotations

import re
from collections.abc import Collection

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.governor import LOW
from shared.vendors.graph.refusals import NotVisible

SELECT = (
    "id,displayName,groupTypes,mailEnabled,securityEnabled,onPremisesSyncEnabled,"
    "isAssignableToRole,isManagementRestricted,mailNickname"
)
_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


async def any_visible(graph: Graph) -> bool:
    """May the app read groups, and is there one?"""
    page = await graph.call("GET", paths.GROUPS, params={"$select": "id", "$top": "1"})
    return bool(page["value"])


async def find(graph: Graph, name_or_id: str) -> tuple[Json, ...]:
    """The groups with this display name, which need not be unique, or the one with this id."""
    if _OBJECT_ID.fullmatch(name_or_id):
        try:
            found = await graph.call(
                "GET", paths.GROUP, at={"group": name_or_id}, params={"$select": SELECT}
            )
        except NotVisible:
            return ()
        return (found,)
    literal = name_or_id.replace("'", "''")
    params = {"$filter": f"displayName eq '{literal}'", "$select": SELECT}
    return tuple([group async for group in graph.pages(paths.GROUPS, params=params)])


async def with_nickname(graph: Graph, nickname: str) -> tuple[Json, ...]:
    """The groups with this mailNickname. The index lags behind a create by seconds."""
    params = {"$filter": f"mailNickname eq '{nickname}'", "$select": SELECT}
    return tuple([group async for group in graph.pages(paths.GROUPS, params=params)])


async def create(graph: Graph, *, name: str, nickname: str, description: str) -> str:
    """A new security group; answers its id. Never repeated after a lost reply."""
    body: Json = {
        "displayName": name,
        "description": description,
        "mailEnabled": False,
        "mailNickname": nickname,
        "securityEnabled": True,
    }
    return str((await graph.call("POST", paths.GROUPS, json=body))["id"])


async def rename(graph: Graph, group_id: str, name: str) -> None:
    """Another display name."""
    body: Json = {"displayName": name}
    await graph.call("PATCH", paths.GROUP, at={"group": group_id}, json=body, idempotent=True)


async def delete(graph: Graph, group_id: str) -> None:
    """Delete a group of our own; one that is gone already is gone."""
    try:
        await graph.call("DELETE", paths.GROUP, at={"group": group_id})
    except NotVisible:
        return


async def add_member(graph: Graph, group_id: str, user_id: str) -> None:
    """Add one; Refused with `says_exists` when they are in it already."""
    body = {"@odata.id": f"{graph.base_url}/directoryObjects/{user_id}"}
    await graph.call(
        "POST", paths.GROUP_MEMBERS, at={"group": group_id}, json=body, idempotent=True
    )


async def add_members(graph: Graph, group_id: str, user_ids: Collection[str]) -> None:
    """Add at most twenty, all or nobody: Refused when one of them is in it already.

    Sent again after a lost reply it is refused, for then they are.
    """
    references = [f"{graph.base_url}/directoryObjects/{user_id}" for user_id in user_ids]
    body = {"members@odata.bind": references}
    at = {"group": group_id}
    await graph.call("PATCH", paths.GROUP, at=at, json=body, idempotent=True)


async def remove_member(graph: Graph, group_id: str, user_id: str) -> None:
    """Remove one; NotVisible when they are not in it."""
    at = {"group": group_id, "user": user_id}
    await graph.call("DELETE", paths.GROUP_MEMBER, at=at)


async def direct_members(graph: Graph, group_id: str, select: str) -> tuple[Json, ...]:
    """Users and nested groups in a group, with their type."""
    params = {"$select": select, "$top": "999"}
    at = {"group": group_id}
    pages = graph.pages(paths.GROUP_DIRECT, at=at, params=params, headers=LOW)
    return tuple([each async for each in pages])
