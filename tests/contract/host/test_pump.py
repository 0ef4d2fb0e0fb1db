"""The pump over the wire: the real SDK in the host, the rig's broker on the other side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.host.process import HostProcess, running
from contract.host.pump_app import (
    ENTRA,
    PLAIN,
    TOPDESK,
    a_batch,
    both,
    ended_in_order,
    queues,
    send,
    the_app,
    wait_until_empty,
)

from sandbox import broker
from sandbox.broker import Broker


@pytest.fixture
def bus() -> Iterator[Broker]:
    with broker.thread(queues()) as started:
        yield started


@pytest.fixture(scope="module")
def shared_bus() -> Iterator[Broker]:
    with broker.thread(queues()) as started:
        yield started


@pytest.fixture(scope="module")
def shared_host(
    tmp_path_factory: pytest.TempPathFactory, shared_bus: Broker
) -> Iterator[HostProcess]:
    """One host for the tests that neither stop nor configure theirs."""
    app = the_app(
        tmp_path_factory.mktemp("app"), shared_bus, maxConcurrentCalls=2, maxConcurrentSessions=3
    )
    with running(app) as started:
        yield started


def test_function_sees_the_message_and_it_is_completed(
    shared_bus: Broker, shared_host: HostProcess
) -> None:
    send(shared_bus, a_batch(PLAIN, "sleep=0", ids="m"))
    seen = shared_host.wait_for('^begin .*"id": "m-0"')
    shared_host.wait_for("plain  queue  succeeded")

    assert '"body": "sleep=0", "count": 1, "id": "m-0"' in seen
    assert '"properties": {"n": 0, "type": "nl.instroom.joiner"}' in seen
    assert '"locked": true' in seen
    assert '"session": null, "token": 36, "type": "text/plain"' in seen
    wait_until_empty(shared_bus, PLAIN)


def test_failure_is_abandoned_and_comes_again(
    shared_bus: Broker, shared_host: HostProcess
) -> None:
    send(shared_bus, a_batch(PLAIN, "fail=1"))
    shared_host.wait_for("plain  queue  failed")
    shared_host.wait_for('^end .*"count": 2')
    shared_host.wait_for("plain  queue  succeeded")

    wait_until_empty(shared_bus, PLAIN)
    assert shared_bus.counts(PLAIN).dead_lettered == 0


def test_failure_for_ever_ends_in_the_dead_letters(
    shared_bus: Broker, shared_host: HostProcess
) -> None:
    send(shared_bus, a_batch(ENTRA, "fail=99", "sleep=0", sessions=["p", "p"], ids="dead"))
    shared_host.wait_for('^begin .*"count": 5, "id": "dead-0"')
    shared_host.wait_for('^end .*"id": "dead-1"')  # the rest of the session goes on after it
    shared_host.wait_for("entra  queue  succeeded")

    wait_until_empty(shared_bus, ENTRA)
    assert shared_bus.counts(ENTRA).dead_lettered == 1


def test_calls_at_once_are_bounded(shared_bus: Broker, shared_host: HostProcess) -> None:
    send(shared_bus, a_batch(PLAIN, *["sleep=0.05"] * 8))
    ends = [shared_host.wait_for("^end ") for _ in range(8)]

    assert max(int(end.split('"most": ')[1].split(",")[0]) for end in ends) == 2


def test_session_keeps_its_order_and_sessions_run_side_by_side(
    shared_bus: Broker, shared_host: HostProcess
) -> None:
    sessions = [f"p{n % 3}" for n in range(12)]
    send(shared_bus, a_batch(ENTRA, *["sleep=0.02"] * 12, sessions=sessions))
    begun = [shared_host.wait_for("^begin") for _ in range(12)]
    shared_host.wait_for('^end .*"most": 3')

    for session in ("p0", "p1", "p2"):
        own = [line for line in begun if f'"session": "{session}"' in line]
        numbers = [int(line.split('"n": ')[1].split(",")[0]) for line in own]
        assert len(numbers) == 4
        assert numbers == sorted(numbers)
    wait_until_empty(shared_bus, ENTRA)


def test_without_auto_complete_the_host_settles_nothing(
    shared_bus: Broker, shared_host: HostProcess
) -> None:
    send(shared_bus, a_batch("kept", "sleep=0"))
    shared_host.wait_for("kept  queue  succeeded")
    send(shared_bus, a_batch(PLAIN, "sleep=0"))
    shared_host.wait_for("plain  queue  succeeded")

    wait_until_empty(shared_bus, PLAIN)  # so there was time to settle the other one
    assert shared_bus.counts("kept").active == 1


def test_queue_that_does_not_exist_is_told_once(shared_host: HostProcess) -> None:
    shared_host.wait_for_error("nowhere: queue nowhere: MessagingEntityNotFoundError")

    assert shared_host.err.count("nowhere: queue nowhere: MessagingEntityNotFoundError") == 1


def test_disabled_queue_function_takes_nothing(tmp_path: Path, bus: Broker) -> None:
    send(bus, *both("sleep=0"))
    with running(the_app(tmp_path, bus), **{"AzureWebJobs.plain.Disabled": "true"}) as host:
        host.wait_for("entra  queue  succeeded")
        ended_in_order(host)

    assert (bus.counts(PLAIN).active, bus.counts(ENTRA).active) == (1, 0)


def test_first_load_of_250_people_flows_through_two_queues(
    tmp_path: Path, bus: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [f"p{number}" for number in range(250)]
    with running(the_app(tmp_path, bus, maxConcurrentSessions=32)) as host:
        started = time.monotonic()
        bodies = ["sleep=0.01"] * len(people)
        send(bus, *(a_batch(queue, *bodies, sessions=people) for queue in (ENTRA, TOPDESK)))
        for _ in range(500):
            host.wait_for("queue  succeeded")
        took = time.monotonic() - started
        ended_in_order(host)

    with capsys.disabled():
        print(f"\n500 one-message sessions in {took:.1f} s", end=" ")  # noqa: T201 - a figure
    assert (bus.counts(ENTRA).active, bus.counts(TOPDESK).active) == (0, 0)
