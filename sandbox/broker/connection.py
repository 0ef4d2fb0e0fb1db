"""What does the server say on one connection? Bytes in, bytes out; no sockets, no queues.

(AMQP 1.0, part 2 and part 5: headers, SASL, open, begin, close.) Whoever owns the transport calls
`receive` with what arrived and `take` for what is to be written. What cannot be read closes this
connection with the standard's error, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum, auto

from sandbox.broker.channel import Channel
from sandbox.broker.errors import (
    FRAMING_ERROR,
    ILLEGAL_STATE,
    INTERNAL_ERROR,
    INVALID_FIELD,
    AmqpError,
    SessionError,
)
from sandbox.broker.frames import (
    AMQP_FRAME,
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    CLOSE,
    DETACH,
    EMPTY_FRAME,
    END,
    MAX_FRAME_SIZE,
    MAX_UINT,
    MIN_FRAME_SIZE,
    OPEN,
    SASL_FRAME,
    SASL_HEADER,
    SASL_INIT,
    SASL_MECHANISMS,
    SASL_OUTCOME,
    Fields,
    Frame,
    FrameReader,
    frame,
    performative,
)
from sandbox.broker.links import Link
from sandbox.broker.timers import Timer, Timers
from sandbox.broker.values import Array, Symbol, UByte, UInt, UShort, Value

log = logging.getLogger(__name__)

CONTAINER_ID = "instroom-sandbox"
MAX_CHANNEL = 4999  # some SDKs open a session for every link
MECHANISMS = ("ANONYMOUS", "MSSBCBS", "PLAIN", "EXTERNAL")
HANDSHAKE_SECONDS = 60.0
CLOSING_SECONDS = 5.0  # how long the client may take to answer our close
SASL_OK, SASL_REFUSED = 0, 1


class _State(Enum):
    HEADER = auto()  # the first protocol header is awaited
    SASL = auto()
    AMQP_HEADER = auto()  # SASL is done, the second header is awaited
    OPEN = auto()  # the client's open is awaited
    OPENED = auto()
    CLOSING = auto()  # we sent close with an error; what comes is ignored
    CLOSED = auto()


class Connection:
    """The server's end of one connection."""

    def __init__(
        self,
        *,
        on_attach: Callable[[Connection, Link], None],
        now: Callable[[], float],
        timers: Timers,
        wake: Callable[[], None],
    ) -> None:
        self.writable = True
        self.max_frame_size = MIN_FRAME_SIZE
        self._on_attach = on_attach
        self._now = now
        self._timers = timers
        self._wake = wake
        self._reader = FrameReader()
        self._out = bytearray()
        self._channels: dict[int, Channel] = {}
        self._ended: set[int] = set()
        self._state = _State.HEADER
        self._beat: Timer | None = None
        self._deadline: Timer | None = timers.at(now() + HANDSHAKE_SECONDS, self._finish)

    # -- the transport's side

    def receive(self, data: bytes) -> None:
        """Understand what arrived; never raises."""
        self._reader.feed(data)
        try:
            while self._step():
                pass
        except AmqpError as error:
            self._reader.clear()
            self.close(error)
        except Exception:
            log.exception("a connection failed")
            self._reader.clear()
            self.close(
                AmqpError(INTERNAL_ERROR, "the broker could not go on with this connection")
            )

    def take(self) -> bytes:
        """What is to be written now."""
        out = bytes(self._out)
        self._out.clear()
        return out

    @property
    def is_finished(self) -> bool:
        """Write what is left and close the transport."""
        return self._state is _State.CLOSED

    def set_writable(self, *, writable: bool) -> None:
        """The transport is full, or has room again."""
        self.writable = writable
        if writable:
            for channel in list(self._channels.values()):
                channel.resume()

    def lost(self) -> None:
        """The transport is gone: let go of everything."""
        self._state = _State.CLOSED
        for timer in (self._beat, self._deadline):
            if timer is not None:
                timer.cancel()
        channels = list(self._channels.values())
        self._channels.clear()
        for channel in channels:
            channel.drop()

    def close(self, error: AmqpError) -> None:
        """Say why, and wait a little for the client to have read it."""
        if self._state in (_State.CLOSING, _State.CLOSED):
            return
        is_open = self._state is _State.OPENED
        if not is_open and self._state is not _State.OPEN:
            self._finish()
            return
        if not is_open:
            self._write_open()
        self.write(0, CLOSE, [error.described()])
        self.lost()
        self._state = _State.CLOSING
        self._deadline = self._timers.at(self._now() + CLOSING_SECONDS, self._finish)

    def _finish(self) -> None:
        self.lost()
        self._wake()

    # -- output

    def write(self, channel: int, code: int, fields: list[Value]) -> None:
        """Send a frame."""
        self.write_raw(frame(channel, code, fields))

    def write_raw(self, data: bytes) -> None:
        """Send a frame that is encoded already."""
        if not self._out:
            self._wake()
        self._out += data

    def attach(self, link: Link) -> None:
        """A new link: the namespace knows where it leads."""
        self._on_attach(self, link)

    # -- input

    def _step(self) -> bool:
        """Understand one header or frame; False when more bytes are needed."""
        if self._state in (_State.HEADER, _State.AMQP_HEADER):
            header = self._reader.header()
            if header is not None:
                self._header(header)
            return header is not None
        if self._state is _State.CLOSED:
            return False
        found = self._reader.frame()
        if found is not None:
            self._frame(found)
        return found is not None

    def _header(self, header: bytes) -> None:
        if header == SASL_HEADER and self._state is _State.HEADER:
            self.write_raw(SASL_HEADER)
            mechanisms = Array(0xB3, [Symbol(name) for name in MECHANISMS])
            self.write_raw(frame(0, SASL_MECHANISMS, [mechanisms], SASL_FRAME))
            self._state = _State.SASL
        elif header == AMQP_HEADER:
            self.write_raw(AMQP_HEADER)
            self._state = _State.OPEN
        else:  # the standard's answer to a header one does not speak: one's own, and goodbye
            self.write_raw(SASL_HEADER if self._state is _State.HEADER else AMQP_HEADER)
            self._finish()

    def _frame(self, found: Frame) -> None:
        if self._state is _State.CLOSING:
            self._ignore_until_close(found)
            return
        expected = SASL_FRAME if self._state is _State.SASL else AMQP_FRAME
        if found.kind != expected:
            raise AmqpError(FRAMING_ERROR, f"a frame of type {found.kind} does not belong here")
        if not found.body:
            return  # a heartbeat
        code, fields, payload = performative(found.body)
        if self._state is _State.SASL:
            self._sasl(code, fields)
        elif self._state is _State.OPEN:
            self._open(code, fields)
        else:
            self._opened(found.channel, code, fields, payload)

    def _ignore_until_close(self, found: Frame) -> None:
        try:
            code = performative(found.body)[0] if found.body else None
        except AmqpError:
            return
        if code == CLOSE:
            self._finish()

    def _sasl(self, code: int, fields: Fields) -> None:
        if code != SASL_INIT:
            raise AmqpError(ILLEGAL_STATE, "sasl-init was expected")
        known = fields.text(0) in MECHANISMS
        outcome = SASL_OK if known else SASL_REFUSED
        self.write_raw(frame(0, SASL_OUTCOME, [UByte(outcome)], SASL_FRAME))
        self._state = _State.AMQP_HEADER
        if not known:
            self._finish()

    def _open(self, code: int, fields: Fields) -> None:
        if code != OPEN:
            raise AmqpError(ILLEGAL_STATE, "open was expected")
        offered = fields.number(2, MAX_UINT)
        idle_ms = fields.number(4, 0)
        if offered < MIN_FRAME_SIZE:
            raise AmqpError(INVALID_FIELD, f"frames of {offered} bytes are too small")
        self.max_frame_size = min(offered, MAX_FRAME_SIZE)
        self._write_open()
        self._state = _State.OPENED
        if self._deadline is not None:
            self._deadline.cancel()
        if idle_ms:
            self._heartbeat(max(idle_ms, 100) / 2000)

    def _write_open(self) -> None:
        limits = [UInt(MAX_FRAME_SIZE), UShort(MAX_CHANNEL)]
        self.write(0, OPEN, [CONTAINER_ID, None, *limits])

    def _heartbeat(self, every_seconds: float) -> None:
        self.write_raw(EMPTY_FRAME)
        later = self._now() + every_seconds
        self._beat = self._timers.at(later, lambda: self._heartbeat(every_seconds))

    def _opened(self, number: int, code: int, fields: Fields, payload: bytes) -> None:
        if code == BEGIN:
            self._begin(number, fields)
        elif code == CLOSE:
            self.write(0, CLOSE, [])
            self._finish()
        elif code == END:
            self._end(number)
        elif ATTACH <= code <= DETACH:
            self._for_channel(number, code, fields, payload)
        else:
            raise AmqpError(ILLEGAL_STATE, f"performative {code:#x} does not belong here")

    def _begin(self, number: int, fields: Fields) -> None:
        if number in self._channels:
            raise AmqpError(ILLEGAL_STATE, f"channel {number} has begun already")
        if number > MAX_CHANNEL:
            raise AmqpError(FRAMING_ERROR, f"channels go up to {MAX_CHANNEL}")
        self._ended.discard(number)
        self._channels[number] = Channel(self, number, fields)

    def _end(self, number: int) -> None:
        channel = self._channels.pop(number, None)
        if channel is None:
            return
        self._ended.add(number)
        channel.drop()
        if not channel.is_ended:
            self.write(number, END, [])

    def _for_channel(self, number: int, code: int, fields: Fields, payload: bytes) -> None:
        channel = self._channels.get(number)
        if channel is None:
            if number in self._ended:
                return  # the Python SDK detaches its management links after the end
            raise AmqpError(FRAMING_ERROR, f"channel {number} has not begun")
        try:
            channel.handle(code, fields, payload)
        except SessionError as error:
            channel.end(error)
