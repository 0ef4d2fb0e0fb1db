"""What has changed since a moment? Graph's delta queries over users, and over groups' members.

Facts from Microsoft Graph v1.0: "Use delta query to track changes", "user: delta", "group: delta".
The link is opaque and kept whole; it is good for seven days, then 410 and a new beginning. A page
may be empty and still have a next one; an object may come twice. What is asked of the first call
lives on in the link.
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from dataclasses import dataclass

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import Refused

_GONE = 410
_BAD_REQUEST = 400
_MANAGER = "manager"
_MEMBERS = "displayName,members"


@dataclass(frozen=True)
class Page:
    """One page of a round."""

    items: tuple[Json, ...]
    link: str
    """What to ask next: the rest of this round, or what comes after it."""
    is_last: bool


async def users(graph: Graph, select: Collection[str], link: str | None) -> Page | None:
    """The next page; without a link the first of all. None: the link is no good any more.

    With a manager that came or went as `manager@delta`, where Graph tells of relationships.
    """
    if link:
        return await _page(graph.page(paths.USERS_DELTA, link=link))
    try:
        return await _first_of_users(graph, (*select, _MANAGER))
    except Refused as refused:
        if refused.refusal.status != _BAD_REQUEST:
            raise
        return await _first_of_users(graph, select)


async def _first_of_users(graph: Graph, select: Collection[str]) -> Page | None:
    params = {"$select": ",".join(select)}
    return await _page(graph.page(paths.USERS_DELTA, params=params))


async def groups(graph: Graph, link: str | None) -> Page | None:
    """The same of groups, with the members that came and went as `members@delta`."""
    params = None if link else {"$select": _MEMBERS}
    return await _page(graph.page(paths.GROUPS_DELTA, link=link, params=params))


async def _page(asked: Coroutine[object, object, Json]) -> Page | None:
    try:
        body = await asked
    except Refused as refused:
        if refused.refusal.status == _GONE:
            return None
        raise
    last = body.get("@odata.deltaLink")
    return Page(tuple(body["value"]), str(last or body["@odata.nextLink"]), is_last=bool(last))
