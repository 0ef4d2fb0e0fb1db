"""What did the caller ask, and what is the answer? One request and one reply, without any server.

The service, its batch and its tests all speak in these two values; only `app` knows ASGI.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.graph import refusals

type Json = dict[str, Any]

# The OData options that directory objects take ($skip is none of them), each with or without
# the dollar sign (Graph, "Use query parameters to customize responses").
SYSTEM_OPTIONS = frozenset(
    {"filter", "select", "top", "count", "orderby", "search", "expand", "skiptoken", "deltatoken"}
)

# The names that the SDKs use in their URLs for what the documentation writes otherwise.
ALIASES = {
    "graph.user": "microsoft.graph.user",
    "graph.group": "microsoft.graph.group",
    "graph.directoryRole": "microsoft.graph.directoryRole",
    "delta()": "delta",
    "microsoft.graph.delta()": "delta",
    "microsoft.graph.delta": "delta",
}


@dataclass(frozen=True)
class Request:
    """One call below `/v1.0`: path segments percent-decoded, header names in lower case."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = "https://graph.microsoft.com/v1.0"

    @property
    def path(self) -> str:
        """The path below `/v1.0`, as logs and messages show it."""
        return "/" + "/".join(self.segments)

    @property
    def is_eventual(self) -> bool:
        """Does the caller send `ConsistencyLevel: eventual`?"""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    def json(self) -> Json:
        """The body as an object; raises the refusals of an unreadable or missing one."""
        if not self.body.strip():
            raise refusals.bad_request("Empty Payload. JSON content expected.")
        if "json" not in self.headers.get("content-type", ""):
            raise refusals.bad_request(
                "Write requests (excluding DELETE) must contain the Content-Type header"
                " declaration."
            )
        try:
            parsed = json.loads(self.body)
        except ValueError as error:
            raise refusals.unreadable_body() from error
        if not isinstance(parsed, dict):
            raise refusals.unreadable_body()
        return parsed

    def json_or_empty(self) -> Json:
        """The body of an action whose parameters are all optional."""
        return self.json() if self.body.strip() else {}


@dataclass(frozen=True)
class Reply:
    """One answer; `ids` and `changed` are for the log of writes, not for the wire."""

    status: int
    body: Json | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def parse_url(url: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Segments and query of a URL below `/v1.0`, still percent-encoded when it comes in.

    An empty segment is dropped: the SDK's default base URL ends in a slash, so its calls begin
    with two, and Graph answers them.
    """
    path, _, query = url.partition("?")
    segments = (unquote(part) for part in path.split("/") if part)
    return tuple(ALIASES.get(each, each) for each in segments), parse_query(query)


def parse_query(query: str) -> dict[str, str]:
    """The query options, each under its name with the dollar sign."""
    options = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        key = f"${name}" if name.lower() in SYSTEM_OPTIONS else name
        options[key.lower() if key.startswith("$") else key] = value
    return options


def check_options(query: Mapping[str, str]) -> None:
    """Raise for a system option that Graph does not take here; others are ignored by it."""
    for name in query:
        if name.startswith("$") and name[1:] not in SYSTEM_OPTIONS:
            raise refusals.bad_request(f"The query parameter '{name}' is not supported.")
