"""Accounts in Graph: find, read, create, change, delete, restore; manager and memberships.

Facts from Microsoft Graph v1.0: "user resource type", "Create User", "Update user", "Delete a
user", "Restore deleted directory object item", "Assign manager", "List a user's memberships".
Users are JSON as Graph writes them; `attributes` translates what a policy names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.governor import URGENT
from shared.vendors.graph.refusals import NotVisible

MOST_PER_PAGE = "999"
_MANAGER = "manager($select=id)"


async def get(graph: Graph, key: str, select: Collection[str]) -> Json | None:
    """The account with this object id or user principal name, its manager's id with it."""
    params = {"$select": ",".join(select), "$expand": _MANAGER}
    try:
        return await graph.call("GET", paths.USER, at={"user": key}, params=params)
    except NotVisible:
        return None


async def see_blocked(graph: Graph, user_id: str) -> None:
    """Return when the replica that answers shows that it cannot sign in; else NotVisible.

    An account that is not there cannot either.
    """
    params = {"$select": "accountEnabled"}
    try:
        user = await graph.call("GET", paths.USER, at={"user": user_id}, params=params)
    except NotVisible:
        return
    if user["accountEnabled"]:
        raise NotVisible("the block does not show yet")


async def any_visible(graph: Graph) -> bool:
    """May the app read accounts, and is there one?"""
    return await any_id(graph) is not None


async def any_id(graph: Graph) -> str | None:
    """The id of somebody's account, if there is one. The cheapest question there is."""
    page = await graph.call("GET", paths.USERS, params={"$select": "id", "$top": "1"})
    return str(page["value"][0]["id"]) if page["value"] else None


async def with_employee_id(graph: Graph, number: str, select: Collection[str]) -> tuple[Json, ...]:
    """All live accounts that carry this number. The index lags behind a create by seconds."""
    params = {
        "$filter": _equals("employeeId", number),
        "$select": ",".join(select),
        "$expand": _MANAGER,
    }
    return tuple([user async for user in graph.pages(paths.USERS, params=params)])


async def with_any(
    graph: Graph, values: Collection[tuple[str, str]], select: Collection[str]
) -> tuple[Json, ...]:
    """All live accounts with one of these properties and values; at most 15 of them.

    Graph, "Use the $filter query parameter": so many alternatives a filter takes.
    """
    params = {
        "$filter": " or ".join(_equals(name, value) for name, value in values),
        "$select": ",".join(select),
        "$expand": _MANAGER,
    }
    return tuple([user async for user in graph.pages(paths.USERS, params=params)])


async def first_with(
    graph: Graph, name: str, value: str, select: Collection[str]
) -> tuple[Json, ...]:
    """The first few live accounts with this value, without their manager.

    Graph, "Advanced query capabilities on Microsoft Entra ID objects": a property of Active
    Directory needs the header and the count; they do no harm to the others.
    """
    params = {
        "$filter": _equals(name, value),
        "$select": ",".join(select),
        "$top": "5",
        "$count": "true",
    }
    page = await graph.call(
        "GET", paths.USERS, params=params, headers={"ConsistencyLevel": "eventual"}
    )
    return tuple(page["value"])


def _equals(name: str, value: str) -> str:
    literal = value.replace("'", "''")
    return f"{name} eq '{literal}'"


async def everyone(graph: Graph, select: Collection[str]) -> AsyncIterator[Json]:
    """All live accounts, a page of 999 at a time; nothing is kept of what was passed on."""
    params = {"$select": ",".join(select), "$top": MOST_PER_PAGE}
    async for user in graph.pages(paths.USERS, params=params):
        yield user


async def get_deleted(graph: Graph, user_id: str, select: Collection[str]) -> Json | None:
    """The account in deletedItems, where it lies for 30 days."""
    params = {"$select": ",".join(select)}
    try:
        return await graph.call("GET", paths.DELETED_ITEM, at={"user": user_id}, params=params)
    except NotVisible:
        return None


async def create(graph: Graph, user: Json) -> Json:
    """A new account. Never repeated after a lost reply."""
    return await graph.call("POST", paths.USERS, json=user)


async def change(graph: Graph, user_id: str, user: Json, *, urgent: bool = False) -> None:
    """Write these properties and no other; null empties one."""
    await graph.call(
        "PATCH",
        paths.USER,
        at={"user": user_id},
        json=user,
        headers=URGENT if urgent else None,
        idempotent=True,
    )


async def revoke_sessions(graph: Graph, user_id: str) -> None:
    """End every session: refresh tokens are refused from now on."""
    at = {"user": user_id}
    await graph.call("POST", paths.USER_REVOKE, at=at, headers=URGENT, idempotent=True)


async def delete(graph: Graph, user_id: str) -> None:
    """Into deletedItems."""
    await graph.call("DELETE", paths.USER, at={"user": user_id})


async def restore(graph: Graph, user_id: str, *, new_name: str | None = None) -> Json:
    """Out of deletedItems, memberships too; `new_name` when somebody else has the old one."""
    body: Json = {"newUserPrincipalName": new_name} if new_name else {}
    return await graph.call("POST", paths.RESTORE, at={"user": user_id}, json=body)


async def set_manager(graph: Graph, user_id: str, manager_id: str) -> None:
    """Set or replace; NotVisible when either of the two is not there yet."""
    body = {"@odata.id": f"{graph.base_url}/users/{manager_id}"}
    await graph.call("PUT", paths.USER_MANAGER, at={"user": user_id}, json=body)


async def clear_manager(graph: Graph, user_id: str) -> None:
    """Remove; NotVisible when there is none."""
    await graph.call("DELETE", paths.USER_MANAGER, at={"user": user_id})


async def member_of(graph: Graph, user_id: str, asked: Collection[str]) -> frozenset[str]:
    """Of the group ids asked about, those that the account is a direct member of."""
    if not asked:
        return frozenset()
    params = {"$select": "id", "$top": MOST_PER_PAGE}
    pages = graph.pages(paths.USER_GROUPS, at={"user": user_id}, params=params)
    return frozenset({str(group["id"]) async for group in pages} & set(asked))


# --- attributes --------------------------------------------------------------------------------

_LISTS = frozenset({"businessPhones"})
"""A collection that takes one value only."""
_DATES = frozenset({"employeeHireDate", "employeeLeaveDateTime"})
_MIDNIGHT = "T00:00:00Z"


def properties(attributes: Collection[str]) -> tuple[str, ...]:
    """What to select for these attributes: a nested one by its outer property."""
    return tuple(dict.fromkeys(name.partition(".")[0] for name in attributes))


def attributes(user: Json, names: Collection[str]) -> dict[str, str | bool | None]:
    """The values of these attributes, dotted ones from inside, as a policy writes them."""
    return {name: _value(user, name) for name in names}


def addresses(user: Json) -> frozenset[str]:
    """The mail addresses that Exchange keeps for it, primary and secondary, in lower case."""
    kept = (str(one).casefold().partition(":") for one in user.get("proxyAddresses") or ())
    return frozenset(address for kind, _, address in kept if kind == "smtp")


def body(values: Mapping[str, str | bool | None]) -> Json:
    """The JSON that writes these attributes; dotted ones share their outer property."""
    written: Json = {}
    for name, value in values.items():
        outer, _, inner = name.partition(".")
        wire = _wire(outer, value)
        if inner:
            written.setdefault(outer, {})[inner] = wire
        else:
            written[outer] = wire
    return written


def _value(user: Json, name: str) -> str | bool | None:
    outer, _, inner = name.partition(".")
    value = user.get(outer)
    if inner:
        value = (value or {}).get(inner)
    if outer in _LISTS:
        value = value[0] if value else None
    if isinstance(value, bool) or value is None:
        return value
    return str(value).removesuffix(_MIDNIGHT) if outer in _DATES else str(value)


def _wire(outer: str, value: str | bool | None) -> object:  # noqa: FBT001 - a value of any kind
    if outer in _LISTS:
        return [] if value is None else [value]
    if outer in _DATES and isinstance(value, str) and "T" not in value:
        return f"{value}{_MIDNIGHT}"
    return value
