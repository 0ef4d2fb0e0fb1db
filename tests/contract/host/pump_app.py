"""A function app with queue functions, and how the tests beside this file feed it."""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from contract.host.process import HostProcess, an_app

from sandbox.broker import Broker, QueueSettings

APP = '''
import asyncio
import collections
import json
import azure.functions as func

app = func.FunctionApp()
busy = collections.defaultdict(set)
most = collections.Counter()


def say(word, msg, **more):
    seen = {
        "body": msg.get_body().decode(), "count": msg.delivery_count, "session": msg.session_id,
        "id": msg.message_id, "type": msg.content_type, "properties": msg.application_properties,
        "locked": msg.locked_until > msg.enqueued_time_utc, "token": len(msg.lock_token), **more,
    }
    print(word, json.dumps(seen, sort_keys=True), flush=True)


async def work(name, msg):
    """The body says what to do: sleep so long, fail so often."""
    order = dict(part.split("=") for part in msg.get_body().decode().split())
    say("begin", msg)
    busy[name].add(msg.message_id)
    most[name] = max(most[name], len(busy[name]))
    try:
        await asyncio.sleep(float(order.get("sleep", "0")))
    finally:
        busy[name].discard(msg.message_id)
    if msg.delivery_count <= int(order.get("fail", "0")):
        raise RuntimeError("as ordered")
    say("end", msg, most=most[name])


@app.service_bus_queue_trigger("msg", "Bus", "plain")
async def plain(msg: func.ServiceBusMessage) -> None:
    await work("plain", msg)


@app.service_bus_queue_trigger("msg", "Bus", "kept", auto_complete_messages=False)
async def kept(msg: func.ServiceBusMessage) -> None:
    await work("kept", msg)


@app.service_bus_queue_trigger("msg", "Bus", "nowhere")
async def nowhere(msg: func.ServiceBusMessage) -> None: ...


@app.service_bus_queue_trigger("msg", "Bus", "%ENTRA%", is_sessions_enabled=True)
async def entra(msg: func.ServiceBusMessage) -> None:
    await work("entra", msg)


@app.service_bus_queue_trigger("msg", "Bus", "topdesk", is_sessions_enabled=True)
async def topdesk(msg: func.ServiceBusMessage) -> None:
    await work("topdesk", msg)
'''
PLAIN, ENTRA, TOPDESK = "plain", "entra", "topdesk"


def queues(*, lock_seconds: float = 30) -> list[QueueSettings]:
    names = {PLAIN: False, "kept": False, ENTRA: True, TOPDESK: True}
    return [
        QueueSettings(name, requires_session=sessions, lock_seconds=lock_seconds)
        for name, sessions in names.items()
    ]


def a_batch(
    queue: str, *bodies: str, sessions: Sequence[str] = (), ids: str = ""
) -> tuple[str, list[ServiceBusMessage]]:
    """Messages with these bodies, each in its session; ids are new unless given."""
    unique = ids or uuid.uuid4().hex
    return queue, [
        ServiceBusMessage(
            body,
            session_id=session,
            message_id=f"{unique}-{number}",
            content_type="text/plain",
            application_properties={"type": "nl.instroom.joiner", "n": number},
        )
        for number, (body, session) in enumerate(zip_longest(bodies, sessions))
    ]


def send(bus: Broker, *batches: tuple[str, list[ServiceBusMessage]]) -> None:
    """Send these batches at the same time."""
    asyncio.run(_send(bus.connection_string, batches))


async def _send(text: str, batches: Sequence[tuple[str, list[ServiceBusMessage]]]) -> None:
    tls = ssl.create_default_context()
    async with ServiceBusClient.from_connection_string(text, ssl_context=tls) as client:

        async def one(queue: str, messages: list[ServiceBusMessage]) -> None:
            async with client.get_queue_sender(queue) as sender:
                await sender.send_messages(messages)

        await asyncio.gather(*(one(*batch) for batch in batches))


def wait_until_empty(bus: Broker, queue: str) -> None:
    """A call's line is printed before its message is settled."""
    end = time.monotonic() + 10
    while bus.counts(queue).active and time.monotonic() < end:
        time.sleep(0.01)
    assert bus.counts(queue).active == 0


def both(body: str) -> tuple[tuple[str, list[ServiceBusMessage]], ...]:
    """One message without and one with a session."""
    return a_batch(PLAIN, body), a_batch(ENTRA, body, sessions=["p1"])


def service_bus(**options: object) -> dict[str, object]:
    fast = {"sessionIdleTimeout": "00:00:00.05", **options}
    return {"extensions": {"serviceBus": fast}}


def the_app(directory: Path, bus: Broker, **options: object) -> Path:
    settings = {"Bus": bus.connection_string, "ENTRA": ENTRA}
    return an_app(directory, APP, service_bus(**options), **settings)


def ended_in_order(host: HostProcess, code: int = 0) -> None:
    host.interrupt()
    assert host.ended() == code
