"""What does one link know? Its attach, its credit, and what its two ends say to each other.

(AMQP 1.0, part 2, section 2.6: links.) An `IncomingLink` carries what the client sends, an
`OutgoingLink` what it receives. The nodes behind a link hang their behaviour on its `on_...`
hooks; the channel feeds it frames. Knows nothing of queues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sandbox.broker.errors import INVALID_FIELD, MESSAGE_TOO_BIG, AmqpError
from sandbox.broker.frames import (
    ACCEPTED,
    ATTACH,
    DETACH,
    MAX_UINT,
    REJECTED,
    SOURCE,
    TARGET,
    Fields,
)
from sandbox.broker.values import Described, UByte, UInt, ULong, Value

ACCEPT = Described(ULong(ACCEPTED), [])
SETTLED, MIXED = 1, 2  # snd-settle-mode
SECOND = 1  # rcv-settle-mode: the receiver settles after the sender did
_SIGN_BIT = 0x80000000
_ADDRESS, _DYNAMIC, _FILTER, _SOURCE_FIELDS = 0, 4, 7, 8


def reject(error: AmqpError) -> Described:
    """The delivery state that refuses a message."""
    return Described(ULong(REJECTED), [error.described()])


class LinkChannel(Protocol):
    """What a link needs of the AMQP session that it lives in."""

    @property
    def room(self) -> bool:
        """May messages be sent now, or is the window or the transport full?"""
        ...

    def write(self, code: int, fields: list[Value]) -> None:
        """Send a frame."""
        ...

    def write_flow(self, link_fields: list[Value]) -> None:
        """Send a flow with the session's numbers in front."""
        ...

    def send(self, link: OutgoingLink, data: bytes, tag: bytes, *, settled: bool) -> None:
        """Send a message."""
        ...

    def settle(self, delivery_id: int, state: Described, *, is_receiver: bool) -> None:
        """Say that a delivery is settled, and how."""
        ...


@dataclass(frozen=True, slots=True)
class Terminus:
    """A source or target: where the other end of the link is."""

    kind: int  # its descriptor; neither SOURCE nor TARGET: something that we do not have
    address: str | None
    dynamic: bool
    filters: dict[Value, Value]

    @classmethod
    def read(cls, fields: Fields, index: int, code: int) -> Terminus | None:
        """The terminus in field `index` of an attach; None when there is none."""
        composite = fields.composite(index)
        if composite is None:
            return None
        descriptor, inner = composite
        if descriptor != code:  # a transaction coordinator, or nothing we know
            return cls(descriptor, None, dynamic=False, filters={})
        filters = inner.mapping(_FILTER) if code == SOURCE else {}
        return cls(code, inner.text(_ADDRESS), inner.flag(_DYNAMIC), filters)


class Link:
    """What both directions share."""

    is_sender: bool  # do we send on it?

    def __init__(self, channel: LinkChannel, fields: Fields) -> None:
        self.channel = channel
        self.name = fields.text(0)
        if self.name is None:
            raise AmqpError(INVALID_FIELD, "a link has a name")
        self.handle = fields.number(1)
        self.settle_modes = (fields.number(3, MIXED, MIXED), fields.number(4, 0, SECOND))
        self.source = Terminus.read(fields, 5, SOURCE)
        self.target = Terminus.read(fields, 6, TARGET)
        self.properties = fields.mapping(13)
        self.is_open = False  # we have answered the attach
        self.is_closed = False
        self.on_detached: Callable[[], None] = lambda: None
        self._termini = (fields.any(5), fields.any(6))
        self.delivery_count = 0
        self.credit = 0

    def accept(
        self,
        *,
        max_message_bytes: int,
        filters: dict[Value, Value] | None = None,
        properties: dict[Value, Value] | None = None,
    ) -> None:
        """Answer the attach: names, modes and termini echoed byte for byte, for the Python SDK
        compares the source's address with the one it sent.
        """
        self.is_open = True
        source, target = self._termini
        if filters is not None:
            fields = (source.value + [None] * _SOURCE_FIELDS)[
                : max(_SOURCE_FIELDS, len(source.value))
            ]
            fields[_FILTER] = filters
            source = Described(source.descriptor, fields)
        self._write_attach(source, target, max_message_bytes, properties)

    def rename_source(self, address: str) -> None:
        """Give a dynamic source the address that was made up for it."""
        source, target = self._termini
        self._termini = (Described(source.descriptor, [address, *source.value[1:]]), target)

    def refuse(self, error: AmqpError) -> None:
        """Say no to an attach, as the standard does: attach without termini, then detach."""
        self._write_attach(None, None, 0, None)
        self.close(error)

    def close(self, error: AmqpError | None = None) -> None:
        """Detach; the client answers with its own detach."""
        if not self.is_closed:
            self.is_closed = True
            described = error.described() if error else None
            self.channel.write(DETACH, [UInt(self.handle), True, described])

    def _write_attach(
        self, source: Value, target: Value, max_bytes: int, properties: dict[Value, Value] | None
    ) -> None:
        send, receive = self.settle_modes
        self.channel.write(
            ATTACH,
            [
                self.name,
                UInt(self.handle),
                not self.is_sender,
                UByte(send),
                UByte(receive),
                source,
                target,
                None,
                None,
                UInt(0) if self.is_sender else None,
                ULong(max_bytes) if max_bytes else None,
                None,
                None,
                properties,
            ],
        )

    def write_flow(self, *, drain: bool = False) -> None:
        """Say where we are: delivery count and credit."""
        self.channel.write_flow(
            [UInt(self.handle), UInt(self.delivery_count), UInt(self.credit), UInt(0), drain]
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """A whole message that the client sent."""

    delivery_id: int
    message_format: int
    settled: bool
    data: bytes


class IncomingLink(Link):
    """The client sends, we receive."""

    is_sender = False

    def __init__(self, channel: LinkChannel, fields: Fields) -> None:
        super().__init__(channel, fields)
        self.delivery_count = fields.number(9, 0)
        self.on_message: Callable[[Arrival], None] = lambda _arrival: None
        self._window = 0
        self._max_bytes = 0
        self._partial: Arrival | None = None
        self._chunks: list[bytes] = []
        self._size = 0

    def open(self, *, max_message_bytes: int, credit: int) -> None:
        """Accept the link and let the client send."""
        self._max_bytes, self._window = max_message_bytes, credit
        self.accept(max_message_bytes=max_message_bytes)
        self._grant()

    def _grant(self) -> None:
        self.credit = self._window
        self.write_flow()

    def transfer(self, fields: Fields, payload: bytes) -> None:
        """One frame of a message; the last one hands it on or refuses it."""
        if self._partial is None:
            self._partial = Arrival(fields.number(1), fields.number(3, 0), fields.flag(4), b"")
        self._size += len(payload)
        if self._size <= self._max_bytes:
            self._chunks.append(payload)
        else:
            self._chunks.clear()  # too big: keep counting, drop the bytes
        if not fields.flag(5) or fields.flag(9):
            self._finish(self._partial, settled=fields.flag(4), aborted=fields.flag(9))

    def _finish(self, first: Arrival, *, settled: bool, aborted: bool) -> None:
        data, size = b"".join(self._chunks), self._size
        self._partial, self._chunks, self._size = None, [], 0
        self.delivery_count = (self.delivery_count + 1) & MAX_UINT
        self.credit -= 1
        if self.credit <= self._window // 2:
            self._grant()
        if aborted:
            return
        arrival = Arrival(first.delivery_id, first.message_format, first.settled or settled, data)
        if size > self._max_bytes:
            limit = self._max_bytes
            text = f"The message has {size} bytes, more than the {limit} allowed on the link."
            self.answer(arrival, reject(AmqpError(MESSAGE_TOO_BIG, text)))
        else:
            self.on_message(arrival)

    def answer(self, arrival: Arrival, state: Described) -> None:
        """Settle what arrived; a message sent settled wants no answer."""
        if not arrival.settled:
            self.channel.settle(arrival.delivery_id, state, is_receiver=True)

    def flow(self, fields: Fields) -> None:
        """The client says where it is; we only speak when asked."""
        if fields.flag(9):
            self.write_flow()


class OutgoingLink(Link):
    """The client receives, we send."""

    is_sender = True

    def __init__(self, channel: LinkChannel, fields: Fields) -> None:
        super().__init__(channel, fields)
        self.on_credit: Callable[[], None] = lambda: None
        self.on_outcome: Callable[[bytes, Described | None], Described] = lambda _tag, _state: (
            ACCEPT
        )
        self._drains = False

    @property
    def sendable(self) -> int:
        """How many messages may be sent now."""
        is_up = self.is_open and not self.is_closed
        return self.credit if is_up and self.channel.room else 0

    @property
    def sends_settled(self) -> bool:
        """Did the client ask for messages that are settled when they are sent?"""
        return self.settle_modes[0] == SETTLED

    def send(self, data: bytes, tag: bytes) -> None:
        """Send a message for one credit."""
        self.credit -= 1
        self.delivery_count = (self.delivery_count + 1) & MAX_UINT
        self.channel.send(self, data, tag, settled=self.sends_settled)

    def flow(self, fields: Fields) -> None:
        """The client grants credit: absolute, counted from the delivery count it has seen."""
        seen = fields.number(5, 0)
        credit = (seen + fields.number(6, 0) - self.delivery_count) & MAX_UINT
        self.credit = 0 if credit & _SIGN_BIT else credit  # it has not seen what is on its way
        self._drains = fields.flag(8)
        self.resume()
        if fields.flag(9) and not fields.flag(8) and self.is_open:
            self.write_flow()

    def resume(self) -> None:
        """Send what credit and room allow, then give back the rest if the client drains."""
        if not self.is_open or self.is_closed:
            return
        self.on_credit()
        if self._drains and self.channel.room:
            self._drains = False
            self.delivery_count = (self.delivery_count + self.credit) & MAX_UINT
            self.credit = 0
            self.write_flow(drain=True)
