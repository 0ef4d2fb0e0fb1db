"""How is a webhook of ours sent? Standard Webhooks 1.0.0: signed, repeated under the same id.

The signature is made at each attempt, for it covers the moment. 2xx is taken; 410 asks never to
be called again; what else is refused is told with its status, never with what was sent.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.errors import Permanent, Transient, UnknownReply
from shared.rest import Call, keep_urls_out_of_logs, persist
from shared.secret import Secret, at_hand

_ID = "webhook-id"
_CALL = Call("account webhook", "POST", "", idempotent=True)
"""Without its address, in which a secret may stand."""
_AT_ONCE = 4


class Outgoing:
    """One receiver."""

    def __init__(
        self,
        url: str,
        secret: str | Secret,
        *,
        wall: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        keep_urls_out_of_logs()
        self._url = url
        self._client = httpx.AsyncClient(
            auth=_Signed(secret, wall),
            timeout=httpx.Timeout(20, connect=5),
            transport=transport,
        )
        self._wall = wall
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def send(self, message_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Send, repeating the same message while that helps. Raises Permanent or Transient.

        A message that may have arrived is sent again: its receiver knows the id.
        """
        body = {"type": kind, "timestamp": f"{self._wall():%Y-%m-%dT%H:%M:%SZ}", "data": data}

        async def send() -> httpx.Response:
            # The whole address as it was set: a client's base_url would end it with a slash.
            return await self._client.post(self._url, json=body, headers={_ID: message_id})

        try:
            answer = await persist(_CALL, send, slots=self._slots)
        except UnknownReply as unknown:
            raise Transient(
                unknown.reason, retry_after_seconds=unknown.retry_after_seconds
            ) from unknown
        if answer.is_success:
            return
        status = answer.status_code
        if status == httpx.codes.GONE:
            mend = "it asks never to be called again: take write_back.push out of the policy"
        elif status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            mend = "it does not take the signature: make WEBHOOK_SECRET_ACCOUNTS the same there"
        else:
            mend = "see PUSH_ACCOUNTS_URL, and what the receiver says of it"
        raise Permanent(f"the account webhook was answered {status}: {mend}", mender="settings")

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()


class _Signed(httpx.Auth):
    """Signs each attempt with its own moment."""

    requires_request_body = True

    def __init__(self, secret: str | Secret, wall: Callable[[], datetime]) -> None:
        self._secret = secret
        self._wall = wall

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        secret = await at_hand(self._secret)
        at = str(int(self._wall().astimezone(UTC).timestamp()))
        request.headers["webhook-timestamp"] = at
        request.headers["webhook-signature"] = signature(
            secret, request.headers[_ID], at, request.content
        )
        yield request


def signature(secret: str, message_id: str, at: str, body: bytes) -> str:
    """`v1,` and the HMAC of id, moment and body under the key behind `whsec_`."""
    text = secret.removeprefix("whsec_")
    key = base64.b64decode(text + "=" * (-len(text) % 4))
    signed = f"{message_id}.{at}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
