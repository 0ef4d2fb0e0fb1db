"""The HTTP server around the host's ASGI app: uvicorn, which stops when the host says so.

Called by `running` only.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from sandbox.host.stopping import Stopped, Stopping
from sandbox.host.web import Door


@contextlib.contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A loopback socket on this port, 0 for a free one; raises OSError when it is taken."""
    listener = socket.create_server(("127.0.0.1", port))
    try:
        yield listener
    finally:
        listener.close()


class Server(uvicorn.Server):
    """uvicorn without its signal handlers."""

    def __init__(self, door: Door, listener: socket.socket, stopping: Stopping) -> None:
        super().__init__(
            uvicorn.Config(
                door,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
            )
        )
        self.ready = asyncio.Event()
        self._listener = listener
        self._stopping = stopping

    async def run_until_stopped(self) -> None:
        """Serve; when the host stops, finish the requests that are open and end.

        A cancellation (the grace is over) cuts those off.
        """
        serving = asyncio.create_task(self._serve([self._listener]))
        try:
            with contextlib.suppress(Stopped):
                await self._stopping.unless(asyncio.Event().wait())
            self.should_exit = True
            await asyncio.shield(serving)
        finally:
            self.should_exit = self.force_exit = True
            for request in self.server_state.tasks:
                request.cancel()
            await serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell when the port answers."""
        await super().startup(sockets)
        self.ready.set()
