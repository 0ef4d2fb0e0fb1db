"""How is a call or a request for change made, once?

Incident API 4.2.6 and Change API 1.4.0. Neither has an idempotency key: `externalNumber` carries
our own, and is looked for before a create. Which queries know that field no document says, and an
unknown parameter may be ignored: only a row that shows the number itself counts.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, Final

import httpx

from shared.errors import Permanent
from shared.vendors.topdesk.answers import refusal
from shared.vendors.topdesk.fields import folded
from shared.vendors.topdesk.query import equals
from shared.vendors.topdesk.tenant import Row, Tenant, decoded
from shared.vendors.topdesk.ticket_lists import TicketLists

INCIDENT: Final = "incident"
CHANGE: Final = "change"
_EXTERNAL: Final = "externalNumber"
_PATHS: Final[Mapping[str, str]] = {INCIDENT: "/incidents", CHANGE: "/operatorChanges"}
_PLAIN: Final = frozenset({"status", "briefDescription", _EXTERNAL, "request"})
_LATEST: Final = 1000
_MOST_PAGES: Final = 10
ASSETS: Final = "application/x.topdesk-am-assets-v2+json"
"""The media type of Asset Management API 1.91.1; that of v1 is deprecated."""


class Tickets:
    """The tickets of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._lists = TicketLists(tenant)

    async def find(self, kind: str, number: str) -> str | None:
        """The id of the ticket with this external number, as far as TOPdesk shows it."""
        asked: dict[str, str | int] = {"query": equals(_EXTERNAL, number)}
        if kind == INCIDENT:
            asked |= {"all": "true", "pageSize": _LATEST}
        # Where it cannot be asked for, among the latest it must be: a repeat comes soon.
        latest: dict[str, str | int] = {"sort": "creationDate:desc", "pageSize": _LATEST}
        for params in (asked, latest, {}):
            response = await self._tenant.call("GET", _PATHS[kind], params=params)
            if response.status_code != httpx.codes.BAD_REQUEST:
                break
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        if not response.is_success:
            raise refusal(response, f"look for a {kind}")
        rows = _rows(decoded(response))
        return next((str(r["id"]) for r in rows if r.get(_EXTERNAL) == number), None)

    async def template(self, name: str) -> str:
        """The id of a change template, by number or name. Raises Permanent with the mend."""
        response = await self._tenant.call("GET", "/applicableChangeTemplates")
        if not response.is_success:
            raise refusal(response, "list change templates")
        for row in _rows(decoded(response)):
            called = {folded(str(row.get(key) or "")) for key in ("number", "briefDescription")}
            if folded(name) in called:
                return str(row["id"])
        raise Permanent(
            f"TOPdesk has no change template '{name}' for the API; mark it there as available in "
            "request for change, or name another one in the policy",
            mender="policy",
        )

    async def assets(self, person_id: str) -> list[str]:
        """What this person has, by name; nothing where TOPdesk has no Asset Management for us."""
        names: list[str] = []
        for _ in range(_MOST_PAGES):
            response = await self._tenant.call(
                "GET",
                "/assetmgmt/assets",
                params={
                    "linkedTo": f"person/{person_id}",
                    "pageStart": len(names),
                    "pageSize": _LATEST,
                },
                headers={"Accept": ASSETS},
            )
            if not response.is_success or response.status_code == httpx.codes.NO_CONTENT:
                break
            page = [str(row.get("name") or row["id"]) for row in _rows(decoded(response))]
            names += page
            if response.status_code != httpx.codes.PARTIAL_CONTENT or not page:
                break
        return names

    async def create(
        self, kind: str, person_id: str, values: Mapping[str, str], ids: Mapping[str, str]
    ) -> None:
        """Make it, in this person's name; `ids` are what was looked up for `values`.

        Raises UnknownReply when it may stand there now, Permanent with the mend.
        """
        if kind == INCIDENT:
            await self._lists.check(values)
        body: dict[str, Any] = _incident(values) if kind == INCIDENT else dict(values)
        body |= {field: {"id": row_id} for field, row_id in ids.items()}
        body["callerLookup" if kind == INCIDENT else "requester"] = {"id": person_id}
        response = await self._tenant.call("POST", _PATHS[kind], body=body, idempotent=False)
        if response.is_success:
            return
        refused = refusal(response, f"make a {kind}", values)
        if isinstance(refused, Permanent) and "Caller role" in refused.reason:
            raise Permanent(
                f"{refused.reason}; set isCaller to true on the person card", mender="policy"
            )
        raise refused


def _incident(values: Mapping[str, str]) -> dict[str, Any]:
    """Lists by name; the text as HTML, which is what a call holds."""
    body: dict[str, Any] = {
        field: value if field in _PLAIN else {"name": value} for field, value in values.items()
    }
    if "request" in body:
        body["request"] = html.escape(body["request"], quote=False).replace("\n", "<br>")
    return body


def _rows(body: Any) -> list[Row]:
    match body:
        case list() as rows:
            return rows
        case {"results": [*rows]} | {"dataSet": [*rows]}:
            return rows
    return []
