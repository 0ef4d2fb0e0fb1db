"""Does the Python SDK's asyncio client find a Service Bus here, also with many at once?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage, ServiceBusMessageState
from azure.servicebus import AutoLockRenewer as SyncRenewer
from azure.servicebus import ServiceBusClient as SyncClient
from azure.servicebus.aio import (
    AutoLockRenewer,
    ServiceBusClient,
    ServiceBusReceiver,
    ServiceBusSender,
)
from azure.servicebus.exceptions import MessageLockLostError, OperationTimeoutError
from contract.servicebus.open_bus import AheadClock

from sandbox import broker
from sandbox.broker import Broker, QueueSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(servicebus: Broker) -> AsyncIterator[ServiceBusClient]:
    async with ServiceBusClient.from_connection_string(
        servicebus.connection_string, retry_total=0
    ) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sender(client: ServiceBusClient) -> AsyncIterator[ServiceBusSender]:
    async with client.get_queue_sender("aio") as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(client: ServiceBusClient) -> AsyncIterator[ServiceBusReceiver]:
    async with client.get_queue_receiver("aio") as opened:
        yield opened


async def test_a_list_is_received_and_completed(
    sender: ServiceBusSender, receiver: ServiceBusReceiver, servicebus: Broker
) -> None:
    await sender.send_messages([ServiceBusMessage(f"m{number}") for number in range(5)])
    got: list[str] = []
    while len(got) < 5:
        for message in await receiver.receive_messages(5, max_wait_time=5):
            got.append(str(message))
            await receiver.complete_message(message)

    assert got == [f"m{number}" for number in range(5)]
    assert servicebus.counts("aio").active == 0


async def test_an_abandoned_message_can_become_a_dead_letter(
    client: ServiceBusClient, sender: ServiceBusSender, receiver: ServiceBusReceiver
) -> None:
    await sender.send_messages(ServiceBusMessage("x"))
    (message,) = await receiver.receive_messages(1, max_wait_time=5)
    await receiver.abandon_message(message)
    (message,) = await receiver.receive_messages(1, max_wait_time=5)
    assert message.delivery_count == 1
    await receiver.dead_letter_message(message, reason="R", error_description="D")
    async with client.get_queue_receiver("aio", sub_queue="deadletter") as dead_letters:
        (dead,) = await dead_letters.receive_messages(1, max_wait_time=5)
        await dead_letters.complete_message(dead)

    assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("R", "D")


async def test_schedule_cancel_peek_renew_and_defer(
    sender: ServiceBusSender,
    receiver: ServiceBusReceiver,
    servicebus: Broker,
    ahead_clock: AheadClock,
) -> None:
    due = ahead_clock.now().replace(year=ahead_clock.now().year + 1)
    (first,) = await sender.schedule_messages(ServiceBusMessage("x"), due)
    (second,) = await sender.schedule_messages(ServiceBusMessage("y"), due)
    peeked = await receiver.peek_messages(5)
    assert [message.state for message in peeked] == [ServiceBusMessageState.SCHEDULED] * 2
    await sender.cancel_scheduled_messages([first, second])
    await sender.send_messages(ServiceBusMessage("z"))
    (message,) = await receiver.receive_messages(1, max_wait_time=5)
    assert message.sequence_number is not None
    await receiver.renew_message_lock(message)
    await receiver.defer_message(message)
    (deferred,) = await receiver.receive_deferred_messages(message.sequence_number)
    await receiver.complete_message(deferred)

    assert str(deferred) == "z"
    assert servicebus.counts("aio") == broker.Counts(0, 0, 0, 0, 0)


async def test_a_lock_that_ran_out_is_lost(
    sender: ServiceBusSender,
    receiver: ServiceBusReceiver,
    servicebus: Broker,
    ahead_clock: AheadClock,
) -> None:
    await sender.send_messages(ServiceBusMessage("x"))
    (first,) = await receiver.receive_messages(1, max_wait_time=5)
    ahead_clock.ahead_seconds += 301
    servicebus.tick()
    (second,) = await receiver.receive_messages(1, max_wait_time=5)
    with pytest.raises(MessageLockLostError):
        await receiver.complete_message(first)
    await receiver.complete_message(second)

    assert second.delivery_count == 1


async def test_a_session_is_iterated_with_state_and_renewal(
    client: ServiceBusClient, servicebus: Broker
) -> None:
    async with client.get_queue_sender("aio-ordered") as sender:
        messages = [ServiceBusMessage(f"{number}", session_id="aio") for number in range(3)]
        await sender.send_messages(messages)
    async with client.get_queue_receiver(
        "aio-ordered", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1
    ) as receiver:
        await receiver.session.set_state(b"st")
        got = []
        async for message in receiver:
            got.append(str(message))
            await receiver.complete_message(message)
        assert receiver.session.session_id == "aio"
        assert await receiver.session.get_state() == b"st"
        assert await receiver.session.renew_lock() is not None

    assert got == ["0", "1", "2"]
    assert servicebus.counts("aio-ordered").active == 0


async def test_competing_receivers_share_and_lose_nothing(servicebus: Broker) -> None:
    connection = servicebus.connection_string
    seen: list[int] = []

    async def work() -> None:
        async with (
            ServiceBusClient.from_connection_string(connection) as client,
            client.get_queue_receiver("competing") as receiver,
        ):
            while messages := await receiver.receive_messages(5, max_wait_time=1):
                for message in messages:
                    seen.append(int(str(message)))
                    await receiver.complete_message(message)

    async with (
        ServiceBusClient.from_connection_string(connection) as client,
        client.get_queue_sender("competing") as sender,
    ):
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(60)])
    await asyncio.gather(*(work() for _ in range(4)))

    assert sorted(seen) == list(range(60))
    assert servicebus.counts("competing").active == 0


async def test_many_sessions_are_served_at_once_and_in_order(servicebus: Broker) -> None:
    """What the function host's pump does: next available, again and again, on many links."""
    connection = servicebus.connection_string
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
                "many", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1
            )
            try:
                async with receiver:
                    await drain(receiver)
            except OperationTimeoutError:
                return

    async with ServiceBusClient.from_connection_string(connection, retry_total=0) as client:
        async with client.get_queue_sender("many") as sender:
            for session in range(24):
                await sender.send_messages(
                    [ServiceBusMessage(str(n), session_id=f"t{session}") for n in range(5)]
                )
        await asyncio.gather(*(work(client) for _ in range(12)))

    assert done == {f"t{session}": list("01234") for session in range(24)}
    assert servicebus.counts("many").active == 0


async def test_auto_renewers_keep_a_lock_and_idle_receivers_give_back() -> None:
    """What takes the SDK seconds by its own clock, all at once, on a broker in the same loop."""
    queues = [
        QueueSettings("one", lock_seconds=3),
        QueueSettings("two", lock_seconds=3),
        QueueSettings("idle"),
    ]
    async with broker.running(queues) as real:
        await asyncio.gather(
            _hold_beyond_the_lock(real, "one"),
            asyncio.to_thread(_hold_in_sync, real, "two"),
            asyncio.to_thread(_give_back_what_came_too_late, real, "idle"),
        )

        assert [real.counts(name).active for name in ("one", "two", "idle")] == [0, 0, 0]


async def _hold_beyond_the_lock(real: Broker, queue: str) -> None:
    async with (
        ServiceBusClient.from_connection_string(real.connection_string) as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
        AutoLockRenewer() as renewer,
    ):
        await sender.send_messages(ServiceBusMessage("x"))
        (message,) = await receiver.receive_messages(1, max_wait_time=5)
        renewer.register(receiver, message, max_lock_renewal_duration=20)
        await asyncio.sleep(3.2)
        await receiver.complete_message(message)
        assert message.auto_renew_error is None


def _hold_in_sync(real: Broker, queue: str) -> None:
    with (
        SyncClient.from_connection_string(real.connection_string) as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
        SyncRenewer() as renewer,
    ):
        sender.send_messages(ServiceBusMessage("x"))
        (message,) = receiver.receive_messages(1, max_wait_time=5)
        renewer.register(receiver, message, max_lock_renewal_duration=20)
        time.sleep(3.2)
        receiver.complete_message(message)
        assert message.auto_renew_error is None


def _give_back_what_came_too_late(real: Broker, queue: str) -> None:
    """A receiver whose call timed out keeps its credit: what comes then is released, uncounted."""
    with (
        SyncClient.from_connection_string(real.connection_string) as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as idle,
        client.get_queue_receiver(queue) as second,
    ):
        assert idle.receive_messages(5, max_wait_time=0.5) == []
        sender.send_messages(ServiceBusMessage("x"))
        (message,) = second.receive_messages(1, max_wait_time=12)
        second.complete_message(message)
        assert message.delivery_count == 0
