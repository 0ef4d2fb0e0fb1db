"""Which call goes wrong, and how? Planned failures for every HTTP rig, in-process and over HTTP.

`Faults` holds the plan; `FaultyApp` wraps an ASGI app and plays it. Four kinds: `status` (answer
with this error and do nothing), `lose_reply` (do it, then cut the connection), `slow` (wait, then
do it), `down` (answer nothing at all). Over HTTP: `POST /_sandbox/faults` with one fault as JSON,
`GET` to read what is still planned and how many calls were seen, `DELETE` to clear it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

type Message = MutableMapping[str, Any]
type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_PATH = "/_sandbox/faults"


@dataclass
class Fault:
    """One planned failure: the next `count` calls that match go wrong this way."""

    kind: Literal["status", "lose_reply", "slow", "down"]
    count: int = 1
    method: str = ".*"
    path: str = ".*"
    skip: int = 0
    status: int = 503
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("status", "lose_reply", "slow", "down"):
            raise ValueError(f"unknown fault kind {self.kind!r}")
        re.compile(self.method)
        re.compile(self.path)

    def matches(self, method: str, path: str) -> bool:
        """Is this call one of those meant? Method and path are full-match regular expressions."""
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))


@dataclass
class Faults:
    """The plan of one rig, and a count of the calls it has seen."""

    planned: list[Fault] = field(default_factory=list)
    calls: int = 0

    def plan(self, fault: Fault) -> None:
        """Add a failure behind those already planned."""
        self.planned.append(fault)

    def clear(self) -> None:
        """Everything works again."""
        self.planned.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, used up by asking."""
        self.calls += 1
        for fault in self.planned:
            if not fault.matches(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                return None
            fault.count -= 1
            if fault.count <= 0:
                self.planned.remove(fault)
            return fault
        return None


class ConnectionLost(Exception):
    """Raised out of the ASGI app so that the server cuts the connection without an answer."""


@dataclass(frozen=True)
class FaultyApp:
    """An ASGI app with its faults in front, and the control path beside it."""

    app: AsgiApp
    faults: Faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Play the planned fault of this call, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == CONTROL_PATH:
            await self._control(scope, receive, send)
            return
        fault = self.faults.take(scope["method"], scope["path"])
        match fault.kind if fault else None:
            case None:
                await self.app(scope, receive, send)
            case "status":
                assert fault is not None  # noqa: S101 - narrows the type
                await _drain(receive)
                await _answer(send, fault.status, fault.body.encode(), fault.headers)
            case "slow":
                assert fault is not None  # noqa: S101 - narrows the type
                await asyncio.sleep(fault.seconds)
                await self.app(scope, receive, send)
            case "lose_reply":
                await self.app(scope, receive, _swallow)
                raise ConnectionLost
            case "down":
                raise ConnectionLost

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["method"]:
            case "POST":
                try:
                    self.faults.plan(Fault(**json.loads(await _drain(receive))))
                except (ValueError, TypeError, re.error) as error:
                    await _answer(send, 400, f"not a fault: {error}\n".encode(), {})
                    return
            case "DELETE":
                self.faults.clear()
        shown = {"planned": [asdict(f) for f in self.faults.planned], "calls": self.faults.calls}
        await _answer(send, 200, json.dumps(shown).encode(), {"content-type": "application/json"})


async def _drain(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def _swallow(_message: Message) -> None:
    return None


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
