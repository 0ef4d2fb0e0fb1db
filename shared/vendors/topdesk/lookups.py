"""Which id belongs to this branch, department, permission group or archiving reason?

TOPdesk's lists are short and change seldom, so each is read once and kept. A name that is not in
it has it read again, but not for every person: at most once a minute. Names are compared as
TOPdesk itself does, without case.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from shared.errors import Permanent
from shared.vendors.topdesk.answers import faults, refusal
from shared.vendors.topdesk.fields import folded
from shared.vendors.topdesk.tenant import Row, Tenant, decoded

PERMISSION_GROUP: Final = "permission group"
OPERATOR_GROUP: Final = "operator group"
BRANCH_FILTER: Final = "branch filter"
CATEGORY_FILTER: Final = "category filter"
OPERATOR_FILTER: Final = "operator filter"
ARCHIVING_REASON: Final = "archiving reason"
DEPARTMENT: Final = "department"
LOCATION: Final = "location"

_LISTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "branch": ("/branches", {"$fields": "id,name"}),
    DEPARTMENT: ("/departments", {}),
    "budgetHolder": ("/budgetholders", {}),
    LOCATION: ("/locations", {}),
    "language": ("/languages", {}),
    "personExtraFieldA": ("/personExtraFieldAEntries", {}),
    "personExtraFieldB": ("/personExtraFieldBEntries", {}),
    PERMISSION_GROUP: ("/permissiongroups", {}),
    OPERATOR_GROUP: ("/operatorgroups", {}),
    BRANCH_FILTER: ("/operators/filters/branch", {}),
    CATEGORY_FILTER: ("/operators/filters/category", {}),
    OPERATOR_FILTER: ("/operators/filters/operator", {}),
    ARCHIVING_REASON: ("/archiving-reasons", {}),
}
_PAGED: Final = frozenset({OPERATOR_GROUP})
_AGAIN_SECONDS: Final = 60.0


@dataclass
class _List:
    """One list as read; `read_at` None: never, or forgotten."""

    rows: list[Row] = field(default_factory=list)
    read_at: float | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One reader or maker at a time: ten people of one new department make it once."""


class Lookups:
    """The lists of one tenant."""

    def __init__(self, tenant: Tenant, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tenant = tenant
        self._monotonic = monotonic
        self._lists = {kind: _List() for kind in _LISTS}

    async def find(self, kind: str, name: str, *, branch_id: str | None = None) -> str | None:
        """The id, or None. Raises Permanent when the name is there more than once.

        With `branch_id` only what belongs to that branch counts; locations do.
        """
        kept = self._lists[kind]
        async with kept.turn:
            if kept.read_at is None:
                await self._read(kind)
            ids = self._ids(kind, name, branch_id)
            if not ids and self._monotonic() - (kept.read_at or 0.0) >= _AGAIN_SECONDS:
                await self._read(kind)
                ids = self._ids(kind, name, branch_id)
        if len(ids) > 1:
            raise Permanent(f"TOPdesk has {kind} '{name}' {len(ids)} times; rename one of them")
        return ids[0] if ids else None

    async def department(self, name: str) -> str:
        """The id of this department, made when TOPdesk lacks it.

        Raises Permanent when TOPdesk has the name and does not show it, UnknownReply when the
        answer to the making was lost.
        """
        if found := await self.find(DEPARTMENT, name):
            return found
        kept = self._lists[DEPARTMENT]
        async with kept.turn:
            if ids := self._ids(DEPARTMENT, name, None):
                return ids[0]
            response = await self._tenant.call("POST", "/departments", body={"name": name})
            if response.is_success:
                row: Row = decoded(response)
                kept.rows.append(row)
                return str(row["id"])
            return await self._made_elsewhere(name, response)

    async def _made_elsewhere(self, name: str, response: httpx.Response) -> str:
        """Another process was first, or the department lies archived."""
        if not any(fault.says("already exists") for fault in faults(response)):
            raise refusal(response, f"make department '{name}'")
        await self._read(DEPARTMENT)
        if ids := self._ids(DEPARTMENT, name, None):
            return ids[0]
        raise Permanent(
            f"department '{name}' exists in TOPdesk but is archived; un-archive it there"
        )

    def forget(self) -> bool:
        """Read everything again at the next question; False when nothing was kept."""
        kept = [one for one in self._lists.values() if one.read_at is not None]
        for one in kept:
            one.read_at = None
        return bool(kept)

    async def _read(self, kind: str) -> None:
        path, params = _LISTS[kind]
        kept = self._lists[kind]
        read = self._tenant.rows if kind in _PAGED else self._tenant.whole
        kept.rows = await read(path, params)
        kept.read_at = self._monotonic()

    def _ids(self, kind: str, name: str, branch_id: str | None) -> list[str]:
        return [
            str(row["id"])
            for row in self._lists[kind].rows
            if folded(name_of(row)) == folded(name)
            and (branch_id is None or (row.get("branch") or {}).get("id") == branch_id)
        ]


def name_of(row: Row) -> str:
    """What a row of a list is called; operator groups have a word of their own for it."""
    return str(row.get("name") or row.get("groupName") or "")
