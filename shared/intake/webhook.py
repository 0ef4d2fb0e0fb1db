"""Is this call really HR's, and whom is it about? Standard Webhooks 1.0.0, checked without state.

The library lets four foreign errors out and accepts odd timestamps, so everything a stranger can
send is turned into a refusal here: a receiver answers 4xx to rubbish, never 5xx.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import (
    EmptyWebhookSecretError,
    Webhook,
    WebhookVerificationError,
)

from shared.errors import Misconfigured
from shared.model.signal import Signal

MAX_BODY = 256 * 1024  # the specification recommends less than 20 kB
MAX_NUMBERS = 1000
MAX_NUMBER_LENGTH = 64
_EXAMPLE = '{"type": "person.changed", "timestamp": "...", "data": {"number": "1042"}}'


@dataclass(frozen=True)
class Sent:
    """A signed call: its id, the same on every retry, and when this attempt was sent."""

    webhook_id: str
    at: datetime
    """Wall time of the sender, in whole seconds."""


@dataclass(frozen=True)
class Call:
    """A webhook that is HR's: its id, the same on every retry, and the numbers it names."""

    webhook_id: str
    numbers: tuple[str, ...]


class Refused(Exception):
    """The call is refused with this HTTP status, for a reason its sender may read."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def check(
    body: bytes, headers: Mapping[str, str], *, secret: str | None, known: str | None
) -> Call:
    """The call, if it may come in. Raises Refused, and Misconfigured when the secret is none.

    `known` is the source's name when it is configured, `secret` its signature secret.
    """
    sent = signed(body, headers, secret=secret, known=known)
    return Call(sent.webhook_id, _numbers(body))


def signed(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secret: str | None,
    known: str | None,
    at_most: int = MAX_BODY,
) -> Sent:
    """Who sent this body when, if it is signed well. Raises as `check` does."""
    webhook = _webhook(admitted(body, secret=secret, known=known, at_most=at_most), str(known))
    lower = {name.lower(): value for name, value in headers.items()}
    _verify(webhook, body, lower)
    seconds = int(lower["webhook-timestamp"])
    return Sent(lower["webhook-id"], datetime.fromtimestamp(seconds, UTC))


def admitted(
    body: bytes, *, secret: str | None, known: str | None, at_most: int = MAX_BODY
) -> str:
    """The secret to check with, when such a call can come in at all. Raises Refused."""
    if known is None:
        raise Refused(404, "there is no such HR source here")
    if secret is None:
        raise Refused(404, f"no webhook is set up: WEBHOOK_SECRET_{known.upper()} is not set")
    if len(body) > at_most:
        raise Refused(413, f"a call holds at most {at_most} bytes; send several calls")
    return secret


def message_id(said: Signal, webhook_id: str) -> str:
    """The same for a replayed webhook, so that the queue drops it; never a readable number."""
    content = f"{said.source}\0{webhook_id}\0{said.number}"
    return hashlib.sha256(content.encode()).hexdigest()


def _webhook(secret: str, source: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError):  # ValueError: bad base64
        name = f"WEBHOOK_SECRET_{source.upper()}"
        raise Misconfigured(name, "is no secret", "Give it whsec_ and base64") from None


def _verify(webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> None:
    if not headers.get("webhook-timestamp", "").isdecimal():
        raise Refused(401, "webhook-timestamp is no whole number of seconds")
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        raise Refused(401, f"signature refused: {error}") from None
    except UnicodeDecodeError:
        raise Refused(400, "the body is not UTF-8 text") from None
    except (ValueError, OverflowError):  # also binascii.Error: bad base64, a missing comma
        raise Refused(401, "webhook-signature is malformed") from None


def _numbers(body: bytes) -> tuple[str, ...]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, f"the body is no JSON; send {_EXAMPLE}") from None
    found = _named(data)
    if not found:
        raise Refused(400, f"the body names nobody; send {_EXAMPLE}, or data.numbers")
    if len(found) > MAX_NUMBERS:
        raise Refused(400, f"a call names at most {MAX_NUMBERS} people")
    for number in found:
        if not isinstance(number, str | int) or isinstance(number, bool):
            raise Refused(400, "an employee number is text")
        if not str(number).isprintable():  # also half of a surrogate pair, which is no text
            raise Refused(400, "an employee number has printable characters only")
        if not 0 < len(str(number).strip()) <= MAX_NUMBER_LENGTH:
            raise Refused(400, f"an employee number has 1 to {MAX_NUMBER_LENGTH} characters")
    return tuple(dict.fromkeys(str(number).strip() for number in found))


def _named(data: Any) -> Sequence[Any]:
    inner = data.get("data") if isinstance(data, Mapping) else None
    if not isinstance(inner, Mapping):
        return []
    if isinstance(numbers := inner.get("numbers"), list):
        return numbers
    return [inner["number"]] if "number" in inner else []
