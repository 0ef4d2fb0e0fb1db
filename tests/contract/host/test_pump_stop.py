"""The pump when locks run out, the host stops or dies, or the broker goes away."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.host.process import running
from contract.host.pump_app import (
    ENTRA,
    PLAIN,
    a_batch,
    both,
    ended_in_order,
    queues,
    send,
    the_app,
)

from sandbox import broker
from sandbox.broker import Broker


@pytest.fixture
def bus() -> Iterator[Broker]:
    with broker.thread(queues()) as started:
        yield started


def test_lock_is_renewed_while_the_function_runs(tmp_path: Path) -> None:
    with broker.thread(queues(lock_seconds=4)) as bus:
        send(bus, *both("sleep=5"))
        with running(the_app(tmp_path, bus)) as host:
            ends = [host.wait_for("^end ") for _ in range(2)]
            ended_in_order(host)

        assert all('"count": 1' in end for end in ends)
        assert (bus.counts(PLAIN).active, bus.counts(ENTRA).active) == (0, 0)
    assert "not settled" not in host.err


def test_lock_is_lost_after_the_renewal_duration(tmp_path: Path) -> None:
    with broker.thread(queues(lock_seconds=1)) as bus:
        send(bus, *both("sleep=1.5"))
        never = the_app(tmp_path, bus, maxAutoLockRenewalDuration="00:00:00")
        with running(never, "--grace", "0.1") as host:
            host.wait_for_error("plain: not settled: ")
            host.wait_for_error("entra: not settled: ")
            ended_in_order(host)

        assert (bus.counts(PLAIN).active, bus.counts(ENTRA).active) == (1, 1)
    assert sum('"count": 2' in line for line in host.out if line.startswith("begin")) == 2


def test_session_lock_is_renewed_while_the_session_is_idle(tmp_path: Path) -> None:
    with broker.thread(queues(lock_seconds=4)) as bus:
        send(bus, a_batch(ENTRA, "sleep=0", sessions=["p1"]))
        with running(the_app(tmp_path, bus, sessionIdleTimeout="00:00:20")) as host:
            host.wait_for("entra  queue  succeeded")
            time.sleep(5.0)  # longer than the lock, on the broker's real clock
            send(bus, a_batch(ENTRA, "sleep=0", sessions=["p1"]))
            host.wait_for('^begin .*"count": 1')
            host.wait_for("entra  queue  succeeded")
            ended_in_order(host)

        assert bus.counts(ENTRA).active == 0
    assert "lock" not in host.err


def test_stop_finishes_the_message_and_leaves_the_rest(tmp_path: Path, bus: Broker) -> None:
    send(bus, a_batch(ENTRA, *["sleep=0.5"] * 3, sessions=["p1", "p2", "p3"]))
    with running(the_app(tmp_path, bus, maxConcurrentSessions=1)) as host:
        host.wait_for("^begin")
        ended_in_order(host)

    assert len([line for line in host.out if line.startswith("end")]) == 1
    assert (bus.counts(ENTRA).active, bus.counts(ENTRA).locked) == (2, 0)


def test_stop_abandons_what_outlasts_the_grace(tmp_path: Path, bus: Broker) -> None:
    send(bus, *both("sleep=60"))
    with running(the_app(tmp_path, bus), "--grace", "0.2") as host:
        host.wait_for("^begin")
        host.wait_for("^begin")
        ended_in_order(host)

    for queue in (PLAIN, ENTRA):
        assert (bus.counts(queue).active, bus.counts(queue).locked) == (1, 0)
        assert f"{queue}  queue  cut off" in "".join(host.out)


def test_killed_host_loses_no_message(tmp_path: Path, bus: Broker) -> None:
    send(bus, a_batch(ENTRA, "sleep=0.3", "sleep=0", sessions=["p1", "p1"], ids="p1"))
    app = the_app(tmp_path, bus)
    with running(app) as host:
        host.wait_for("^begin")
        host.process.kill()
        host.ended()
    with running(app) as host:
        host.wait_for('^end .*"id": "p1-0"')
        host.wait_for('^end .*"id": "p1-1"')
        host.wait_for("entra  queue  succeeded")
        ended_in_order(host)

    assert bus.counts(ENTRA).active == 0


def test_broker_that_comes_back_is_found_again(tmp_path: Path) -> None:
    with contextlib.ExitStack() as first:
        bus = first.enter_context(broker.thread(queues()))
        port = bus.port
        host = first.enter_context(running(the_app(tmp_path, bus)))
        send(bus, a_batch(PLAIN, "sleep=0"))
        host.wait_for("plain  queue  succeeded")
        asyncio.run_coroutine_threadsafe(bus.stop(), bus._loop).result(timeout=10)

        with broker.thread(queues(), port=port) as again:
            send(again, *both("sleep=0"))
            seen = {host.wait_for("queue  succeeded").split()[1] for _ in range(2)}
            ended_in_order(host)

    assert seen == {PLAIN, ENTRA}
