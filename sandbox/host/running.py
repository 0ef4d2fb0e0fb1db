"""Start a function app, keep it running, stop it without losing a message.

`running` is the room's public door, for `__main__` and for tests in a process of their own (the
worker's registry allows one app a process). Order of a stop: no new work, then what is open gets
its grace, then it is cut off and its message abandoned.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.host import functions, message, settings, signing_in, worker
from sandbox.host.connections import Connections
from sandbox.host.functions import Function, InError, QueueTrigger, TimerTrigger
from sandbox.host.invocations import Invocations, Line
from sandbox.host.keys import Keys, from_settings
from sandbox.host.pump import Pump
from sandbox.host.server import Server, listening
from sandbox.host.settings import HostJson, ServiceBusOptions
from sandbox.host.signing_in import Platform
from sandbox.host.stopping import Stopping
from sandbox.host.timers import Monitor, Timer
from sandbox.host.web import Door

GRACE_SECONDS = 30.0
CUT_OFF_SECONDS = 5.0  # after the grace: for abandoning messages and closing connections


class NoFunctions(Exception):
    """The directory holds no function_app.py, or it registers nothing."""


@dataclass
class Host:
    """A running function app."""

    address: str
    route_prefix: str
    keys: Keys
    functions: tuple[Function, ...]
    in_error: tuple[InError, ...]
    invocations: Invocations
    _timers: dict[str, Timer] = field(default_factory=dict)
    _stopping: Stopping = field(default_factory=Stopping)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def by_hand(self, function: Function, text: str) -> None:
        """Start a function that is no HTTP function, now, with this input."""
        if isinstance(function.trigger, TimerTrigger):
            self._keep(self._timers[function.name].run_by_hand())
        else:
            self._keep(self._message_by_hand(function, text))

    async def serve(
        self, listener: socket.socket, body_limit_bytes: int, platform: Platform
    ) -> None:
        """Answer HTTP; returns when the port does."""
        door = Door(
            functions=self.functions,
            prefix=self.route_prefix,
            keys=self.keys,
            body_limit_bytes=body_limit_bytes,
            invocations=self.invocations,
            by_hand=self.by_hand,
            platform=platform,
        )
        server = Server(door, listener, self._stopping)
        self._keep(server.run_until_stopped())
        await server.ready.wait()

    def start_timers(self, monitor: Monitor) -> None:
        """Let every timer that is not disabled keep time."""
        for function, trigger in self._enabled(TimerTrigger):
            timer = Timer(function, trigger, self.invocations, monitor, self._stopping, time.time)
            self._timers[function.name] = timer
            self._keep(timer.keep_time())

    async def start_pumps(self, connections: Connections, options: ServiceBusOptions) -> None:
        """Pump the queue of every queue function that is not disabled."""
        for function, trigger in self._enabled(QueueTrigger):
            client = await connections.client(trigger.connection)
            pump = Pump(function, trigger, client, options, self.invocations, self._stopping)
            self._keep(pump.run())

    async def stop(self, grace_seconds: float) -> None:
        """No new work; open work gets its grace, then it is cut off."""
        self._stopping.throw()
        await self._ended(grace_seconds)
        for task in set(self._tasks):
            task.cancel()
        await self._ended(CUT_OFF_SECONDS)

    def _enabled[T](self, kind: type[T]) -> list[tuple[Function, T]]:
        return [
            (f, f.trigger)
            for f in self.functions
            if isinstance(f.trigger, kind) and not f.disabled
        ]

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ended(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    async def _message_by_hand(self, function: Function, text: str) -> None:
        body, metadata = message.by_hand(text)
        await self.invocations.run(function, body, metadata=metadata, trigger="queue by hand")


@contextlib.asynccontextmanager
async def running(
    app: Path,
    given: Mapping[str, str] | None = None,
    *,
    port: int = 0,
    grace_seconds: float = GRACE_SECONDS,
    monitor_file: Path | None = None,
    say: Callable[[Line], None] = print,
) -> AsyncIterator[Host]:
    """The function app in this directory, on loopback.

    `given` settings win over the environment, and that over local.settings.json. Raises
    SettingsRefused, IndexingFailed, NoFunctions, or OSError when the port is taken.
    """
    layers = settings.layered(app, given or {})
    with settings.in_environment(layers) as values, listening(port) as listener:
        host_json = settings.read_host_json(app, values)
        host = _indexed(app, listener, host_json, values, say)
        connections = Connections(values)
        try:
            worker.start_threads()
            host.start_timers(Monitor(monitor_file))
            await host.start_pumps(connections, host_json.extensions.service_bus)
            await host.serve(
                listener, settings.body_limit_bytes(values), signing_in.from_settings(values)
            )
            yield host
        finally:
            await host.stop(grace_seconds)
            await connections.close()


def _indexed(
    app: Path,
    listener: socket.socket,
    host_json: HostJson,
    values: Mapping[str, str],
    say: Callable[[Line], None],
) -> Host:
    tracing = values.get("PYTHON_ENABLE_OPENTELEMETRY", "").casefold() in ("true", "1")
    found = worker.index(app, tracing=tracing)
    if not found:
        raise NoFunctions(f"{app / 'function_app.py'} is missing or registers no function")
    good, bad = functions.understood(found, values)
    return Host(
        address=f"http://127.0.0.1:{listener.getsockname()[1]}",
        route_prefix=host_json.extensions.http.route_prefix.strip("/"),
        keys=from_settings(values),
        functions=good,
        in_error=bad,
        invocations=Invocations(say),
    )
