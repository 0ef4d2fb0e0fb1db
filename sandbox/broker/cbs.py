"""Is this token one? The $cbs node, on which clients show who they are before they attach.

(AMQP claims-based security draft; Service Bus AMQP protocol guide.) On loopback anyone is let in:
the token's shape is checked, so that a client that sends none or rubbish is told, but neither
signature nor expiry.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from sandbox.broker.requests import Answer, Request
from sandbox.broker.values import Int

NODE = "$cbs"
SAS_PREFIX = "SharedAccessSignature "
SAS_FIELDS = ("sr", "sig", "se")
JWT_PARTS = 3
ACCEPTED, BAD_REQUEST, UNAUTHORIZED = 202, 400, 401


def put_token(request: Request) -> Answer:
    """202 for a token that looks like one, else 400 or 401 with the reason."""
    if request.properties.get("operation") != "put-token":
        return _answer(BAD_REQUEST, "the operation is not put-token")
    if not request.properties.get("name"):
        return _answer(BAD_REQUEST, "put-token names no audience")
    token = (
        request.body.decode("utf-8", "replace")
        if isinstance(request.body, bytes)
        else request.body
    )
    if not isinstance(token, str) or not looks_like_token(token):
        return _answer(UNAUTHORIZED, "the token is neither a shared access signature nor a JWT")
    return _answer(ACCEPTED, "Accepted")


def looks_like_token(token: str) -> bool:
    """A shared access signature with its fields, or the three parts of a JWT."""
    if token.startswith(SAS_PREFIX):
        fields = parse_qs(token.removeprefix(SAS_PREFIX))
        return all(name in fields for name in SAS_FIELDS) and fields["se"][0].isdigit()
    parts = token.split(".")
    return len(parts) == JWT_PARTS and all(parts)


def _answer(status: int, description: str) -> Answer:
    return Answer({"status-code": Int(status), "status-description": description})
