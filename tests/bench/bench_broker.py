"""How fast is the broker with the asyncio SDK? Prints figures; asserts nothing.

    python tests/bench/bench_broker.py [messages]

The broker runs in a process of its own. The client is usually the limit: read the figures as
what the two do together on this machine.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

BODY = b"x" * 1024
BATCH = 100
QUEUE = "bench"

type Run = Callable[[ServiceBusSender, ServiceBusReceiver, int], Awaitable[None]]


async def send_one_by_one(
    sender: ServiceBusSender, _receiver: ServiceBusReceiver, count: int
) -> None:
    for _ in range(count):
        await sender.send_messages(ServiceBusMessage(BODY))


async def send_in_batches(
    sender: ServiceBusSender, _receiver: ServiceBusReceiver, count: int
) -> None:
    for _ in range(count // BATCH):
        await sender.send_messages([ServiceBusMessage(BODY) for _ in range(BATCH)])


async def receive_one_and_complete(
    _sender: ServiceBusSender, receiver: ServiceBusReceiver, count: int
) -> None:
    for _ in range(count):
        (message,) = await receiver.receive_messages(1, max_wait_time=5)
        await receiver.complete_message(message)


async def receive_many_and_complete(
    _sender: ServiceBusSender, receiver: ServiceBusReceiver, count: int
) -> None:
    done = 0
    while done < count:
        for message in await receiver.receive_messages(BATCH, max_wait_time=5):
            await receiver.complete_message(message)
            done += 1


async def receive_many_and_complete_together(
    _sender: ServiceBusSender, receiver: ServiceBusReceiver, count: int
) -> None:
    done = 0
    while done < count:
        messages = await receiver.receive_messages(BATCH, max_wait_time=5)
        await asyncio.gather(*(receiver.complete_message(message) for message in messages))
        done += len(messages)


PAIRS: list[tuple[Run, Run]] = [
    (send_one_by_one, receive_many_and_complete),
    (send_in_batches, receive_one_and_complete),
    (send_in_batches, receive_many_and_complete_together),
]


async def measure(connection: str, count: int) -> None:
    """Each pair sends and receives everything, so that the next one finds an empty queue."""
    async with (
        ServiceBusClient.from_connection_string(connection) as client,
        client.get_queue_sender(QUEUE) as sender,
        client.get_queue_receiver(QUEUE) as receiver,
    ):
        for pair in PAIRS:
            for run in pair:
                start = time.perf_counter()
                await run(sender, receiver, count)
                _show(run.__name__, count, time.perf_counter() - start)


def _show(name: str, count: int, seconds: float) -> None:
    line = f"{name.replace('_', ' '):<38} {count / seconds:>8,.0f} messages/s"
    sys.stdout.write(line + "\n")


def main() -> None:
    """Start a broker, measure, stop it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    command = [sys.executable, "-m", "sandbox.broker", "--port", "0", "--queue", QUEUE]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        connection = process.stdout.readline().removeprefix("ready ").strip()
        sys.stdout.write(f"ready after {time.perf_counter() - start:.3f} s\n")
        try:
            asyncio.run(measure(connection, count))
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
