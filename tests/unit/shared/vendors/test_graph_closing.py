"""Whoever closes Graph leaves no socket behind: the SDK's own transport would."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from azure.core.credentials import AccessToken

from shared.vendors.graph import users
from shared.vendors.graph.client import connect

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Credential:
    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("t", int(time.time()) + 3600)


async def test_closing_ends_every_connection() -> None:
    ended: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await ended.put(await reader.read())  # until the other side closes
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    graph = connect(f"http://127.0.0.1:{port}/v1.0", Credential())
    await users.delete(graph, "u1")
    assert ended.empty(), "the connection is kept for the next call"

    await graph.close()

    assert await asyncio.wait_for(ended.get(), 5) == b""
    server.close()
    await server.wait_closed()
