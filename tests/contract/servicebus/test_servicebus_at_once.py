"""What takes the SDK seconds by its own clock, all at once: many clients, renewal, idleness.

The fixture runs everything together; each test looks at its own part.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus import AutoLockRenewer as SyncRenewer
from azure.servicebus import ServiceBusClient as SyncClient
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError

from sandbox import broker
from sandbox.broker import Broker, QueueSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUEUES = (
    QueueSettings("competing"),
    QueueSettings("sessions", requires_session=True),
    QueueSettings("renewed", lock_seconds=8),
    QueueSettings("renewed-in-sync", lock_seconds=8),
    QueueSettings("idle"),
)
BEYOND_SECONDS = 8.5  # long locks: a busy machine may hold a renewal up for seconds
MESSAGES, WORKERS = 60, 4
SESSIONS, SESSION_WORKERS = 20, 12


@dataclass(frozen=True)
class Outcome:
    """What each part saw, and the broker afterwards."""

    bus: Broker
    competing: list[int]
    sessions: dict[str | None, list[str]]
    idle_delivery_count: int | None
    renewal_errors: list[Exception | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcome() -> AsyncIterator[Outcome]:
    async with broker.running(QUEUES) as bus:
        competing, sessions, idle, *renewals = await asyncio.gather(
            _compete(bus),
            _drain_sessions(bus),
            asyncio.to_thread(_leave_idle, bus),
            _hold_beyond_the_lock(bus),
            asyncio.to_thread(_hold_in_sync, bus),
        )
        yield Outcome(bus, competing, sessions, idle, renewals)


async def test_competing_receivers_share_and_lose_nothing(outcome: Outcome) -> None:
    assert sorted(outcome.competing) == list(range(MESSAGES))
    assert outcome.bus.counts("competing").active == 0


async def test_many_sessions_are_served_at_once_and_in_order(outcome: Outcome) -> None:
    """What the function host's pump does: next available, again and again, on many links."""
    assert outcome.sessions == {f"t{session}": list("01234") for session in range(SESSIONS)}
    assert outcome.bus.counts("sessions").active == 0


async def test_auto_renewers_keep_a_short_lock(outcome: Outcome) -> None:
    assert outcome.renewal_errors == [None, None]
    assert outcome.bus.counts("renewed").active == 0
    assert outcome.bus.counts("renewed-in-sync").active == 0


async def test_an_idle_receiver_gives_back_what_came_too_late(outcome: Outcome) -> None:
    """One whose call timed out keeps its credit: what comes then is released, uncounted."""
    assert outcome.idle_delivery_count == 0
    assert outcome.bus.counts("idle").active == 0


async def _compete(bus: Broker) -> list[int]:
    seen: list[int] = []

    async def work() -> None:
        async with (
            ServiceBusClient.from_connection_string(bus.connection_string) as client,
            client.get_queue_receiver("competing") as receiver,
        ):
            while messages := await receiver.receive_messages(5, max_wait_time=1):
                for message in messages:
                    seen.append(int(str(message)))
                    await receiver.complete_message(message)

    async with (
        ServiceBusClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_sender("competing") as sender,
    ):
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(MESSAGES)])
    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return seen


async def _drain_sessions(bus: Broker) -> dict[str | None, list[str]]:
    done: dict[str | None, list[str]] = {}

    async def drain(receiver: ServiceBusReceiver) -> None:
        got = done.setdefault(receiver.session.session_id, [])
        while messages := await receiver.receive_messages(10, max_wait_time=0.3):
            for message in messages:
                got.append(str(message))
                await receiver.complete_message(message)

    async def work(client: ServiceBusClient) -> None:
        while True:
            receiver = client.get_queue_receiver(
                "sessions", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1
            )
            try:
                async with receiver:
                    await drain(receiver)
            except OperationTimeoutError:
                return

    connection = bus.connection_string
    async with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        async with client.get_queue_sender("sessions") as sender:
            for session in range(SESSIONS):
                await sender.send_messages(
                    [ServiceBusMessage(str(n), session_id=f"t{session}") for n in range(5)]
                )
        await asyncio.gather(*(work(client) for _ in range(SESSION_WORKERS)))
    return done


async def _hold_beyond_the_lock(bus: Broker) -> Exception | None:
    async with (
        ServiceBusClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_sender("renewed") as sender,
        client.get_queue_receiver("renewed") as receiver,
        AutoLockRenewer() as renewer,
    ):
        await sender.send_messages(ServiceBusMessage("x"))
        (message,) = await receiver.receive_messages(1, max_wait_time=5)
        renewer.register(receiver, message, max_lock_renewal_duration=20)
        await asyncio.sleep(BEYOND_SECONDS)
        await receiver.complete_message(message)
        return message.auto_renew_error


def _hold_in_sync(bus: Broker) -> Exception | None:
    with (
        SyncClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_sender("renewed-in-sync") as sender,
        client.get_queue_receiver("renewed-in-sync") as receiver,
        SyncRenewer() as renewer,
    ):
        sender.send_messages(ServiceBusMessage("x"))
        (message,) = receiver.receive_messages(1, max_wait_time=5)
        renewer.register(receiver, message, max_lock_renewal_duration=20)
        time.sleep(BEYOND_SECONDS)
        receiver.complete_message(message)
        return message.auto_renew_error


def _leave_idle(bus: Broker) -> int | None:
    with (
        SyncClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_sender("idle") as sender,
        client.get_queue_receiver("idle") as idle,
        client.get_queue_receiver("idle") as second,
    ):
        assert idle.receive_messages(5, max_wait_time=0.5) == []
        sender.send_messages(ServiceBusMessage("x"))
        (message,) = second.receive_messages(1, max_wait_time=12)
        second.complete_message(message)
        return message.delivery_count
