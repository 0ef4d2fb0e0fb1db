"""A queue on a clock that stands still, and receivers that remember what they got."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from sandbox.broker.encoding import encode_section
from sandbox.broker.errors import AmqpError
from sandbox.broker.message import DATA, HEADER, MESSAGE_ANNOTATIONS, PROPERTIES, Message
from sandbox.broker.queue import Queue
from sandbox.broker.queues import QueueSettings
from sandbox.broker.timers import Timers
from sandbox.broker.values import Symbol, Timestamp, UInt
from sandbox.clock import ManualClock


@dataclass(eq=False)
class FakeReceiver:
    """A receiving link as the queue sees it."""

    credit: int = 1000
    deletes: bool = False
    connection: object = None
    got: list[Message] = field(default_factory=list)
    error: AmqpError | None = None

    def deliver(self, message: Message) -> None:
        self.credit -= 1
        self.got.append(message)

    def lost(self, error: AmqpError) -> None:
        self.error = error

    def last_token(self) -> uuid.UUID:
        token = self.got[-1].token
        assert token is not None
        return token

    def bodies(self) -> list[str]:
        return [body_of(message) for message in self.got]


class World:
    """One queue, its clock and its timers."""

    def __init__(self, settings: QueueSettings) -> None:
        self.clock = ManualClock()
        self.timers = Timers()
        self.queue = Queue(settings, now=self.clock.wall, timers=self.timers)

    @property
    def dead(self) -> Queue:
        assert self.queue.dead_letters is not None
        return self.queue.dead_letters

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.timers.run_due(self.clock.wall())

    def send(self, *bodies: str, session_id: str | None = None) -> list[int]:
        return self.queue.send([a_message(body, session_id=session_id) for body in bodies])

    def receiver(self, credit: int = 1000, *, deletes: bool = False) -> FakeReceiver:
        receiver = FakeReceiver(credit, deletes=deletes)
        self.queue.attach(receiver)
        return receiver

    def holder(self, session_id: str, credit: int = 1000) -> FakeReceiver:
        receiver = FakeReceiver(credit, connection=object())
        self.queue.sessions.accept(session_id, receiver)
        self.queue.wake(receiver)
        return receiver


def a_message(
    body: str = "x",
    *,
    message_id: str | None = None,
    session_id: str | None = None,
    ttl_ms: int | None = None,
    scheduled: float | None = None,
) -> Message:
    properties = [message_id or uuid.uuid4().hex, *[None] * 9, session_id]
    raw = encode_section(PROPERTIES, properties) + encode_section(DATA, body.encode())
    if scheduled is not None:
        when = Timestamp.of(scheduled)
        raw = encode_section(MESSAGE_ANNOTATIONS, {_SCHEDULED: when}) + raw
    if ttl_ms is not None:
        raw = encode_section(HEADER, [None, None, UInt(ttl_ms)]) + raw
    return Message(raw)


_SCHEDULED = Symbol("x-opt-scheduled-enqueue-time")


def body_of(message: Message) -> str:
    return message.body[5:].decode()
