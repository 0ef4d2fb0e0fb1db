"""How does AFAS write values and errors? Local time with a Z behind it, and 500 for most mistakes.

Error bodies follow the developer documentation of AFAS ("Troubleshooting", 2025-11): a 5xx has
externalMessage, errorNumber and profitLogReference; a 503 has `retry_after`; a 4xx has no body.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

type Value = str | int | float | datetime | None
type Row = tuple[Value, ...]

UNEXPECTED = "An unexpected error has occurred."
BLOCKED = "This GetConnector (definition) is blocked"
NOT_SUPPORTED = "GetConnector not supported for this app or the user is not authorized"
NO_UPDATE = "UpdateConnector not supported for this app or the user is not authorized"
OUT_OF_MEMORY = "Out of memory"
PARAMETER_ERROR = -2147180999
CONTENT_ERROR = -2147220469

_DUTCH = {
    UNEXPECTED: "Er is een onverwachte fout opgetreden.",
    BLOCKED: "Deze GetConnector (definitie) is geblokkeerd",
    NOT_SUPPORTED: (
        "GetConnector niet ondersteund voor deze app of gebruiker is niet geautoriseerd"
    ),
    NO_UPDATE: (
        "UpdateConnector niet ondersteund voor deze app of gebruiker is niet geautoriseerd"
    ),
}
_HALF_SECOND = 500_000


class Refused(Exception):
    """A call that is answered with an error; `body` is None where AFAS sends nothing."""

    def __init__(self, status: int, body: Mapping[str, Any] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def functional(message: str, number: int = PARAMETER_ERROR) -> Refused:
    """The 500 with which AFAS answers anything it does not like in a call."""
    return Refused(500, {"externalMessage": message, "errorNumber": number})


def unexpected() -> Refused:
    """The 500 for parameters that make no sense, such as `skip=2&take=-1`."""
    return functional(UNEXPECTED)


def field_not_found(field_id: str) -> Refused:
    """The 500 for a filter or an order on a field that the view does not have."""
    return functional(f"Connector field '{field_id}' not found")


def unavailable(seconds: int, *, as_published: bool) -> Refused:
    """The 503 with the seconds to wait in its body, and nothing in the headers.

    In the published example code and message are objects with an `example`; both are played.
    """
    message = "Service temporarily unavailable. Please check afasstatus.nl for details."
    if as_published:
        error: dict[str, Any] = {"code": {"example": "503"}, "message": {"example": message}}
    else:
        error = {"code": "503", "message": message}
    return Refused(503, {"error": error, "retry_after": seconds})


def error_body(refused: Refused, language: str, call: int) -> bytes:
    """The body of an error in the caller's language, with a reference to the environment log."""
    if refused.body is None:
        return b""
    body = dict(refused.body)
    if "externalMessage" in body:
        if language.lower().startswith("nl"):
            body["externalMessage"] = _DUTCH.get(body["externalMessage"], body["externalMessage"])
        body["profitLogReference"] = hashlib.sha256(str(call).encode()).hexdigest()[:32].upper()
    return json.dumps(body, ensure_ascii=False).encode()


def page_body(skip: int, take: int, fields: Sequence[str], rows: Iterable[Row]) -> bytes:
    """A page of rows on one line, as Profit 7 writes them."""
    shown = [
        {name: shown_value(value) for name, value in zip(fields, row, strict=True)} for row in rows
    ]
    return json.dumps({"skip": skip, "take": take, "rows": shown}, ensure_ascii=False).encode()


def shown_value(value: Value) -> str | int | float | None:
    """A value as JSON: a moment is rounded to the nearest second, in local time, with a Z."""
    if not isinstance(value, datetime):
        return value
    up = timedelta(seconds=1) if value.microsecond >= _HALF_SECOND else timedelta()
    return f"{(value.replace(microsecond=0) + up).isoformat()}Z"
