"""Does the Python SDK's asyncio client find a Service Bus here, also with many at once?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage, ServiceBusMessageState
from azure.servicebus.aio import (
    ServiceBusClient,
    ServiceBusReceiver,
    ServiceBusSender,
)
from azure.servicebus.exceptions import MessageLockLostError
from contract.servicebus.open_bus import AheadClock

from sandbox import broker
from sandbox.broker import Broker

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
