"""Which links and windows does one AMQP session have? (AMQP 1.0, part 2, section 2.5: sessions)

Called a channel here, so that "session" can mean a Service Bus session everywhere else. Transfers
respect the client's incoming window and wait in `_pending` when a message's frames do not fit.
Nothing is checked against the client's outgoing ids: the Python SDK counts one a message where
the standard counts one a frame.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from sandbox.broker.errors import (
    HANDLE_IN_USE,
    INVALID_FIELD,
    UNATTACHED_HANDLE,
    AmqpError,
    SessionError,
)
from sandbox.broker.frames import (
    ATTACH,
    BEGIN,
    DETACH,
    DISPOSITION,
    END,
    FLOW,
    MAX_UINT,
    RECEIVED,
    TRANSFER,
    Fields,
    transfer_frames,
)
from sandbox.broker.links import IncomingLink, Link, OutgoingLink
from sandbox.broker.values import Described, UInt, ULong, UShort, Value

WINDOW = 0x7FFFFFFF  # so large that the client's own counting never matters
MAX_HANDLE = 4999
_SIGN_BIT = 0x80000000


class ChannelConnection(Protocol):
    """What a channel needs of its connection."""

    writable: bool
    max_frame_size: int

    def write(self, channel: int, code: int, fields: list[Value]) -> None:
        """Send a frame."""
        ...

    def write_raw(self, data: bytes) -> None:
        """Send a frame that is encoded already."""
        ...

    def attach(self, link: Link) -> None:
        """Find out where a new link leads and answer it; raises when it leads nowhere."""
        ...


class Channel:
    """One AMQP session of a connection."""

    def __init__(self, connection: ChannelConnection, number: int, begin: Fields) -> None:
        self.connection = connection
        self.number = number
        self.is_ended = False  # we ended it and wait for the client's end
        self._next_incoming_id = begin.number(1)
        self._window = begin.number(2)
        begin.number(3)
        self._next_outgoing_id = 0
        self._next_delivery_id = 0
        self._links: dict[int, Link] = {}
        self._unsettled: dict[int, tuple[OutgoingLink, bytes]] = {}
        self._pending: deque[tuple[OutgoingLink, bytes]] = deque()
        self.write(BEGIN, [UShort(number), UInt(0), UInt(WINDOW), UInt(WINDOW), UInt(MAX_HANDLE)])

    # -- what links ask for

    @property
    def room(self) -> bool:
        """May another message be sent, or is the client's window or the transport full?"""
        return self._window > 0 and not self._pending and self.connection.writable

    def write(self, code: int, fields: list[Value]) -> None:
        """Send a frame on this channel."""
        self.connection.write(self.number, code, fields)

    def write_flow(self, link_fields: list[Value]) -> None:
        """Send a flow: the session's numbers, then those of a link."""
        numbers = (self._next_incoming_id, WINDOW, self._next_outgoing_id, WINDOW)
        self.write(FLOW, [*map(UInt, numbers), *link_fields])

    def send(self, link: OutgoingLink, data: bytes, tag: bytes, *, settled: bool) -> None:
        """Send a message in as many frames as it needs; what the window does not take waits."""
        number = self._next_delivery_id
        self._next_delivery_id = (number + 1) & MAX_UINT
        if not settled:
            self._unsettled[number] = (link, tag)
        frames = transfer_frames(
            self.number,
            handle=link.handle,
            delivery=(number, tag),
            settled=settled,
            data=data,
            size=self.connection.max_frame_size,
        )
        self._pending.extend((link, one) for one in frames)
        self._flush()

    def settle(self, delivery_id: int, state: Described, *, is_receiver: bool) -> None:
        """Say that a delivery is settled, and how."""
        self.write(DISPOSITION, [is_receiver, UInt(delivery_id), None, True, state])

    def _flush(self) -> None:
        while self._pending and self._window > 0:
            link, one = self._pending.popleft()
            if link.is_closed:
                continue  # detached while the rest of a message waited
            self.connection.write_raw(one)
            self._next_outgoing_id = (self._next_outgoing_id + 1) & MAX_UINT
            self._window -= 1

    # -- what the client sends

    def handle(self, code: int, fields: Fields, payload: bytes) -> None:
        """One frame for this channel; raises SessionError when the session cannot go on."""
        if self.is_ended:
            return
        if code == TRANSFER:
            self._transfer(fields, payload)
        elif code == DISPOSITION:
            self._disposition(fields)
        elif code == FLOW:
            self._flow(fields)
        elif code == ATTACH:
            self._attach(fields)
        else:
            self._detach(fields)

    def _transfer(self, fields: Fields, payload: bytes) -> None:
        self._next_incoming_id = (self._next_incoming_id + 1) & MAX_UINT
        link = self._links.get(fields.number(0))
        if not isinstance(link, IncomingLink):
            raise SessionError(UNATTACHED_HANDLE, "a transfer on a handle that is not attached")
        if not link.is_closed:  # after our detach some may still be on their way
            link.transfer(fields, payload)

    def _disposition(self, fields: Fields) -> None:
        if not fields.flag(0):
            return  # about what the client sent: we have settled that already
        first = fields.number(1)
        last = fields.number(2, first)
        settled, state = fields.flag(3), _outcome(fields.any(4))
        if not settled and (state is None or state.descriptor == RECEIVED):
            return  # nothing is decided yet
        for number in self._ids(first, last):
            link, tag = self._unsettled.pop(number)
            answer = link.on_outcome(tag, state)
            if not settled:
                self.settle(number, answer, is_receiver=False)

    def _ids(self, first: int, last: int) -> list[int]:
        """The unsettled deliveries from first to last: both are the client's to choose."""
        if first == last:
            return [first] if first in self._unsettled else []
        return [number for number in self._unsettled if first <= number <= last]

    def _flow(self, fields: Fields) -> None:
        was_full = not self.room
        seen = fields.number(0, 0)
        on_their_way = (self._next_outgoing_id - seen) & MAX_UINT
        if on_their_way & _SIGN_BIT:  # it claims to have seen what we have not sent
            on_their_way = 0
        self._window = max(0, fields.number(1) - on_their_way)
        self._flush()
        if fields.any(4) is not None:
            link = self._links.get(fields.number(4))
            if isinstance(link, IncomingLink | OutgoingLink) and not link.is_closed:
                link.flow(fields)
        elif fields.flag(9):
            self.write_flow([])
        if was_full:
            self.resume()

    def resume(self) -> None:
        """There may be room again: let the links send."""
        for link in list(self._links.values()):
            if isinstance(link, OutgoingLink) and not link.is_closed and self.room:
                link.resume()

    def _attach(self, fields: Fields) -> None:
        handle = fields.number(1)
        if handle in self._links:
            raise SessionError(HANDLE_IN_USE, f"handle {handle} is attached already")
        if handle > MAX_HANDLE:
            raise SessionError(INVALID_FIELD, f"handles go up to {MAX_HANDLE}")
        link = (OutgoingLink if fields.flag(2) else IncomingLink)(self, fields)
        self._links[handle] = link
        try:
            self.connection.attach(link)
        except SessionError:
            raise
        except AmqpError as error:
            link.refuse(error)

    def _detach(self, fields: Fields) -> None:
        link = self._links.pop(fields.number(0), None)
        if link is None:
            return  # the Python SDK detaches links that are gone already
        if not link.is_closed:
            link.is_closed = True
            self.write(DETACH, [UInt(link.handle), fields.flag(1)])
        self._forget(link)

    def _forget(self, link: Link) -> None:
        for number in [n for n, (owner, _) in self._unsettled.items() if owner is link]:
            del self._unsettled[number]
        link.on_detached()

    # -- the end

    def end(self, error: AmqpError) -> None:
        """End it with an error; frames that are still on their way are ignored."""
        self.write(END, [error.described()])
        self.is_ended = True
        self.drop()

    def drop(self) -> None:
        """It is over: the links' nodes let go of what they hold."""
        links = list(self._links.values())
        self._links.clear()
        self._pending.clear()
        for link in links:
            link.is_closed = True
            self._forget(link)


def _outcome(state: Value) -> Described | None:
    if state is None:
        return None
    if not isinstance(state, Described) or not isinstance(state.descriptor, ULong):
        raise AmqpError(INVALID_FIELD, "a delivery state is a described list")
    if not isinstance(state.value, list):
        raise AmqpError(INVALID_FIELD, "a delivery state is a described list")
    return state
