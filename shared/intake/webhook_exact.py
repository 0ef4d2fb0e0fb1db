"""Is this call really Exact Online's, and whom is it about? Its own scheme, checked without state.

HashCode is the hex HMAC-SHA256, with the app's webhook secret, of the text between `{"Content":`
and `,"HashCode":` byte for byte as sent: JSON that is read and written again has another one. On
subscribing Exact sends an empty call that must be answered with 2xx. There is no id and no time to
check but HashCode itself, and all that a replay brings about is another read of that person.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from shared.intake.exact_rows import TABLES
from shared.intake.webhook import Call, Refused, admitted

TOPICS = frozenset({"Employees", *TABLES})
"""Topics whose key leads to an employee; the others concern nobody here."""
_SIGNED = re.compile(
    rb'\s*\{\s*"Content"\s*:(?P<content>.*),\s*"HashCode"\s*:\s*"(?P<code>[0-9A-Fa-f]{64})"\s*\}\s*',
    re.DOTALL,
)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def check(
    body: bytes, headers: Mapping[str, str], *, secret: str | None, known: str | None
) -> Call:
    """The call, if it may come in; the numbers are keys that ExactSource.one understands.

    An empty call and a topic that concerns nobody name nobody. Raises Refused.
    """
    del headers
    given = admitted(body, secret=secret, known=known)
    if not body:
        return Call("", ())
    found = _SIGNED.fullmatch(body)
    if found is None:
        raise Refused(401, "the body is not Content and HashCode as Exact Online sends them")
    content, code = found["content"], found["code"].decode().upper()
    if code not in {_hash(content, given), _hash(content.strip(), given)}:
        raise Refused(401, "HashCode is not that of Content under WEBHOOK_SECRET_EXACT")
    return Call(code, _keys(content))


def _hash(content: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest().upper()


def _keys(content: bytes) -> tuple[str, ...]:
    try:
        said: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise Refused(400, "Content is no JSON") from None
    if not isinstance(said, Mapping):
        raise Refused(400, "Content is no object")
    if said.get("Topic") not in TOPICS:
        return ()
    division, key = str(said.get("Division")), str(said.get("Key"))
    if not (division.isascii() and division.isdecimal()) or not _GUID.fullmatch(key):
        raise Refused(400, "Content names no Division, or a Key that is no guid")
    return (f"{int(division)}/{said['Topic']}/{key.lower()}",)
