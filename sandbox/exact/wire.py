"""How does Exact Online write values, pages and errors? OData version 2, as JSON.

Shapes as in Exact's reference pages and the notes of github picqer/exact-php-client (2025-12):
`/Date(ms)/`, `{"d": {"results": [...], "__next": "..."}}`, error objects with a Reason header.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/Amsterdam")
NEEDS_SELECT = "Please add a $select or a $top=1 statement"
NOT_SUPPORTED = "This $filter parameter is not supported for this resource"
MANDATORY = "This endpoint has mandatory filtering applied: add a $filter on Timestamp"
SYNTAX = "Bad Request - Error in query syntax."

type Row = Mapping[str, Any]


class Refused(Exception):
    """A call that is answered with an error object."""

    def __init__(self, status: int, message: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {"Reason": reason or message} if reason or message else {}


def day(value: date | None, *, local: bool) -> str | None:
    """A day as the moment of its midnight."""
    if value is None:
        return None
    midnight = datetime.combine(value, time.min, LOCAL if local else UTC)
    return moment(midnight)


def moment(value: datetime) -> str:
    """A moment in milliseconds since the epoch; one without a zone is local."""
    aware = value if value.tzinfo else value.replace(tzinfo=LOCAL)
    return f"/Date({int(aware.timestamp() * 1000)})/"


def page(rows: Sequence[Row], next_address: str | None) -> bytes:
    """A page of results."""
    found: dict[str, Any] = {"results": rows}
    if next_address:
        found["__next"] = next_address
    return json.dumps({"d": found}).encode()


def error(refused: Refused) -> bytes:
    """An error object."""
    told = {"code": "", "message": {"lang": "", "value": refused.message}}
    return json.dumps({"error": told}).encode()
