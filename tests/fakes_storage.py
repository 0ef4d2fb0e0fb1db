"""A wire to Azure Storage that loses replies. It stands between the SDK and Azurite, or alone.

Every request takes the next fault of `plan`; without one it is passed on unharmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from azurite import connection_string


@dataclass(frozen=True)
class Lose:
    """Carry the request out and hang up after `keep` bytes of the reply."""

    keep: int = 0


@dataclass(frozen=True)
class Answer:
    """Answer this error; `carried_out` says whether the request was passed on before."""

    status: int
    code: str
    retry_after_seconds: int | None = None
    carried_out: bool = False


@dataclass(frozen=True)
class Meanwhile:
    """Pass the request on after this has happened; nothing, when nothing is said."""

    happens: Callable[[], Awaitable[object]] | None = None


@dataclass
class Wire:
    """What was asked, and what will go wrong next."""

    port: int = 0
    plan: list[Lose | Answer | Meanwhile] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The request lines, in order."""

    @property
    def connection_string(self) -> str:
        return connection_string("table", self.port)

    @property
    def transactions(self) -> int:
        return sum("$batch" in line for line in self.asked)


@asynccontextmanager
async def wire(upstream_port: int | None = None) -> AsyncIterator[Wire]:
    """A wire on a free port; without an upstream only planned answers can be given."""
    line = Wire()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _request(reader)
            line.asked.append(request.split(b"\r\n", 1)[0].decode())
            writer.write(await _reply(line, request, upstream_port))
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass  # the client opened a connection and asked nothing
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """One request as bytes, asking its server to hang up afterwards."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    length = 0
    kept = [first, b"Connection: close"]
    for header in headers:
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if name.lower() != b"connection":
            kept.append(header)
    return b"\r\n".join(kept) + b"\r\n\r\n" + await reader.readexactly(length)


async def _reply(line: Wire, request: bytes, upstream_port: int | None) -> bytes:
    fault = line.plan.pop(0) if line.plan else None
    match fault:
        case None:
            return await _pass_on(request, upstream_port)
        case Meanwhile(happens):
            if happens is not None:
                await happens()
            return await _pass_on(request, upstream_port)
        case Lose(keep):
            return (await _pass_on(request, upstream_port))[:keep]
        case Answer():
            if fault.carried_out:
                await _pass_on(request, upstream_port)
            return _error(fault)


async def _pass_on(request: bytes, upstream_port: int | None) -> bytes:
    if upstream_port is None:
        raise AssertionError("a request without a planned answer, and nobody behind the wire")
    reader, writer = await asyncio.open_connection("127.0.0.1", upstream_port)
    writer.write(request)
    reply = await reader.read()
    writer.close()
    await writer.wait_closed()
    return reply


def _error(answer: Answer) -> bytes:
    """An error as Tables words it, outside a batch reply; Blobs says its code in the header."""
    body = f'{{"odata.error":{{"code":"{answer.code}","message":{{"lang":"en","value":"No."}}}}}}'
    wait = answer.retry_after_seconds
    lines = [
        f"HTTP/1.1 {answer.status} Planned",
        "Content-Type: application/json",
        f"x-ms-error-code: {answer.code}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *([f"Retry-After: {wait}"] if wait is not None else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
