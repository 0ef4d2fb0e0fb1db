"""How does an HTTP request become a function call? The host's ASGI app.

`/<prefix>/...` are the app's functions, `/admin/...` the host's own paths (master key), `/` says
that it runs. Refuses before it reads: key, method and body size are settled first. Served by
`running`; knows nothing of what a function does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from sandbox.host import worker
from sandbox.host.functions import Function, HttpTrigger
from sandbox.host.invocations import Invocations
from sandbox.host.keys import HEADER, Keys
from sandbox.host.signing_in import NOBODY, Platform

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Per connection or per hop: the server's own, never a function's (RFC 9110 section 7.6.1).
_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}
LINGER_SECONDS = 2.0
_TEXT = ("content-type", "text/plain; charset=utf-8")
_JSON = ("content-type", "application/json; charset=utf-8")


class TooLarge(Exception):
    """The body is larger than the host takes."""


@dataclass(frozen=True)
class Door:
    """The ASGI app of one host. `by_hand` starts a function that is no HTTP function."""

    functions: tuple[Function, ...]
    prefix: str
    keys: Keys
    body_limit_bytes: int
    invocations: Invocations
    by_hand: Callable[[Function, str], None]
    platform: Platform = NOBODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except TooLarge:
            await _refuse_body(receive, send)
        else:
            await _send(send, answer, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, receive: Receive) -> worker.Response:
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").strip("/")
        headers = _headers(scope)
        query = _query(scope)
        presented = headers.get(HEADER) or query.get("code", "")
        if not path:
            return _plain(200, "Your Functions host is running.")
        if path.lower() == "admin" or path.lower().startswith("admin/"):
            return await self._admin(scope, receive, path, presented)
        found, allowed = self._find(scope["method"], path)
        if found is None:
            return _not_found(allowed)
        function, route = found
        trigger = function.trigger
        if not isinstance(trigger, HttpTrigger) or not self.keys.allow(
            trigger.auth_level, presented
        ):
            return worker.Response(401, (), b"")
        body = await read_body(receive, headers, self.body_limit_bytes)
        given = self.platform.signed(headers)
        request = worker.Request(scope["method"], _url(scope), given, query, route, body)
        result = await self.invocations.run(
            function, request, trace_parent=headers.get("traceparent", "")
        )
        return result.response or worker.Response(200 if result.ok else 500, (), b"")

    def _find(
        self, method: str, path: str
    ) -> tuple[tuple[Function, Mapping[str, str]] | None, set[str]]:
        """The function for this call, or the methods that the path would have taken."""
        allowed: set[str] = set()
        for function, trigger in _in_order(self.functions):
            route = trigger.route.match(path[len(self.prefix) :])
            if route is None or not _under(self.prefix, path):
                continue
            if not trigger.methods or method in trigger.methods:
                return (function, route), allowed
            allowed |= trigger.methods
        return None, allowed

    async def _admin(
        self, scope: Scope, receive: Receive, path: str, presented: str
    ) -> worker.Response:
        """The host's own paths (Azure Functions documentation, "Manually run a function")."""
        if not self.keys.is_master(presented):
            return worker.Response(401, (), b"")
        match [scope["method"], *path.split("/")[1:]]:
            case ["GET", "host", "status"]:
                return _json(200, {"state": "Running", "openInvocations": self.invocations.open})
            case ["GET", "functions"]:
                return _json(200, [{"name": f.name, "trigger": f.kind} for f in self.functions])
            case ["POST", "functions", name]:
                body = await read_body(receive, _headers(scope), self.body_limit_bytes)
                return self._fire(name, body)
            case _:
                return worker.Response(404, (), b"")

    def _fire(self, name: str, body: bytes) -> worker.Response:
        function = next((f for f in self.functions if f.name.lower() == name.lower()), None)
        if function is None or function.disabled:
            return worker.Response(404, (), b"")
        if isinstance(function.trigger, HttpTrigger):
            return _plain(400, f"{function.name} is an HTTP function: call its route")
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            return _plain(400, 'the body must be JSON: {"input": "..."}')
        if not isinstance(given, dict):
            return _plain(400, 'the body must be a JSON object: {"input": "..."}')
        value = given.get("input", "")
        self.by_hand(function, value if isinstance(value, str) else json.dumps(value))
        return worker.Response(202, (), b"")


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """The whole body; raises TooLarge by Content-Length at once, or at the first byte too many."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLarge
        if not message.get("more_body"):
            return bytes(body)


def _in_order(functions: Iterable[Function]) -> list[tuple[Function, HttpTrigger]]:
    pairs = [
        (f, f.trigger) for f in functions if isinstance(f.trigger, HttpTrigger) and not f.disabled
    ]
    return sorted(pairs, key=lambda pair: pair[1].route.precedence)


def _under(prefix: str, path: str) -> bool:
    return not prefix or path.lower().startswith(f"{prefix.lower()}/") or path == prefix


def _not_found(allowed: set[str]) -> worker.Response:
    if not allowed:
        return worker.Response(404, (), b"")
    return worker.Response(405, (("allow", ", ".join(sorted(allowed))),), b"")


def _headers(scope: Scope) -> dict[str, str]:
    """Header names in lower case; a repeated one is joined with a comma."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _query(scope: Scope) -> dict[str, str]:
    """The query; a repeated parameter is joined with a comma, as .NET's StringValues is."""
    joined: dict[str, str] = {}
    text = scope.get("query_string", b"").decode("latin-1")
    for name, value in parse_qsl(text, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _url(scope: Scope) -> str:
    host = _headers(scope).get("host", "localhost")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}{path}" + (f"?{query}" if query else "")


def _plain(status: int, text: str) -> worker.Response:
    return worker.Response(status, (_TEXT,), text.encode())


def _json(status: int, value: object) -> worker.Response:
    return worker.Response(status, (_JSON,), json.dumps(value).encode())


async def _refuse_body(receive: Receive, send: Send) -> None:
    """413 at once, then throw away what the caller still sends, for a while.

    A socket closed on unread data is reset, and the caller might never see the answer.
    """
    answer = _plain(413, "the request body is larger than this host takes")
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
    await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, answer: worker.Response, *, head: bool) -> None:
    bodiless = head or answer.status == HTTPStatus.NO_CONTENT
    await send(_start(answer))
    await send({"type": "http.response.body", "body": b"" if bodiless else answer.body})


def _start(answer: worker.Response) -> dict[str, Any]:
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in answer.headers
        if name.lower() not in _HOP_BY_HOP
    ]
    if answer.status != HTTPStatus.NO_CONTENT:  # RFC 9110 section 8.6: 204 has no length
        headers.append((b"content-length", str(len(answer.body)).encode()))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
