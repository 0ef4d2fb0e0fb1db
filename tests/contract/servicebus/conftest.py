"""One broker for the suite, and one open set of clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.servicebus import ServiceBusClient
from contract.servicebus.open_bus import QUEUES, AheadClock, Bus

from sandbox import broker
from sandbox.broker import Broker


@pytest.fixture(scope="session")
def ahead_clock() -> AheadClock:
    return AheadClock()


@pytest.fixture(scope="session")
def servicebus(ahead_clock: AheadClock) -> Iterator[Broker]:
    with broker.thread(QUEUES, clock=ahead_clock) as running:
        yield running


@pytest.fixture(scope="session")
def bus(servicebus: Broker, ahead_clock: AheadClock) -> Iterator[Bus]:
    client = ServiceBusClient.from_connection_string(servicebus.connection_string, retry_total=0)
    opened = Bus(servicebus, ahead_clock, client)
    yield opened
    opened.close()
