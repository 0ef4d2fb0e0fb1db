"""Does TOPdesk have what a call is to be filed under? Looked up before a call is made.

Incident API 4.2.6: categories, subcategories (each names its category), call types, entry types,
impacts, urgencies, priorities, durations and processing statuses, each a list of its own. TOPdesk
itself answers a wrong name with a 404 that does not say which.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import httpx

from shared.errors import Permanent
from shared.vendors.topdesk.fields import folded
from shared.vendors.topdesk.tenant import Row, Tenant, decoded

KEPT_SECONDS: Final = 600.0
_SHOWN: Final = 8
_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "category": ("/incidents/categories", "category"),
    "subcategory": ("/incidents/subcategories", "subcategory"),
    "callType": ("/incidents/call_types", "call type"),
    "entryType": ("/incidents/entry_types", "entry type"),
    "impact": ("/incidents/impacts", "impact"),
    "urgency": ("/incidents/urgencies", "urgency"),
    "priority": ("/incidents/priorities", "priority"),
    "duration": ("/incidents/durations", "duration"),
    "processingStatus": ("/incidents/statuses", "processing status"),
}


class TicketLists:
    """The lists of one tenant, kept for some minutes."""

    def __init__(self, tenant: Tenant, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tenant = tenant
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, list[Row]]] = {}

    async def check(self, values: Mapping[str, str]) -> None:
        """Raise Permanent when a list lacks what is named, with what it has."""
        for field, value in values.items():
            if field in _LISTS and (rows := await self._rows(field)):
                if field == "subcategory":
                    rows = list(_below(rows, values.get("category", "")))
                _refuse_unknown(field, value, rows, values)

    async def _rows(self, field: str) -> list[Row]:
        """None of a list that the account may not read: then the call itself tells."""
        until, rows = self._known.get(field, (0.0, []))
        if self._monotonic() < until:
            return rows
        response = await self._tenant.call("GET", _LISTS[field][0])
        body = decoded(response) if response.status_code == httpx.codes.OK else []
        rows = [row for row in body if isinstance(row, dict)] if isinstance(body, list) else []
        self._known[field] = (self._monotonic() + KEPT_SECONDS, rows)
        return rows


def _below(rows: list[Row], category: str) -> Iterator[Row]:
    """The subcategories of one category: two categories may have one of the same name."""
    for row in rows:
        of = row.get("category")
        if not isinstance(of, dict) or folded(str(of.get("name") or "")) == folded(category):
            yield row


def _refuse_unknown(field: str, value: str, rows: list[Row], values: Mapping[str, str]) -> None:
    names = [str(row.get("name") or "") for row in rows]
    if folded(value) in map(folded, names):
        return
    _, what = _LISTS[field]
    under = f" under category '{values.get('category', '')}'" if field == "subcategory" else ""
    has = ", ".join(sorted(names)[:_SHOWN]) or "none"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise Permanent(
        f"TOPdesk has no {what} '{value}' for calls{under}; it has {has}{more}: make it there, or "
        "name another one in topdesk.tickets of the policy",
        mender="policy",
    )
