"""How is the broker run? On a port of its own, in a task or in a thread, until it is stopped.

The only file that knows sockets and the event loop: it carries bytes between transports and
connections, and lets one loop timer drive the one timer heap.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Future

from sandbox.broker.connection import Connection
from sandbox.broker.errors import FORCED, AmqpError
from sandbox.broker.namespace import Namespace, Visit
from sandbox.broker.queue import Counts
from sandbox.broker.queues import QueueSettings
from sandbox.broker.timers import Timers
from sandbox.clock import Clock, FileClock

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
WRITE_HIGH_BYTES = 262_144  # above this no more messages are sent to that client
READ_STOP_BYTES = 8_388_608  # above this nothing more is read from it either
MIN_SLEEP_SECONDS = 0.001
MAX_SLEEP_SECONDS = 3600.0
BACKLOG = 1024
STOP_SECONDS = 1.0


class Broker:
    """A running Service Bus endpoint. Its methods may be called from any thread."""

    def __init__(self, queues: Iterable[QueueSettings], clock: Clock) -> None:
        self.host = HOST
        self.port = 0
        self._now = clock.wall
        self._timers = Timers()
        self._namespace = Namespace(queues, now=self._now, timers=self._timers)
        self._transports: set[_Transport] = set()
        self._empty = asyncio.Event()  # nobody is connected
        self._empty.set()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._alarm: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None

    @property
    def connection_string(self) -> str:
        """For the SDKs; `UseDevelopmentEmulator` makes them speak plain AMQP to this port."""
        return (
            f"Endpoint=sb://{self.host}:{self.port};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
        )

    def counts(self, queue: str) -> Counts:
        """How many messages the queue has in which state; KeyError when there is none."""
        return self._here(lambda: self._namespace.find(queue).counts())

    def dump(self, queue: str) -> list[bytes]:
        """Every message of the queue and of its dead letters, as encoded bytes."""
        return self._here(lambda: self._namespace.dump(queue))

    def tick(self) -> None:
        """Run what is due now: for tests that have moved the clock."""
        self._here(self.run_due)

    # -- running

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        self._server = await self._loop.create_server(
            lambda: _Transport(self, self._namespace, self._now, self._timers),
            host,
            port,
            backlog=BACKLOG,
        )
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    async def stop(self) -> None:
        """Say goodbye to every client and close."""
        if self._server is not None:
            self._server.close()
        goodbye = AmqpError(FORCED, "The broker is stopping.")
        for transport in list(self._transports):
            transport.leave(goodbye)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), STOP_SECONDS)
        for transport in list(self._transports):
            transport.abort()
        if self._alarm is not None:
            self._alarm.cancel()

    def run_due(self) -> None:
        """Do what is due and set the alarm for what is due next."""
        self.catch_up()
        self.set_alarm()

    def catch_up(self) -> None:
        """Do what is due, before anything else happens."""
        try:
            self._timers.run_due(self._now())
        except Exception:
            log.exception("a timer failed")

    def set_alarm(self) -> None:
        """One loop timer, for the earliest moment of the heap. One that rings too early, for
        something that was cancelled since, does no harm and is cheaper than moving it each time.
        Compared in the loop's time: the clock may have jumped since it was set.
        """
        due = self._timers.next_due()
        if due is None:
            return
        delay = min(max(due - self._now(), MIN_SLEEP_SECONDS), MAX_SLEEP_SECONDS)
        rings_at = self._loop.time() + delay
        if self._alarm is not None:
            if self._alarm.when() <= rings_at:
                return
            self._alarm.cancel()
        self._alarm = self._loop.call_at(rings_at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.run_due()

    def joined(self, transport: _Transport) -> None:
        """A client connected."""
        self._transports.add(transport)
        self._empty.clear()
        self.set_alarm()

    def left(self, transport: _Transport) -> None:
        """A client is gone."""
        self._transports.discard(transport)
        if not self._transports:
            self._empty.set()

    def _here[T](self, call: Callable[[], T]) -> T:
        """Run a call in the broker's own thread, wherever we are."""
        if threading.get_ident() == self._thread:
            return call()
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(call())
            except Exception as error:  # noqa: BLE001 - it belongs to the caller's thread
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()


class _Transport(asyncio.Protocol):
    """One client's socket."""

    def __init__(
        self, broker: Broker, namespace: Namespace, now: Callable[[], float], timers: Timers
    ) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._socket: asyncio.Transport | None = None
        self._flush_is_due = False
        self._connection = Connection(
            on_attach=Visit(namespace).attach, now=now, timers=timers, wake=self._wake
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type
        transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self._socket = transport
        self._broker.joined(self)

    def data_received(self, data: bytes) -> None:
        self._broker.catch_up()
        self._flush_is_due = True  # right below: no need to ask the loop for it
        self._connection.receive(data)
        self._flush()
        self._broker.set_alarm()

    def pause_writing(self) -> None:
        self._connection.set_writable(writable=False)

    def resume_writing(self) -> None:
        if self._socket is not None and not self._socket.is_closing():
            self._socket.resume_reading()
        self._connection.set_writable(writable=True)
        self._broker.set_alarm()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # how a client goes makes no difference
        self._connection.lost()
        self._broker.left(self)
        self._broker.set_alarm()

    @property
    def unsent_bytes(self) -> int:
        """How much the client has not taken yet."""
        return self._socket.get_write_buffer_size() if self._socket is not None else 0

    def leave(self, error: AmqpError) -> None:
        """Tell the client why, and hang up."""
        self._connection.close(error)
        self._flush()
        if self._socket is not None:
            self._socket.close()

    def abort(self) -> None:
        """Hang up at once."""
        if self._socket is not None:
            self._socket.abort()

    def _wake(self) -> None:
        if not self._flush_is_due:
            self._flush_is_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._socket is None or self._socket.is_closing():
            return
        if out := self._connection.take():
            self._socket.write(out)
        if self._connection.is_finished:
            self._socket.close()
        elif self.unsent_bytes > READ_STOP_BYTES:
            self._socket.pause_reading()


@contextlib.asynccontextmanager
async def running(
    queues: Iterable[QueueSettings],
    *,
    host: str = HOST,
    port: int = 0,
    clock: Clock | None = None,
) -> AsyncIterator[Broker]:
    """A broker with these queues, in this event loop; port 0 takes any free one."""
    broker = Broker(queues, clock or FileClock())
    await broker.start(host, port)
    try:
        yield broker
    finally:
        await broker.stop()


@contextlib.contextmanager
def thread(
    queues: Iterable[QueueSettings],
    *,
    host: str = HOST,
    port: int = 0,
    clock: Clock | None = None,
) -> Iterator[Broker]:
    """The same in a thread of its own, for callers that do not await."""
    ready: Future[Broker] = Future()
    stop: Future[None] = Future()

    async def serve() -> None:
        async with running(queues, host=host, port=port, clock=clock) as broker:
            ready.set_result(broker)
            await asyncio.wrap_future(stop)

    def run() -> None:
        try:
            asyncio.run(serve())
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)  # it could not start: the caller's to know

    runner = threading.Thread(target=run, name="broker", daemon=True)
    runner.start()
    try:
        yield ready.result()
    finally:
        stop.set_result(None)
        runner.join()
