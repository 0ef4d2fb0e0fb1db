"""What does Exact send when something changes? Subscriptions, and calls signed over their Content.

HashCode is the upper-case hex HMAC-SHA256 of the text between `{"Content":` and `,"HashCode":`,
byte for byte as sent (seen by users of Exact's webhooks; no header is signed, nothing is dated but
EventCreatedOn). No topic for employees is documented: the rig has one, for who gets it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from sandbox.exact.settings import Environment
from sandbox.exact.wire import Refused

_WAIT_SECONDS = 10


def signed(content: Mapping[str, Any], secret: str) -> bytes:
    """The body of a call with this content."""
    text = json.dumps(content, separators=(",", ":"))
    code = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
    return f'{{"Content":{text},"HashCode":"{code}"}}'.encode()


def content(
    environment: Environment, *, division: int, topic: str, key: str, action: str = "Update"
) -> dict[str, Any]:
    """What is said of one change."""
    return {
        "Topic": topic,
        "ClientId": environment.client_id,
        "Division": division,
        "Action": action,
        "Key": key,
        "ExactOnlineEndpoint": (
            f"https://start.exactonline.nl/api/v1/{division}/payroll/{topic}(guid'{key}')"
        ),
        "EventCreatedOn": environment.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000"),
    }


@dataclass
class Webhooks:
    """The subscriptions of one app; they reach out over HTTP."""

    environment: Environment
    transport: httpx.AsyncBaseTransport | None = None
    subscriptions: list[dict[str, Any]] = field(default_factory=list)

    async def subscribe(self, division: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new subscription, once its address has answered an empty call. Raises Refused."""
        address, topic = str(body.get("CallbackURL", "")), str(body.get("Topic", ""))
        if not address.startswith(("https://", "http://127.0.0.1")) or not topic:
            raise Refused(400, "CallbackURL and Topic are mandatory; CallbackURL is https")
        for one in self.subscriptions:
            if (one["Division"], one["Topic"]) == (division, topic):
                raise Refused(400, "Data already exists")
        if not await self._post(address, b""):
            raise Refused(400, "The callback address did not answer with 2xx")
        made = {
            "ID": str(uuid4()),
            "CallbackURL": address,
            "Topic": topic,
            "Division": division,
            "ClientID": self.environment.client_id,
        }
        self.subscriptions.append(made)
        return made

    async def tell(self, what: Mapping[str, Any]) -> int:
        """Call whoever subscribed to this topic and division; answers how many took it."""
        body = signed(what, self.environment.webhook_secret)
        called = [
            one["CallbackURL"]
            for one in self.subscriptions
            if (one["Division"], one["Topic"]) == (what["Division"], what["Topic"])
        ]
        return sum([await self._post(address, body) for address in called])

    async def _post(self, address: str, body: bytes) -> bool:
        headers = {"Content-Type": "application/json"} if body else {"Content-Length": "0"}
        async with httpx.AsyncClient(transport=self.transport, timeout=_WAIT_SECONDS) as client:
            try:
                answer = await client.post(address, content=body, headers=headers)
            except httpx.HTTPError:
                return False
        return answer.is_success
