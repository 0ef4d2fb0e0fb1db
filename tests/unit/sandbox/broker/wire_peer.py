"""A client that speaks AMQP frames to a connection of the broker, without sockets or an SDK.

It can say what no SDK says. What the broker wrote is read back with a strict reader, so every
exchange also proves that the answer is well-formed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sandbox.broker.connection import Connection
from sandbox.broker.encoding import encode_composite, encode_section
from sandbox.broker.frames import (
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    DISPOSITION,
    FLOW,
    HEADER_SIZE,
    OPEN,
    SASL_FRAME,
    SASL_HEADER,
    SASL_INIT,
    SOURCE,
    TARGET,
    TRANSFER,
    Fields,
    FrameReader,
    frame,
    performative,
)
from sandbox.broker.message import DATA, PROPERTIES
from sandbox.broker.namespace import Namespace, Visit
from sandbox.broker.queues import QueueSettings
from sandbox.broker.timers import Timers
from sandbox.broker.values import Described, Symbol, UByte, UInt, ULong, UShort, Value
from sandbox.clock import ManualClock

QUEUES = (
    QueueSettings("q", max_message_bytes=200_000),
    QueueSettings("s", requires_session=True),
)
SESSION_FILTER = Symbol("com.microsoft:session-filter")


class Bench:
    """A namespace without a server: connections are handed bytes."""

    def __init__(self, queues: Iterable[QueueSettings] = QUEUES) -> None:
        self.clock = ManualClock()
        self.timers = Timers()
        self.namespace = Namespace(queues, now=self.clock.wall, timers=self.timers)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.timers.run_due(self.clock.wall())

    def peer(self) -> Peer:
        return Peer(self)

    def opened(self, *, max_frame: int = 65_536, window: int = 2048, idle_ms: int = 0) -> Peer:
        """A peer with an open connection and channel 1, as the JavaScript SDK opens them."""
        peer = self.peer()
        peer.say(SASL_HEADER)
        peer.say(frame(0, SASL_INIT, [Symbol("ANONYMOUS"), b"\0key"], SASL_FRAME))
        peer.say(AMQP_HEADER)
        idle = UInt(idle_ms) if idle_ms else None
        peer.send(0, OPEN, ["peer", "127.0.0.1", UInt(max_frame), UShort(65_535), idle])
        peer.send(1, BEGIN, [None, UInt(0), UInt(window), UInt(4_294_967_295)])
        peer.heard()
        return peer


class Peer:
    """One client."""

    def __init__(self, bench: Bench) -> None:
        self.connection = Connection(
            on_attach=Visit(bench.namespace).attach,
            now=bench.clock.wall,
            timers=bench.timers,
            wake=lambda: None,
        )
        self._headers: list[bytes] = []
        self._reader = FrameReader()

    def say(self, data: bytes) -> None:
        self.connection.receive(data)

    def send(self, channel: int, code: int, fields: list[Value], payload: bytes = b"") -> None:
        raw = frame(channel, code, fields)
        body = raw[HEADER_SIZE:] + payload
        head = (len(body) + HEADER_SIZE).to_bytes(4, "big") + raw[4:HEADER_SIZE]
        self.say(head + body)

    def heard(self) -> list[tuple[int, Fields, bytes]]:
        """The performatives that the broker has written since: (code, fields, payload)."""
        out = self.connection.take()
        while out:
            if out[:HEADER_SIZE] in (SASL_HEADER, AMQP_HEADER):
                self._headers.append(out[:HEADER_SIZE])
                out = out[HEADER_SIZE:]
                continue
            size = int.from_bytes(out[:4], "big")
            self._reader.feed(out[:size])
            out = out[size:]
        return [performative(found.body) for found in self._reader.frames() if found.body]

    def codes(self) -> list[int]:
        return [code for code, _, _ in self.heard()]

    @property
    def headers(self) -> list[bytes]:
        return self._headers

    # -- what clients usually say

    def attach_sender(self, handle: int, address: str) -> None:
        self._attach(handle, source=[], target=[address], receives=False)

    def attach_receiver(
        self,
        handle: int,
        address: str,
        *,
        session: str | None = "no session",
        timeout_ms: int | None = None,
        target: str | None = None,
        modes: tuple[int, int] = (0, 1),
        dynamic: bool = False,
    ) -> None:
        filters = {} if session == "no session" else {SESSION_FILTER: session}
        source = [None if dynamic else address, *[None] * 3, dynamic, None, None, filters]
        properties: dict[Value, Value] = {}
        if timeout_ms is not None:
            properties[Symbol("com.microsoft:timeout")] = UInt(timeout_ms)
        self._attach(
            handle, source=source, target=[target], receives=True, modes=modes, more=properties
        )

    def _attach(
        self,
        handle: int,
        *,
        source: list[Value],
        target: list[Value],
        receives: bool,
        modes: tuple[int, int] = (2, 0),
        more: dict[Value, Value] | None = None,
    ) -> None:
        self.send(
            1,
            ATTACH,
            [
                f"link-{handle}",
                UInt(handle),
                receives,
                UByte(modes[0]),
                UByte(modes[1]),
                Described(ULong(SOURCE), source),
                Described(ULong(TARGET), target),
                None,
                None,
                None if receives else UInt(0),
                None,
                None,
                None,
                more or None,
            ],
        )

    def credit(
        self, handle: int, credit: int, *, seen: int = 0, drain: bool = False, window: int = 2048
    ) -> None:
        numbers = [UInt(0), UInt(window), UInt(0), UInt(2048)]
        link = [UInt(handle), UInt(seen), UInt(credit), None, drain]
        self.send(1, FLOW, numbers + link)

    def window(self, seen: int, size: int) -> None:
        self.send(1, FLOW, [UInt(seen), UInt(size), UInt(0), UInt(2048)])

    def transfer(
        self,
        handle: int,
        number: int,
        data: bytes,
        *,
        more: bool = False,
        aborted: bool = False,
        message_format: int = 0,
    ) -> None:
        fields = [UInt(handle), UInt(number), number.to_bytes(4, "big"), UInt(message_format)]
        fields += [False, more, None, None, None, aborted]
        self.send(1, TRANSFER, fields, data)

    def settle(self, first: int, state: Described | None, *, settled: bool = False) -> None:
        self.send(1, DISPOSITION, [True, UInt(first), UInt(first), settled, state])


def a_raw(body: bytes = b"x", *, session_id: str | None = None, key: str | None = None) -> bytes:
    """An encoded message."""
    properties = [key or uuid.uuid4().hex, *[None] * 9, session_id]
    return encode_section(PROPERTIES, properties) + encode_section(DATA, body)


def outcome(code: int, *fields: Value) -> Described:
    return Described(ULong(code), list(fields))


def composite(code: int, *fields: Value) -> bytes:
    return encode_composite(code, list(fields))
