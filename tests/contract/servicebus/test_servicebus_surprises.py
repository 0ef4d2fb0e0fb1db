"""What does the SDK do when a broker answers wrongly? Each case is the reason for one answer.

A proxy between client and broker changes one kind of frame. When an SDK upgrade makes a case
fail, the broker may have become stricter than it must be, or not strict enough: read both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage, ServiceBusSessionFilter
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError, ServiceBusError

from sandbox import broker
from sandbox.broker import Broker, QueueSettings
from sandbox.broker.frames import (
    AMQP_HEADER,
    ATTACH,
    DISPOSITION,
    HEADER_SIZE,
    REJECTED,
    TRANSFER,
    Frame,
    FrameReader,
    frame,
    performative,
)
from sandbox.broker.links import ACCEPT
from sandbox.broker.values import Described, Symbol, ULong, Value

type Lie = Callable[[int, list[Value]], list[tuple[int, list[Value]]]]

QUEUES = (QueueSettings("q"), QueueSettings("s", requires_session=True))
ERROR = Described(ULong(0x1D), [Symbol("com.microsoft:dead-letter"), "R", None])


class Liar:
    """Reads what the broker says and passes it on, changed."""

    def __init__(self, lie: Lie) -> None:
        self._lie = lie
        self._reader = FrameReader()
        self._passes = True  # until the second protocol header the bytes are not ours to touch

    def __call__(self, data: bytes) -> bytes:
        if self._passes:
            head, found, rest = data.partition(AMQP_HEADER)
            if not found:
                return data
            self._passes, data = False, rest
            return head + found + self(rest)
        self._reader.feed(data)
        return b"".join(self._changed(one) for one in self._reader.frames())

    def _changed(self, one: Frame) -> bytes:
        code, fields, _ = performative(one.body)
        if code == TRANSFER:
            size = len(one.body) + HEADER_SIZE
            return (
                size.to_bytes(4, "big") + b"\x02\x00" + one.channel.to_bytes(2, "big") + one.body
            )
        values = [fields.any(index) for index in range(15)]
        return b"".join(frame(one.channel, *said) for said in self._lie(code, values))


@asynccontextmanager
async def lied_to(bus: Broker, lie: Lie) -> AsyncIterator[ServiceBusClient]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection(bus.host, bus.port)
        await asyncio.gather(
            _pipe(reader, upstream, bytes), _pipe(upstream_reader, writer, Liar(lie))
        )

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    connection = bus.connection_string.replace(f":{bus.port};", f":{port};")
    async with proxy, ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        yield client


async def _pipe(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Callable[[bytes], bytes]
) -> None:
    while data := await reader.read(65_536):
        writer.write(change(data))
    writer.close()


# -- lies


def _honest(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
    return [(code, fields)]


def _settles_with(state: Value) -> Lie:
    def lie(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
        if code == DISPOSITION and fields[0] is False:  # about what the client received
            return [(code, [*fields[:4], state])]
        return [(code, fields)]

    return lie


def _other_address(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
    if code == ATTACH and _is_session(fields):
        fields[5] = Described(fields[5].descriptor, ["s", *fields[5].value[1:]])
    return [(code, fields)]


def _no_lock_time(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
    if code == ATTACH and _is_session(fields):
        fields[13] = None
    return [(code, fields)]


def _short_source(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
    if code == ATTACH and _is_session(fields):
        fields[5] = Described(fields[5].descriptor, fields[5].value[:8])
    return [(code, fields)]


def _no_size(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
    if code == ATTACH:
        fields[10] = None
    return [(code, fields)]


def _only_detaches(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
    is_refusal = code == ATTACH and fields[5] is None
    return [] if is_refusal else [(code, fields)]


def _attaches_first(code: int, fields: list[Value]) -> list[tuple[int, list[Value]]]:
    if code == ATTACH and fields[5] is None:
        fields[5] = Described(ULong(0x28), ["s"])
        fields[6] = Described(ULong(0x29), ["t"])
    return [(code, fields)]


def _is_session(fields: list[Value]) -> bool:
    return bool(fields[5] is not None and len(fields[5].value) > 7 and fields[5].value[7])


# -- what the client does meanwhile


async def _settle(
    client: ServiceBusClient, how: Callable[[ServiceBusReceiver, str], Awaitable[None]], queue: str
) -> str:
    async with (
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        await sender.send_messages(ServiceBusMessage("x"))
        try:
            await how(receiver, queue)
        except ServiceBusError as error:
            return type(error).__name__
    return "ok"


async def _complete(receiver: ServiceBusReceiver, _queue: str) -> None:
    (message,) = await receiver.receive_messages(1, max_wait_time=5)
    await receiver.complete_message(message)


async def _abandon(receiver: ServiceBusReceiver, _queue: str) -> None:
    (message,) = await receiver.receive_messages(1, max_wait_time=5)
    await receiver.abandon_message(message)


async def _dead_letter(receiver: ServiceBusReceiver, _queue: str) -> None:
    (message,) = await receiver.receive_messages(1, max_wait_time=5)
    await receiver.dead_letter_message(message, reason="R")


async def _open_session(
    client: ServiceBusClient, session: str | ServiceBusSessionFilter, wait: float
) -> tuple[object, bool] | str:
    try:
        async with client.get_queue_receiver(
            "s", session_id=session, max_wait_time=wait
        ) as receiver:
            return receiver.session.session_id, receiver.session.locked_until_utc is not None
    except OperationTimeoutError:
        return "timeout"
    except ServiceBusError as error:
        return type(error).__name__


async def _next(bus: Broker, lie: Lie, wait: float = 5) -> tuple[object, bool] | str:
    async with lied_to(bus, lie) as client:
        return await _open_session(client, NEXT_AVAILABLE_SESSION, wait)


async def test_a_settlement_must_be_answered_with_its_own_outcome() -> None:
    queues = [QueueSettings(f"q{number}") for number in range(5)]
    rejected = Described(ULong(REJECTED), [ERROR])
    cases = [
        (_honest, _complete, "ok"),
        (_settles_with(None), _complete, "ServiceBusError"),
        (_settles_with(ACCEPT), _abandon, "ServiceBusError"),
        (_settles_with(rejected), _dead_letter, "ServiceBusError"),
        (_honest, _dead_letter, "ok"),
    ]

    async def run(bus: Broker, number: int) -> str:
        lie, how, _ = cases[number]
        async with lied_to(bus, lie) as client:
            return await _settle(client, how, f"q{number}")

    async with broker.running(queues) as bus:
        got = await asyncio.gather(*(run(bus, number) for number in range(5)))

    assert got == [expected for _, _, expected in cases]


async def test_a_session_must_be_granted_with_address_and_lock_time() -> None:
    """Wrong ones are no error to the SDK: it silently does not know what it holds."""
    unknown = (NEXT_AVAILABLE_SESSION, False)
    lies = [_honest, _short_source, _other_address, _no_lock_time]
    async with broker.running(QUEUES) as bus, lied_to(bus, _honest) as client:
        async with client.get_queue_sender("s") as sender:
            for number in range(4):
                await sender.send_messages(ServiceBusMessage("x", session_id=f"A{number}"))
        got = await asyncio.gather(*(_next(bus, lie) for lie in lies))

    assert {got[0], got[1]} <= {(f"A{number}", True) for number in range(4)}
    assert got[2:] == [unknown, unknown]


async def test_no_session_must_be_said_with_an_empty_attach_and_an_error() -> None:
    lies = [_honest, _only_detaches, _attaches_first]
    async with broker.running(QUEUES) as bus:
        got = await asyncio.gather(*(_next(bus, lie, wait=1) for lie in lies))

    assert got[0] == "timeout"
    assert got[1] == "ServiceBusConnectionError"
    assert got[2] != "timeout"


async def test_without_a_size_in_the_attach_a_batch_is_a_mebibyte() -> None:
    async with (
        broker.running(QUEUES) as bus,
        lied_to(bus, _no_size) as client,
        client.get_queue_sender("q") as sender,
    ):
        batch = await sender.create_message_batch()

    assert batch.max_size_in_bytes == 1_048_576
