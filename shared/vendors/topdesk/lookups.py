"""Which id belongs to this branch, department, permission group or archiving reason?

TOPdesk's lists are short and change seldom, so each is read and kept for a while. A name that is
not in it has it read again, but not for every person: at most once a minute. Names are compared as
TOPdesk itself does, without case. A row can be tied to HR's code (`externalLink`, Supporting Files
API 2.7.11), and is found by that when HR gives it another name.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from shared.errors import Permanent
from shared.vendors.topdesk.answers import faults, refusal
from shared.vendors.topdesk.fields import folded
from shared.vendors.topdesk.tenant import Body, Generation, Row, Tenant, decoded

PERMISSION_GROUP: Final = "permission group"
OPERATOR_GROUP: Final = "operator group"
BRANCH_FILTER: Final = "branch filter"
CATEGORY_FILTER: Final = "category filter"
OPERATOR_FILTER: Final = "operator filter"
ARCHIVING_REASON: Final = "archiving reason"
BRANCH: Final = "branch"
DEPARTMENT: Final = "department"
LOCATION: Final = "location"

_LISTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    BRANCH: ("/branches", {"$fields": "id,name"}),
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
LINK_TYPE: Final = "20711"
"""Ours among the integrations that tie rows of a list: a number other than zero, as a text."""
_LINK: Final = "externalLink"
_RENAMED_SECONDS: Final = 3600.0
_KEPT_SECONDS: Final = 900.0
"""So long a list is believed: what somebody renames in TOPdesk is seen after that."""
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
        self._renamed: dict[tuple[str, str], tuple[str, float]] = {}
        """What a row of this code was called last by us, and when."""

    async def find(self, kind: str, name: str, *, branch_id: str | None = None) -> str | None:
        """The id, or None. Raises Permanent when the name is there more than once.

        With `branch_id` only what belongs to that branch counts; locations do.
        """
        kept = self._lists[kind]
        async with kept.turn:
            if kept.read_at is None or self._monotonic() - kept.read_at >= _KEPT_SECONDS:
                await self._read(kind)
            ids = self._ids(kind, name, branch_id)
            if not ids and self._monotonic() - (kept.read_at or 0.0) >= _AGAIN_SECONDS:
                await self._read(kind)
                ids = self._ids(kind, name, branch_id)
        if len(ids) > 1:
            raise Permanent(f"TOPdesk has {kind} '{name}' {len(ids)} times; rename one of them")
        return ids[0] if ids else None

    async def entry(self, kind: str, name: str, *, code: str | None, make: bool) -> str | None:
        """The id of this row: by HR's code when it is tied, else by its name; made if asked to.

        Raises Permanent when TOPdesk has the name and does not show it, UnknownReply when the
        answer to the making was lost.
        """
        found = await self.find(kind, name)
        tied = await self._tied(kind, code) if code else None
        if found or tied or not make:
            # A row of that name is what HR means, also beside an older one with the code.
            return found or (str(tied["id"]) if tied else None)
        return await self._make(kind, name, code)

    async def is_loose(self, kind: str, name: str, code: str) -> bool:
        """Must the row be tied to HR's code, or renamed? Not when it is yet to be made.

        Raises Permanent when HR has lately called the same code by another name: one of the two
        would undo the other.
        """
        if not self._tenant.knows(_LINK, Generation.V2):
            return False
        tied, named = await self._tied(kind, code), await self._named(kind, name)
        if tied is None:
            return named is not None and _link_of(named) is None
        if folded(name_of(tied)) == folded(name) or named is not None:
            return False
        called, at = self._renamed.get((kind, code), (name, 0.0))
        if folded(called) != folded(name) and self._monotonic() - at < _RENAMED_SECONDS:
            raise Permanent(
                f"HR calls {kind} {code} both '{called}' and '{name}'; give it one name in HR",
                mender="hr",
            )
        return True

    async def tie(self, kind: str, name: str, code: str) -> None:
        """Tie the row to HR's code, and call it what HR calls it."""
        row = await self._tied(kind, code) or await self._named(kind, name)
        if row is None:
            return
        row_id = str(row["id"])
        path, _ = _LISTS[kind]

        async def send() -> tuple[httpx.Response, Body]:
            body = {"name": name, **self._link(code)}
            return await self._tenant.call(
                "PATCH", f"{path}/id/{{id}}", at={"id": row_id}, body=body, idempotent=True
            ), body

        response, _ = await self._tenant.negotiate(send)
        if not response.is_success:
            raise refusal(response, f"rename {kind} '{name_of(row)}' or tie it to HR's code")
        self._renamed[kind, code] = (name, self._monotonic())
        kept = self._lists[kind]
        async with kept.turn:
            now = {**row, "name": name, **self._link(code)}
            kept.rows = [now if one["id"] == row["id"] else one for one in kept.rows]

    async def _make(self, kind: str, name: str, code: str | None) -> str:
        kept = self._lists[kind]
        path, _ = _LISTS[kind]

        async def send() -> tuple[httpx.Response, Body]:
            more = {"branchType": "independentBranch"} if kind == BRANCH else self._link(code)
            body = {"name": name, **more}
            return await self._tenant.call("POST", path, body=body), body

        async with kept.turn:
            if ids := self._ids(kind, name, None):
                return ids[0]
            response, _ = await self._tenant.negotiate(send)
            if response.is_success:
                row: Row = decoded(response)
                kept.rows.append({**row, **self._link(code)} if kind != BRANCH else row)
                return str(row["id"])
            return await self._made_elsewhere(kind, name, response)

    async def _made_elsewhere(self, kind: str, name: str, response: httpx.Response) -> str:
        """Another process was first, or the row lies archived."""
        exists = any(
            fault.says("already exists") or fault.code == "duplicate_value"
            for fault in faults(response)
        )
        if not exists:
            raise refusal(response, f"make {kind} '{name}'")
        await self._read(kind)
        if ids := self._ids(kind, name, None):
            return ids[0]
        raise Permanent(f"{kind} '{name}' exists in TOPdesk but is archived; un-archive it there")

    def _link(self, code: str | None) -> dict[str, Any]:
        """The tie as a body has it; nothing where TOPdesk does not know it."""
        if not code or not self._tenant.knows(_LINK, Generation.V2):
            return {}
        return {_LINK: {"id": code, "type": LINK_TYPE}}

    async def _named(self, kind: str, name: str) -> Row | None:
        row_id = await self.find(kind, name)
        return next((row for row in self._lists[kind].rows if row["id"] == row_id), None)

    async def _tied(self, kind: str, code: str) -> Row | None:
        """The row that is tied to this code, whatever it is called."""
        kept = self._lists[kind]
        async with kept.turn:
            if kept.read_at is None:
                await self._read(kind)
            rows = kept.rows
        return next((row for row in rows if _link_of(row) == code), None)

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


def _link_of(row: Row) -> str | None:
    """HR's code of a row, when it is tied by us."""
    match row.get(_LINK):
        case {"id": tie, "type": kind} if str(kind) == LINK_TYPE:
            return str(tie)
    return None


def name_of(row: Row) -> str:
    """What a row of a list is called; operator groups have a word of their own for it."""
    return str(row.get("name") or row.get("groupName") or "")
