"""Temporary Access Passes in Graph: what the tenant allows, find, make, delete.

Facts from Microsoft Graph v1.0: "temporaryAccessPassAuthenticationMethod resource type", "Create
temporaryAccessPassMethod", "temporaryAccessPassAuthenticationMethodConfiguration resource type".
The code stands in the answer to the create and nowhere else: nothing of it is logged here.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import NotVisible


async def policy(graph: Graph) -> Json:
    """What the tenant says of passes: `state`, the limits in minutes, `isUsableOnce`."""
    return await graph.call("GET", paths.TAP_POLICY)


async def of(graph: Graph, user_id: str) -> tuple[Json, ...]:
    """The passes of this account, spent and expired ones too; never with their code."""
    page = await graph.call("GET", paths.USER_TAPS, at={"user": user_id})
    return tuple(page["value"])


async def create(graph: Graph, user_id: str, *, minutes: int, once: bool) -> Json:
    """A pass that can be used from now on. Never repeated after a lost reply."""
    body = {"lifetimeInMinutes": minutes, "isUsableOnce": once}
    return await graph.call("POST", paths.USER_TAPS, at={"user": user_id}, json=body)


async def delete(graph: Graph, user_id: str, pass_: Mapping[str, object]) -> None:
    """Take it back; one that is gone is gone."""
    at = {"user": user_id, "pass": str(pass_["id"])}
    try:
        await graph.call("DELETE", paths.USER_TAP, at=at)
    except NotVisible:
        return
