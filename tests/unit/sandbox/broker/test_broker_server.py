"""The broker on a real port: sockets, threads, the command line, and how it stops."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from unit.sandbox.broker.wire_peer import a_raw

from sandbox import broker
from sandbox.broker import INSTROOM_QUEUES, Counts, QueueSettings, __main__
from sandbox.broker.frames import (
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    CLOSE,
    DETACH,
    DISPOSITION,
    FLOW,
    HEADER_SIZE,
    OPEN,
    SOURCE,
    TARGET,
    TRANSFER,
    Fields,
    FrameReader,
    frame,
    performative,
)
from sandbox.broker.server import WRITE_HIGH_BYTES, Broker
from sandbox.broker.values import Described, Symbol, UInt, ULong, Value
from sandbox.clock import ManualClock

QUEUES = (QueueSettings("q", lock_seconds=300), QueueSettings("s", requires_session=True))


class Client:
    """A socket that speaks frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._frames = FrameReader()

    def send(self, code: int, fields: list[Value], payload: bytes = b"", channel: int = 1) -> None:
        body = frame(channel, code, fields)[HEADER_SIZE:] + payload
        head = (len(body) + HEADER_SIZE).to_bytes(4, "big") + b"\x02\x00"
        self.writer.write(head + channel.to_bytes(2, "big") + body)

    async def next(self, wanted: int) -> tuple[Fields, bytes]:
        """The next performative of a kind; others before it are skipped."""
        while True:
            while (found := self._frames.frame()) is None:
                data = await self.reader.read(65_536)
                assert data, "the broker hung up"
                self._frames.feed(data)
            code, fields, payload = performative(found.body)
            if code == wanted:
                return fields, payload

    async def attach(self, handle: int, address: str, *, receives: bool) -> None:
        source = Described(ULong(SOURCE), [address if receives else None])
        target = Described(ULong(TARGET), [None if receives else address])
        name = f"link-{handle}"
        self.send(ATTACH, [name, UInt(handle), receives, None, None, source, target])
        await self.next(ATTACH)

    def wait_for_session(self, handle: int, queue: str, *, timeout_ms: int) -> None:
        filters = {Symbol("com.microsoft:session-filter"): None}
        source = Described(ULong(SOURCE), [queue, *[None] * 6, filters])
        fields = [f"wait-{handle}", UInt(handle), True, None, None, source]
        properties = {Symbol("com.microsoft:timeout"): UInt(timeout_ms)}
        self.send(ATTACH, [*fields, *[None] * 7, properties])

    def credit(self, handle: int, credit: int) -> None:
        window = [UInt(0), UInt(1_000_000), UInt(0), UInt(1_000_000)]
        self.send(FLOW, [*window, UInt(handle), UInt(0), UInt(credit)])

    async def put(self, handle: int, number: int, raw: bytes) -> None:
        self.send(TRANSFER, [UInt(handle), UInt(number), b"t", UInt(0)], raw)
        await self.next(DISPOSITION)


@dataclass
class JumpingClock:
    """The real clock, and a jump ahead."""

    ahead_seconds: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), tz=UTC)

    def wall(self) -> float:
        return time.time() + self.ahead_seconds


@asynccontextmanager
async def connected(bus: Broker) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(bus.host, bus.port)
    client = Client(reader, writer)
    writer.write(AMQP_HEADER)
    assert await reader.readexactly(8) == AMQP_HEADER
    client.send(OPEN, ["client"], channel=0)
    client.send(BEGIN, [None, UInt(0), UInt(1_000_000), UInt(1_000_000)])
    await client.next(BEGIN)
    try:
        yield client
    finally:
        writer.close()


async def test_counts_and_dump_show_what_is_there() -> None:
    clock = ManualClock()
    async with broker.running(QUEUES, clock=clock) as bus, connected(bus) as client:
        await client.attach(0, "q", receives=False)
        await client.attach(1, "q", receives=True)
        await client.put(0, 0, a_raw(b"alpha"))
        await client.put(0, 1, a_raw(b"beta"))
        client.credit(1, 1)
        await client.next(TRANSFER)
        assert bus.counts("q") == Counts(2, 1, 0, 0, 0)
        clock.advance(14 * 86_400)
        bus.tick()

        assert bus.counts("Q") == Counts(0, 0, 0, 0, 2)
        assert [raw[-5:].strip(b"\x04") for raw in bus.dump("q")] == [b"alpha", b"beta"]
        with pytest.raises(KeyError):
            bus.counts("nope")


async def test_nonsense_on_one_socket_leaves_the_others_alone() -> None:
    async with (
        broker.running(QUEUES) as bus,
        connected(bus) as good,
        connected(bus) as bad,
    ):
        await good.attach(0, "q", receives=False)
        bad.writer.write(b"\xff" * 1000)
        error, _ = await bad.next(CLOSE)
        await good.put(0, 0, a_raw())

        assert error.any(0).value[0] == "amqp:connection:framing-error"
        assert bus.counts("q").active == 1


async def test_a_client_that_does_not_read_is_not_written_to_for_ever() -> None:
    body = b"x" * 100_000
    async with (
        broker.running([QueueSettings("q")]) as bus,
        connected(bus) as writer,
        connected(bus) as lazy,
    ):
        await writer.attach(0, "q", receives=False)
        await lazy.attach(0, "q", receives=True)
        lazy.credit(0, 1000)
        lazy.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for number in range(200):
            for part in range(2):
                half = a_raw(body)[part * 60_000 : (part + 1) * 60_000]
                more = part == 0
                writer.send(TRANSFER, [UInt(0), UInt(number), b"t", UInt(0), False, more], half)
            await writer.next(DISPOSITION)
        unsent = [t.unsent_bytes for t in bus._transports]
        held_back = bus.counts("q")
        lazy.writer.transport.resume_reading()  # type: ignore[attr-defined]
        got = 0
        while got < 200:
            fields, _ = await lazy.next(TRANSFER)
            got += not fields.flag(5)

        assert max(unsent) <= WRITE_HIGH_BYTES + 2 * len(body)
        assert held_back.active == 200
        assert held_back.locked < 200, "what cannot be sent is not locked"
        assert bus.counts("q").locked == 200


async def test_a_clock_that_jumps_ahead_leaves_no_alarm_behind() -> None:
    """What is due a moment after the jump must not wait for an alarm set before it."""
    clock = JumpingClock()
    async with broker.running(QUEUES, clock=clock) as bus, connected(bus) as client:
        client.wait_for_session(0, "s", timeout_ms=600_000)
        await client.attach(1, "q", receives=False)
        clock.ahead_seconds = 300
        bus.tick()
        client.wait_for_session(2, "s", timeout_ms=20)
        refused, _ = await asyncio.wait_for(client.next(DETACH), 10)

    assert refused.number(0) == 2
    assert refused.any(2).value[0] == "com.microsoft:timeout"


async def test_stopping_says_goodbye() -> None:
    async with AsyncExitStack() as open_clients:
        async with broker.running(QUEUES) as bus:
            client = await open_clients.enter_async_context(connected(bus))
        error, _ = await client.next(CLOSE)

    assert error.any(0).value[0] == "amqp:connection:forced"


async def test_many_connections_are_cheap() -> None:
    async with broker.running(QUEUES) as bus, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(bus)) for _ in range(200)]
        await asyncio.gather(*(client.attach(0, "q", receives=True) for client in clients))
        for client in clients:
            client.credit(0, 1)
        await clients[0].attach(1, "q", receives=False)
        for number in range(200):
            clients[0].send(TRANSFER, [UInt(1), UInt(number), b"t", UInt(0)], a_raw())
        await asyncio.gather(*(client.next(TRANSFER) for client in clients))

        assert bus.counts("q").locked == 200


def test_in_a_thread_it_serves_callers_of_any_thread() -> None:
    clock = ManualClock()
    before = set(threading.enumerate())  # another test's stack may be up in this process
    with broker.thread(QUEUES, clock=clock) as bus:
        with socket.create_connection((bus.host, bus.port)) as client:
            client.sendall(b"\x00" * 8)
            assert client.recv(8).startswith(b"AMQP")
        bus.tick()
        assert bus.counts("q") == Counts(0, 0, 0, 0, 0)
        assert bus.dump("s") == []
        with pytest.raises(KeyError):
            bus.counts("nope")
        with (
            pytest.raises(OSError, match="address already in use"),
            broker.thread(QUEUES, port=bus.port),
        ):
            pass
    assert "broker" not in [thread.name for thread in set(threading.enumerate()) - before]


def test_the_connection_string_is_what_the_sdks_want() -> None:
    with broker.thread(QUEUES) as bus:
        assert bus.connection_string == (
            f"Endpoint=sb://127.0.0.1:{bus.port};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
        )


def test_instrooms_queues_are_those_of_the_design() -> None:
    table = {queue.name: (queue.requires_session, queue.ttl_seconds) for queue in INSTROOM_QUEUES}

    assert table == {
        "hr-signals": (False, 86_400),
        "entra": (True, 14 * 86_400),
        "topdesk": (True, 14 * 86_400),
        "hr-updates": (True, 14 * 86_400),
        "notices": (False, 14 * 86_400),
    }
    for queue in INSTROOM_QUEUES:
        assert (queue.lock_seconds, queue.max_delivery_count) == (300, 5)
        assert (queue.duplicate_window_seconds, queue.dead_letter_on_expiry) == (600, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "$cbs"},
        {"name": "q/$management"},
        {"name": "q", "lock_seconds": 0},
        {"name": "q", "max_delivery_count": 0},
    ],
)
def test_a_queue_that_cannot_be_is_refused(wrong: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match="queue"):
        QueueSettings(**wrong)  # type: ignore[arg-type]


def test_two_queues_of_one_name_are_refused() -> None:
    twice = [QueueSettings("q"), QueueSettings("Q")]

    with pytest.raises(ValueError, match="named twice"), broker.thread(twice):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_when_it_is_ready_and_stops_cleanly(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox.broker", "--port", "0", "--queue", "a:session"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        ready = child.stdout.readline()
        port = int(ready.split("127.0.0.1:")[1].split(";")[0])
        with socket.create_connection(("127.0.0.1", port)):
            child.send_signal(number)
            out, err = child.communicate(timeout=20)

    assert ready.startswith("ready Endpoint=sb://127.0.0.1:")
    assert (child.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("connection", "port"),
    [
        ("", 5672),
        ("Endpoint=sb://localhost;UseDevelopmentEmulator=true;", 5672),
        ("Endpoint=sb://localhost:5673;UseDevelopmentEmulator=true;", 5673),
        ("endpoint=sb://127.0.0.1:5674/;UseDevelopmentEmulator=true;", 5674),
        ("Endpoint=sb://contoso.servicebus.windows.net:5671/;", 5672),
    ],
)
def test_the_port_is_the_one_that_the_app_will_look_for(connection: str, port: int) -> None:
    assert __main__.port_of(connection) == port


def test_a_port_in_use_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with broker.thread(QUEUES) as bus:
        code = __main__.main(["--port", str(bus.port)])

    assert code == 1
    assert f"cannot listen on 127.0.0.1:{bus.port}" in capsys.readouterr().err


@pytest.mark.parametrize("argument", ["a:sessions", "$cbs", ":session"])
def test_a_wrong_queue_argument_is_refused(
    argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["--queue", argument])

    assert "--queue" in capsys.readouterr().err
