"""The pump over the wire: the real SDK in the host, the rig's broker on the other side."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from contract.host.process import HostProcess, an_app, running

from sandbox import broker
from sandbox.broker import Broker, QueueSettings

APP = '''
import asyncio
import json
import azure.functions as func

app = func.FunctionApp()
busy = set()
most = 0


def say(word, msg, **more):
    seen = {
        "body": msg.get_body().decode(), "count": msg.delivery_count, "session": msg.session_id,
        "id": msg.message_id, "type": msg.content_type, "properties": msg.application_properties,
        "locked": msg.locked_until > msg.enqueued_time_utc, "token": len(msg.lock_token), **more,
    }
    print(word, json.dumps(seen, sort_keys=True), flush=True)


async def work(msg):
    """The body says what to do: sleep so long, fail so often."""
    global most
    order = dict(part.split("=") for part in msg.get_body().decode().split())
    say("begin", msg)
    busy.add(msg.message_id)
    most = max(most, len(busy))
    try:
        await asyncio.sleep(float(order.get("sleep", "0")))
    finally:
        busy.discard(msg.message_id)
    if msg.delivery_count <= int(order.get("fail", "0")):
        raise RuntimeError("as ordered")
    say("end", msg, most=most)


@app.service_bus_queue_trigger("msg", "Bus", "plain")
async def plain(msg: func.ServiceBusMessage) -> None:
    await work(msg)


@app.service_bus_queue_trigger("msg", "Bus", "kept", auto_complete_messages=False)
async def kept(msg: func.ServiceBusMessage) -> None:
    await work(msg)


@app.service_bus_queue_trigger("msg", "Bus", "nowhere")
async def nowhere(msg: func.ServiceBusMessage) -> None: ...


@app.service_bus_queue_trigger("msg", "Bus", "%ENTRA%", is_sessions_enabled=True)
async def entra(msg: func.ServiceBusMessage) -> None:
    await work(msg)


@app.service_bus_queue_trigger("msg", "Bus", "topdesk", is_sessions_enabled=True)
async def topdesk(msg: func.ServiceBusMessage) -> None:
    await work(msg)
'''
PLAIN, ENTRA, TOPDESK = "plain", "entra", "topdesk"


def queues(*, lock_seconds: float = 30) -> list[QueueSettings]:
    names = {PLAIN: False, "kept": False, ENTRA: True, TOPDESK: True}
    return [
        QueueSettings(name, requires_session=sessions, lock_seconds=lock_seconds)
        for name, sessions in names.items()
    ]


@pytest.fixture
def bus() -> Iterator[Broker]:
    with broker.thread(queues()) as started:
        yield started


def send(bus: Broker, queue: str, *bodies: str, sessions: Iterable[str | None] = ()) -> None:
    """Send these bodies, each in its session."""
    into = list(sessions) or [None] * len(bodies)
    messages = [
        ServiceBusMessage(
            body,
            session_id=session,
            message_id=f"{session or 'm'}-{number}",
            content_type="text/plain",
            application_properties={"type": "nl.instroom.joiner", "n": number},
        )
        for number, (body, session) in enumerate(zip(bodies, into, strict=True))
    ]
    asyncio.run(_send(bus.connection_string, queue, messages))


async def _send(text: str, queue: str, messages: list[ServiceBusMessage]) -> None:
    tls = ssl.create_default_context()
    async with (
        ServiceBusClient.from_connection_string(text, ssl_context=tls) as client,
        client.get_queue_sender(queue) as sender,
    ):
        await sender.send_messages(messages)


def service_bus(**options: object) -> dict[str, object]:
    fast = {"sessionIdleTimeout": "00:00:00.05", **options}
    return {"extensions": {"serviceBus": fast}}


def the_app(directory: Path, bus: Broker, **options: object) -> Path:
    settings = {"Bus": bus.connection_string, "ENTRA": ENTRA}
    return an_app(directory, APP, service_bus(**options), **settings)


def ended_in_order(host: HostProcess, code: int = 0) -> None:
    host.interrupt()
    assert host.ended() == code


def test_function_sees_the_message_and_it_is_completed(tmp_path: Path, bus: Broker) -> None:
    send(bus, PLAIN, "sleep=0")
    with running(the_app(tmp_path, bus)) as host:
        seen = host.wait_for("^begin")
        host.wait_for("plain  queue  succeeded")
        ended_in_order(host)

    assert '"body": "sleep=0", "count": 1, "id": "m-0"' in seen
    assert '"properties": {"n": 0, "type": "nl.instroom.joiner"}' in seen
    assert '"locked": true' in seen
    assert '"session": null, "token": 36, "type": "text/plain"' in seen
    assert bus.counts(PLAIN).active == 0


def test_failure_is_abandoned_and_comes_again(tmp_path: Path, bus: Broker) -> None:
    send(bus, PLAIN, "fail=1")
    with running(the_app(tmp_path, bus)) as host:
        host.wait_for("plain  queue  failed")
        host.wait_for('^end .*"count": 2')
        host.wait_for("plain  queue  succeeded")
        ended_in_order(host)

    assert (bus.counts(PLAIN).active, bus.counts(PLAIN).dead_lettered) == (0, 0)


def test_failure_for_ever_ends_in_the_dead_letters(tmp_path: Path, bus: Broker) -> None:
    send(bus, ENTRA, "fail=99", "sleep=0", sessions=["p1", "p1"])
    with running(the_app(tmp_path, bus)) as host:
        host.wait_for('^begin .*"count": 5')
        host.wait_for('^end .*"id": "p1-1"')  # the rest of the session goes on after it
        host.wait_for("entra  queue  succeeded")
        ended_in_order(host)

    assert (bus.counts(ENTRA).active, bus.counts(ENTRA).dead_lettered) == (0, 1)


def test_calls_at_once_are_bounded(tmp_path: Path, bus: Broker) -> None:
    send(bus, PLAIN, *["sleep=0.05"] * 8)
    with running(the_app(tmp_path, bus, maxConcurrentCalls=2)) as host:
        for _ in range(8):
            host.wait_for('^end .*"most": [12],')
        ended_in_order(host)

    assert any('"most": 2' in line for line in host.out)


def test_session_keeps_its_order_and_sessions_run_side_by_side(
    tmp_path: Path, bus: Broker
) -> None:
    sessions = [f"p{n % 3}" for n in range(12)]
    send(bus, ENTRA, *["sleep=0.02"] * 12, sessions=sessions)
    with running(the_app(tmp_path, bus, maxConcurrentSessions=3)) as host:
        begun = [host.wait_for("^begin") for _ in range(12)]
        host.wait_for('^end .*"most": 3')
        ended_in_order(host)

    for session in ("p0", "p1", "p2"):
        numbers = [int(line.split('"n": ')[1].split(",")[0]) for line in begun if session in line]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("queue", [PLAIN, ENTRA])
def test_lock_is_renewed_while_the_function_runs(tmp_path: Path, queue: str) -> None:
    with broker.thread(queues(lock_seconds=1.2)) as bus:
        send(bus, queue, "sleep=2.5", sessions=["p1"] if queue == ENTRA else ())
        with running(the_app(tmp_path, bus)) as host:
            host.wait_for('^end .*"count": 1')
            host.wait_for(f"{queue}  queue  succeeded")
            ended_in_order(host)

        assert bus.counts(queue).active == 0
    assert "not settled" not in host.err


@pytest.mark.parametrize("queue", [PLAIN, ENTRA])
def test_lock_is_lost_after_the_renewal_duration(tmp_path: Path, queue: str) -> None:
    with broker.thread(queues(lock_seconds=1)) as bus:
        send(bus, queue, "sleep=1.5", sessions=["p1"] if queue == ENTRA else ())
        never = the_app(tmp_path, bus, maxAutoLockRenewalDuration="00:00:00")
        with running(never, "--grace", "0.1") as host:
            host.wait_for_error(f"{queue}: not settled: ")
            host.wait_for('^begin .*"count": 2')
            ended_in_order(host)

        assert bus.counts(queue).active == 1


def test_session_lock_is_renewed_while_the_session_is_idle(tmp_path: Path) -> None:
    with broker.thread(queues(lock_seconds=1.2)) as bus:
        send(bus, ENTRA, "sleep=0", sessions=["p1"])
        with running(the_app(tmp_path, bus, sessionIdleTimeout="00:00:20")) as host:
            host.wait_for("entra  queue  succeeded")
            time.sleep(2.0)  # longer than the lock, on the broker's real clock
            send(bus, ENTRA, "sleep=0", "sleep=0", sessions=["p1", "p1"])  # the first is known
            host.wait_for('^begin .*"count": 1, "id": "p1-1"')
            host.wait_for("entra  queue  succeeded")
            ended_in_order(host)

        assert bus.counts(ENTRA).active == 0
    assert "lock" not in host.err


def test_stop_finishes_the_message_and_leaves_the_rest(tmp_path: Path, bus: Broker) -> None:
    send(bus, ENTRA, *["sleep=0.5"] * 3, sessions=["p1", "p2", "p3"])
    with running(the_app(tmp_path, bus, maxConcurrentSessions=1)) as host:
        host.wait_for("^begin")
        ended_in_order(host)

    assert len([line for line in host.out if line.startswith("end")]) == 1
    assert (bus.counts(ENTRA).active, bus.counts(ENTRA).locked) == (2, 0)


@pytest.mark.parametrize("queue", [PLAIN, ENTRA])
def test_stop_abandons_what_outlasts_the_grace(tmp_path: Path, bus: Broker, queue: str) -> None:
    send(bus, queue, "sleep=60", sessions=["p1"] if queue == ENTRA else ())
    with running(the_app(tmp_path, bus), "--grace", "0.2") as host:
        host.wait_for("^begin")
        ended_in_order(host)

    assert (bus.counts(queue).active, bus.counts(queue).locked) == (1, 0)
    assert f"{queue}  queue  cut off" in "".join(host.out)


def test_killed_host_loses_no_message(tmp_path: Path, bus: Broker) -> None:
    send(bus, ENTRA, "sleep=0.3", "sleep=0", sessions=["p1", "p1"])
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


def test_without_auto_complete_the_host_settles_nothing(tmp_path: Path, bus: Broker) -> None:
    send(bus, "kept", "sleep=0")
    with running(the_app(tmp_path, bus)) as host:
        host.wait_for("kept  queue  succeeded")
        ended_in_order(host)

    assert bus.counts("kept").active == 1


def test_broker_that_comes_back_is_found_again(tmp_path: Path) -> None:
    with contextlib.ExitStack() as first:
        bus = first.enter_context(broker.thread(queues()))
        port = bus.port
        host = first.enter_context(running(the_app(tmp_path, bus)))
        send(bus, PLAIN, "sleep=0")
        host.wait_for("plain  queue  succeeded")
        asyncio.run_coroutine_threadsafe(bus.stop(), bus._loop).result(timeout=10)

        with broker.thread(queues(), port=port) as again:
            send(again, PLAIN, "sleep=0")
            send(again, ENTRA, "sleep=0", sessions=["p1"])
            seen = {host.wait_for("queue  succeeded").split()[1] for _ in range(2)}
            ended_in_order(host)

    assert seen == {PLAIN, ENTRA}


def test_queue_that_does_not_exist_is_told_once(tmp_path: Path, bus: Broker) -> None:
    send(bus, PLAIN, "sleep=0")
    with running(the_app(tmp_path, bus)) as host:
        host.wait_for_error("MessagingEntityNotFoundError")
        host.wait_for("plain  queue  succeeded")
        ended_in_order(host)

    assert host.err.count("nowhere: queue nowhere: MessagingEntityNotFoundError") == 1


def test_disabled_queue_function_takes_nothing(tmp_path: Path, bus: Broker) -> None:
    send(bus, PLAIN, "sleep=0")
    send(bus, ENTRA, "sleep=0", sessions=["p1"])
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
        for queue in (ENTRA, TOPDESK):
            send(bus, queue, *["sleep=0.01"] * 250, sessions=people)
        for _ in range(500):
            host.wait_for("queue  succeeded")
        took = time.monotonic() - started
        ended_in_order(host)

    with capsys.disabled():
        print(f"\n500 one-message sessions in {took:.1f} s", end=" ")  # noqa: T201 - a figure
    assert (bus.counts(ENTRA).active, bus.counts(TOPDESK).active) == (0, 0)
