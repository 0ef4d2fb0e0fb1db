"""How does one call go to Graph, and how are pages read?

Called by `users` and `groups` beside it. Every call carries its own client-request-id, which is
logged with Graph's request-id when it is refused: that pair is what Microsoft support asks for.
"""

from __future__ import annotations

import asyncio
import json as json_text
import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import httpx
from azure.core.exceptions import AzureError

from shared.errors import Permanent, TargetDown
from shared.rest import Call, Manners, fill, keep_urls_out_of_logs, persist
from shared.vendors.graph import paths, refusals
from shared.vendors.graph.governor import LOW, Governor

logger = logging.getLogger(__name__)

type Json = dict[str, Any]

CONCURRENCY = 16
MOST_PAGES = 10_000
USED = "x-ms-throttle-limit-percentage"


class Sender(Protocol):
    """What sends one request; `sdk.Sdk` does."""

    async def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> httpx.Response:
        """Send once."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


class Graph:
    """One tenant's Graph, with a bounded number of calls under way."""

    def __init__(
        self,
        sender: Sender,
        base_url: str,
        *,
        concurrency: int = CONCURRENCY,
        governor: Governor | None = None,
    ) -> None:
        keep_urls_out_of_logs()
        self.base_url = base_url
        self._sender = sender
        self._governor = governor or Governor()
        self._slots = asyncio.Semaphore(concurrency)

    async def call(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        json: Json | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> Json:
        """Send, and return the body of a success ({} when it has none).

        `path` is a template of `paths`. Raises NameTaken, NotVisible, Refused, or what
        `rest.persist` raises.
        """
        if method == "DELETE" and path not in paths.DELETABLE:
            raise ValueError(f"nothing may be deleted at {path}")
        query = f"?{urlencode(params, quote_via=quote, safe='$,()')}" if params else ""
        url = f"{self.base_url}{fill(path, at)}{query}"
        return await self._send(Call("graph", method, path, idempotent), url, json, headers)

    async def pages(
        self,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Json]:
        """The items of a collection over all its pages; refuses to be led in circles or away."""
        page = await self.call("GET", path, at=at, params=params, headers=headers)
        seen: set[str] = set()
        while True:
            for item in page["value"]:
                yield item
            link = page.get("@odata.nextLink")
            if link is None:
                return
            if link in seen or len(seen) >= MOST_PAGES:
                raise Permanent(f"graph: GET {path}: the pages lead in a circle")
            if not link.startswith(f"{self.base_url}/"):
                raise Permanent(f"graph: GET {path}: the next page lies on another server")
            seen.add(link)
            page = await self._send(Call("graph", "GET", path), link, None, headers)

    async def page(
        self, path: str, *, link: str | None = None, params: Mapping[str, str] | None = None
    ) -> Json:
        """One page of a collection: the first, or the one that a link of Graph's leads to.

        For whoever reads much that nobody waits for: everybody else goes first.
        """
        if link is None:
            return await self.call("GET", path, params=params, headers=LOW)
        if not link.startswith(f"{self.base_url}/"):
            raise Permanent(f"graph: GET {path}: the next page lies on another server")
        return await self._send(Call("graph", "GET", path), link, None, LOW)

    async def close(self) -> None:
        """Give the connections back; the credential is its owner's."""
        await self._sender.close()

    async def _send(
        self, call: Call, url: str, json: Json | None, headers: Mapping[str, str] | None
    ) -> Json:
        request_id = str(uuid.uuid4())
        sent = {"client-request-id": request_id, "Accept": "application/json", **(headers or {})}
        body = None if json is None else json_text.dumps(json).encode()

        async def send() -> httpx.Response:
            response = await self._sender.send(call.method, url, sent, body)
            self._governor.heard(response, call)
            return response

        await self._governor.turn(call, sent)
        try:
            response = await persist(call, send, slots=self._slots, manners=_MANNERS)
        except AzureError as error:
            raise TargetDown("graph: no token for it; see the app's identity") from error
        if response.is_success:
            return dict(response.json()) if response.content else {}
        refused = refusals.error_for(call, response)
        level = logging.DEBUG if isinstance(refused, refusals.NotVisible) else logging.WARNING
        logger.log(
            level,
            "%s; request-id %s, client-request-id %s",
            refused,
            response.headers.get("request-id", "-"),
            request_id,
        )
        raise refused


def _quota(response: httpx.Response) -> float | None:
    """Graph tells it above eight tenths (Graph documentation, "Throttling limits", identity)."""
    try:
        return 100 * float(response.headers[USED])
    except (KeyError, ValueError):
        return None


_MANNERS = Manners(quota=_quota)


def connect(
    base_url: str,
    credential: Any,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    governor: Governor | None = None,
) -> Graph:
    """Open Graph at `base_url`, such as https://graph.microsoft.com/v1.0.

    `credential` has `async get_token(*scopes, **options)`; its owner closes it. `governor` says
    when a call may go out; by default as the documented quota lets it.
    """
    from shared.vendors.graph.sdk import Sdk  # noqa: PLC0415 - 0.1 s that only a user should pay

    address = base_url.rstrip("/")
    return Graph(Sdk(address, credential, transport), address, governor=governor)
