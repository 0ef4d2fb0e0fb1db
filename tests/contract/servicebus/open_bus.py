"""A broker in a thread, its clock, and SDK clients that stay open.

Opening a sender or receiver costs half a second and closing one a whole, so tests share them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceivedMessage,
    ServiceBusReceiver,
    ServiceBusSender,
    ServiceBusSessionFilter,
)

from sandbox.broker import Broker, QueueSettings

MEBIBYTE = 1_048_576
QUEUES = (
    QueueSettings("plain", lock_seconds=60, max_delivery_count=3, max_message_bytes=MEBIBYTE),
    QueueSettings("competing"),
    QueueSettings("deletes"),
    QueueSettings("aio"),
    QueueSettings("ordered", requires_session=True, lock_seconds=60),
    QueueSettings("aio-ordered", requires_session=True, lock_seconds=60),
    QueueSettings("next", requires_session=True, lock_seconds=60),
    QueueSettings("short", lock_seconds=5),
)


@dataclass
class AheadClock:
    """The real clock plus what a test has let pass: the SDK's own clock cannot be moved, so a
    lock can end at the broker while the client still believes in it."""

    ahead_seconds: float = 0.0

    def wall(self) -> float:
        return time.time() + self.ahead_seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), tz=UTC)


@dataclass
class Bus:
    """The broker under test, and open senders and receivers by queue."""

    broker: Broker
    clock: AheadClock
    client: ServiceBusClient
    _senders: dict[str, ServiceBusSender] = field(default_factory=dict)
    _receivers: dict[str, ServiceBusReceiver] = field(default_factory=dict)
    _closers: list[threading.Thread] = field(default_factory=list)

    def pass_time(self, seconds: float) -> None:
        self.clock.ahead_seconds += seconds
        self.broker.tick()

    def in_future(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    def sender(self, queue: str = "plain") -> ServiceBusSender:
        if queue not in self._senders:
            self._senders[queue] = self.client.get_queue_sender(queue)
        return self._senders[queue]

    def receiver(self, queue: str = "plain") -> ServiceBusReceiver:
        if queue not in self._receivers:
            self._receivers[queue] = self.client.get_queue_receiver(queue)
        return self._receivers[queue]

    def dead_letters(self, queue: str = "plain") -> ServiceBusReceiver:
        key = f"{queue}/dead"
        if key not in self._receivers:
            self._receivers[key] = self.client.get_queue_receiver(queue, sub_queue="deadletter")
        return self._receivers[key]

    def send(self, *bodies: str, queue: str = "plain") -> None:
        self.sender(queue).send_messages([ServiceBusMessage(body) for body in bodies])

    def one(self, receiver: ServiceBusReceiver | None = None) -> ServiceBusReceivedMessage:
        (message,) = (receiver or self.receiver()).receive_messages(1, max_wait_time=5)
        return message

    @contextmanager
    def session(
        self, session_id: str | ServiceBusSessionFilter, queue: str = "ordered"
    ) -> Iterator[ServiceBusReceiver]:
        """A session receiver that is closed in the background: the session comes free soon."""
        receiver = self.client.get_queue_receiver(queue, session_id=session_id, max_wait_time=5)
        receiver.__enter__()
        try:
            yield receiver
        finally:
            closer = threading.Thread(target=receiver.close)
            closer.start()
            self._closers.append(closer)

    @staticmethod
    def errors_of(*calls: Callable[[], object]) -> list[BaseException | None]:
        """What each of these raises, tried at once: each failing client takes a second."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.exception() for future in [pool.submit(call) for call in calls]]

    def wait_closed(self) -> None:
        """Every session receiver so far has let go of its session."""
        while self._closers:
            self._closers.pop().join()

    def close(self) -> None:
        """All at once, for each takes a second."""
        handlers = [*self._senders.values(), *self._receivers.values()]
        closers = [threading.Thread(target=handler.close) for handler in handlers]
        for closer in closers:
            closer.start()
        self._closers += closers
        self.wait_closed()
        self.client.close()
