"""Which group does a name in the policy mean, and may we fill it?

Called by entra.py before it plans or writes a membership. Answers are kept for some minutes, for
a first load asks for the same ten groups thousands of times.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from shared.apply.groups import Kind, Member
from shared.errors import Permanent
from shared.model.right import is_generated
from shared.vendors.graph import groups
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import NotVisible

KEPT_SECONDS = 600.0
MEMBER_FIELDS = "id,userPrincipalName,displayName,userType"
_KINDS: Mapping[str, Kind] = {
    "user": "person",
    "group": "group",
    "servicePrincipal": "application",
    "device": "device",
}
OBSTACLE_KEPT_SECONDS = 60.0
"""Shorter: somebody is probably mending it."""


@dataclass(frozen=True)
class Group:
    """What a name stands for in Entra. With an obstacle, its members are not ours to change."""

    id: str | None
    obstacle: str | None = None
    doubles: frozenset[str] = frozenset()
    """The ids of all that have this name, when they are several: which is meant nobody knows."""


@dataclass
class GroupBook:
    """The groups of one tenant, looked up when first asked for."""

    graph: Graph
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Group]] = field(default_factory=dict)
    _asking: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def look_up(self, name: str) -> Group:
        """The group of this display name or object id."""
        async with self._asking.setdefault(name, asyncio.Lock()):
            until, group = self._known.get(name, (0.0, None))
            if group is None or self.monotonic() >= until:
                group = _judged(name, await self._find(name))
                kept = OBSTACLE_KEPT_SECONDS if group.obstacle else KEPT_SECONDS
                self._known[name] = (self.monotonic() + kept, group)
            return group

    async def look_up_all(self, names: Iterable[str]) -> Mapping[str, Group]:
        """Each of these names with its group."""
        asked = tuple(names)
        return dict(zip(asked, await asyncio.gather(*map(self.look_up, asked)), strict=True))

    def know(self, name: str, group_id: str) -> None:
        """A group of our own making is this one; Entra's index may not show it yet."""
        self._known[name] = (self.monotonic() + KEPT_SECONDS, Group(group_id))

    async def _find(self, name: str) -> tuple[Json, ...]:
        if is_generated(name):
            return await groups.with_nickname(self.graph, mark(name))
        return await groups.find(self.graph, name)

    def forget(self, name: str) -> None:
        """Ask again next time: Entra has just shown that the answer is out of date."""
        self._known.pop(name, None)


class EntraGroups:
    """The groups of one tenant as the policy names them, for whoever asks about a whole group."""

    def __init__(self, graph: Graph, book: GroupBook | None = None) -> None:
        self._graph = graph
        self._book = book or GroupBook(graph)

    async def obstacle(self, name: str) -> str | None:
        """Why its members cannot be changed here, with the mend; None when they can."""
        return (await self._book.look_up(name)).obstacle

    async def find(self, right: str, group_id: str | None) -> str | None:
        """The id of the group that we made for this right: by its id, else by its mark."""
        rows = await groups.find(self._graph, group_id) if group_id else ()
        rows = rows or await groups.with_nickname(self._graph, mark(right))
        if not rows:
            return None
        found = min(str(row["id"]) for row in rows)
        self._book.know(right, found)
        return found

    async def make(self, right: str, name: str) -> str:
        """Make it, with its mark; answers the id. Raises UnknownReply when it may be there."""
        told = f"Made by Instroom ({right}): its name and its members follow HR."
        made = await groups.create(self._graph, name=name, nickname=mark(right), description=told)
        self._book.know(right, made)
        return made

    async def rename(self, group_id: str, name: str) -> None:
        """Give it another display name."""
        await groups.rename(self._graph, group_id, name)

    async def members_of(self, group_id: str) -> tuple[Member, ...]:
        """The direct members of the group with this id; none when it is gone."""
        try:
            rows = await groups.direct_members(self._graph, group_id, MEMBER_FIELDS)
        except NotVisible:
            return ()
        return tuple(map(_member, rows))

    async def delete(self, right: str, group_id: str) -> None:
        """Delete a group of our own making. Raises Permanent when it does not carry our mark."""
        self._book.forget(right)
        for row in await groups.find(self._graph, group_id):
            if row.get("mailNickname") != mark(right):
                raise Permanent(
                    "it does not carry the mark of Instroom any more, so it is left: delete it in "
                    "Entra by hand, or let it be",
                    mender="operator",
                )
            await groups.delete(self._graph, group_id)

    async def members(self, name: str) -> tuple[Member, ...]:
        """Its direct members. Raises Permanent when there is no such group, or several."""
        group = await self._book.look_up(name)
        if group.id is None:
            raise Permanent(str(group.obstacle), mender="policy")
        rows = await groups.direct_members(self._graph, group.id, MEMBER_FIELDS)
        return tuple(map(_member, rows))


def _member(row: Json) -> Member:
    kind = _KINDS.get(str(row.get("@odata.type", "")).rpartition(".")[2], "device")
    if kind == "person" and row.get("userType") == "Guest":
        kind = "guest"
    name = row.get("userPrincipalName") or row.get("displayName") or row["id"]
    return Member(id=str(row["id"]), kind=kind, name=str(name))


def mark(right: str) -> str:
    """By what a group of our own making is known in Entra, whatever it is called: its nickname.

    Nobody sees it, and the directory lets us filter on it (Microsoft Graph, group resource type).
    """
    return f"instroom-{hashlib.sha256(right.encode()).hexdigest()[:24]}"


def _judged(name: str, found: tuple[Json, ...]) -> Group:
    if is_generated(name) and not found:
        return Group(
            None, f"the group '{name}' is not there yet: it is made with its first member"
        )
    if not found:
        return Group(
            None, f"group '{name}' is not in Entra: create it, or correct the name in the policy"
        )
    if len(found) > 1:
        return Group(
            None,
            f"{len(found)} groups in Entra are named '{name}': name the right one by its object "
            "id in the policy",
            doubles=frozenset(str(one["id"]) for one in found),
        )
    problem = _problem(found[0])
    return Group(str(found[0]["id"]), f"group '{name}' {problem}" if problem else None)


def _problem(group: Json) -> str | None:
    """Why its members cannot be written (Microsoft Graph, "Add members": permissions)."""
    kinds = group.get("groupTypes") or ()
    if "DynamicMembership" in kinds:
        return (
            "is filled by a rule of its own: take it out of the policy, or make its membership "
            "assigned in Entra"
        )
    if group.get("onPremisesSyncEnabled"):
        return "is mastered by Active Directory: fill it there, or use a cloud group"
    if group.get("isAssignableToRole"):
        return "can carry admin roles, which Instroom does not hand out: use another group"
    if group.get("isManagementRestricted"):
        return (
            "lies in a restricted administrative unit: give the app a role there, or use another "
            "group"
        )
    if group.get("mailEnabled") and "Unified" not in kinds:
        return (
            "is a mail-enabled group, which only Exchange can fill: use a security group or a "
            "Microsoft 365 group"
        )
    return None
