"""What a publisher owes the flow: played on the list of the flow tests and on the rig's broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from azure.servicebus.aio import ServiceBusClient
from fakes import ListBus

from sandbox import broker
from sandbox.broker import INSTROOM_QUEUES, Broker
from shared.bus import envelope
from shared.bus.publish import SIGNALS, Publisher, ServiceBus
from shared.errors import Permanent, Transient
from shared.model.desired import TargetName
from shared.model.event import Event
from shared.model.person import PersonId
from shared.model.signal import Signal

ANNA, BO = PersonId("a" * 32), PersonId("b" * 32)
PATIENCE_SECONDS = 20


@dataclass
class Stage:
    """A publisher, and what came out at the other end."""

    bus: Publisher
    wakes: Callable[[TargetName, int], Awaitable[list[PersonId]]]
    """Receives this many wakes of a target, in the order of arrival."""
    signals: Callable[[int], Awaitable[list[Signal]]]
    lies: Callable[[str], int]
    """How many messages lie in a queue."""


@pytest.fixture(params=["list", "Service Bus"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "list":
        yield _list_stage()
        return
    async with broker.running(INSTROOM_QUEUES) as running:
        bus = ServiceBus(lambda: _client(running))
        receiving = _client(running)
        yield _broker_stage(running, bus, receiving)
        await bus.close()
        await receiving.close()


def _client(running: Broker) -> ServiceBusClient:
    return ServiceBusClient.from_connection_string(running.connection_string)


def _list_stage() -> Stage:
    bus = ListBus()

    async def wakes(target: TargetName, count: int) -> list[PersonId]:
        found = [person for name, person, _ in bus.wakes if name == target]
        assert len(found) == count
        return found

    async def signals(count: int) -> list[Signal]:
        assert len(bus.signals) == count
        return [said for said, _ in bus.signals]

    def lies(queue: str) -> int:
        if queue == SIGNALS:
            return len(bus.signals)
        return sum(name == queue for name, _, _ in bus.wakes)

    return Stage(bus, wakes, signals, lies)


def _broker_stage(running: Broker, bus: ServiceBus, client: ServiceBusClient) -> Stage:
    async def wakes(target: TargetName, count: int) -> list[PersonId]:
        found: list[PersonId] = []
        for person in (ANNA, BO):
            receiver = client.get_queue_receiver(target, session_id=person, max_wait_time=0.5)
            async for message in receiver:
                assert message.session_id == person
                found.append(envelope.woken(_body(message)))
                await receiver.complete_message(message)
        assert len(found) == count
        return found

    async def signals(count: int) -> list[Signal]:
        found: list[Signal] = []
        async with client.get_queue_receiver(SIGNALS, max_wait_time=1) as receiver:
            async for message in receiver:
                found.append(envelope.signalled(_body(message)))
                await receiver.complete_message(message)
        assert len(found) == count
        return found

    return Stage(bus, wakes, signals, lambda queue: running.counts(queue).active)


def _body(message: Any) -> bytes:
    return b"".join(message.body)


async def test_a_wake_reaches_its_target_and_no_other(stage: Stage) -> None:
    await stage.bus.wake(TargetName.ENTRA, ANNA, Event.JOINER)

    assert (stage.lies("entra"), stage.lies("topdesk"), stage.lies(SIGNALS)) == (1, 0, 0)
    assert await stage.wakes(TargetName.ENTRA, 1) == [ANNA]


async def test_every_wake_is_a_message_of_its_own(stage: Stage) -> None:
    """Duplicate detection must not swallow the second reason to look at someone."""
    for _ in range(3):
        await stage.bus.wake(TargetName.TOPDESK, ANNA, Event.MOVER)
    await stage.bus.wake(TargetName.TOPDESK, BO, Event.MOVER)

    assert await stage.wakes(TargetName.TOPDESK, 4) == [ANNA, ANNA, ANNA, BO]


async def test_a_signal_of_one_id_is_delivered_once(stage: Stage) -> None:
    said = Signal(source="afas", number="1042")
    await stage.bus.signal(said, "id-1")
    await stage.bus.signal(said, "id-1")
    await stage.bus.signal(said, "id-2")
    await stage.bus.signal(Signal(source="afas", number="1043"), "id-3")

    assert [s.number for s in await stage.signals(3)] == ["1042", "1042", "1043"]


async def test_wakes_of_many_tasks_all_arrive(stage: Stage) -> None:
    await asyncio.gather(
        *(stage.bus.wake(TargetName.ENTRA, person, Event.JOINER) for person in [ANNA, BO] * 10)
    )

    assert stage.lies("entra") == 20


async def test_a_message_is_a_cloud_event_without_personal_data() -> None:
    message = envelope.wake(ANNA, Event.LEAVER, "id-1")
    told = json.loads(str(message))

    assert set(told) == {"specversion", "id", "source", "type", "subject", "time"}
    assert (told["specversion"], told["id"], told["source"]) == ("1.0", "id-1", "/instroom")
    assert (told["type"], told["subject"]) == ("nl.instroom.leaver", ANNA)
    assert (message.message_id, message.session_id) == ("id-1", ANNA)
    assert message.content_type == "application/cloudevents+json; charset=utf-8"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'"text"',
        b'{"source": "/x", "type": "other", "id": "1", "specversion": "1.0", "subject": "a"}',
        b'{"source": "/x", "type": "nl.instroom.joiner", "id": "1", "specversion": "1.0"}',
        b'{"source": "/x", "type": 7, "id": "1", "specversion": "1.0", "subject": "a"}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_what_is_no_wake_of_ours_is_permanently_none(body: bytes) -> None:
    with pytest.raises(Permanent):
        envelope.woken(body)


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"{}", b'{"source": "afas"}', b"7", b"null"]
)
async def test_what_is_no_signal_is_permanently_none(body: bytes) -> None:
    with pytest.raises(Permanent):
        envelope.signalled(body)


async def test_sending_goes_on_when_the_broker_comes_back() -> None:
    async with broker.running(INSTROOM_QUEUES) as first:
        port = first.port
        bus = ServiceBus(lambda: _client(first))
        await bus.wake(TargetName.ENTRA, ANNA, Event.JOINER)
    async with broker.running(INSTROOM_QUEUES, port=port) as second:
        await bus.wake(TargetName.ENTRA, BO, Event.JOINER)
        assert second.counts("entra").active == 1
        await bus.close()


async def test_broker_that_is_away_is_transient() -> None:
    async with broker.running(INSTROOM_QUEUES) as running:
        connection = running.connection_string
    bus = ServiceBus(
        lambda: ServiceBusClient.from_connection_string(
            connection, retry_total=0, retry_backoff_factor=0.01
        )
    )

    with pytest.raises(Transient):
        await bus.wake(TargetName.ENTRA, ANNA, Event.JOINER)
    await bus.close()


async def test_a_closed_publisher_opens_again() -> None:
    async with broker.running(INSTROOM_QUEUES) as running:
        bus = ServiceBus(lambda: _client(running))
        await bus.wake(TargetName.ENTRA, ANNA, Event.JOINER)
        await bus.close()
        await bus.wake(TargetName.ENTRA, BO, Event.JOINER)
        await bus.close()

        assert running.counts("entra").active == 2
