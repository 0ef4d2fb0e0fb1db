"""Where does a frame begin and end, and which fields has it? (AMQP 1.0, part 2: Transport)

`FrameReader` cuts a stream of bytes into frames and refuses what is none; `Fields` reads the
fields of a performative by position and type; `frame` and `transfer_frame` write them. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.broker.decoding import decode
from sandbox.broker.encoding import encode, encode_composite
from sandbox.broker.errors import DECODE_ERROR, FRAMING_ERROR, INVALID_FIELD, AmqpError
from sandbox.broker.values import Described, UInt, ULong, Value

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
SASL_MECHANISMS, SASL_INIT, SASL_CHALLENGE, SASL_RESPONSE, SASL_OUTCOME = range(0x40, 0x45)
RECEIVED, ACCEPTED, REJECTED, RELEASED, MODIFIED = range(0x23, 0x28)
SOURCE, TARGET = 0x28, 0x29

AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
SASL_HEADER = b"AMQP\x03\x01\x00\x00"
HEADER_SIZE = 8
EMPTY_FRAME = b"\x00\x00\x00\x08\x02\x00\x00\x00"
MAX_FRAME_SIZE = 65_536  # what we accept; the standard's minimum is 512
MIN_FRAME_SIZE = 512
MAX_UINT = 0xFFFFFFFF
MAX_USHORT = 0xFFFF
AMQP_FRAME, SASL_FRAME = 0, 1

_HEAD = struct.Struct(">IBBH")
_MIN_DOFF = 2
_SHORT_DESCRIPTOR = b"\x00\x53"
_FIELDS_AT = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: `body` is what follows its header, empty for a heartbeat."""

    kind: int
    channel: int
    body: bytes


class FrameReader:
    """The bytes of one connection that were not yet understood."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Append what arrived."""
        self._buffer += data

    def clear(self) -> None:
        """Forget what cannot be understood."""
        self._buffer.clear()

    def header(self) -> bytes | None:
        """The eight bytes of a protocol header, once they are there."""
        if len(self._buffer) < HEADER_SIZE:
            return None
        head = bytes(self._buffer[:HEADER_SIZE])
        del self._buffer[:HEADER_SIZE]
        return head

    def frame(self) -> Frame | None:
        """The next whole frame; raises `amqp:connection:framing-error` when it cannot be one."""
        buffer = self._buffer
        if len(buffer) < HEADER_SIZE:
            return None
        size, doff, kind, channel = _HEAD.unpack_from(buffer)
        if size > MAX_FRAME_SIZE or doff < _MIN_DOFF or doff * 4 > size or kind > SASL_FRAME:
            raise AmqpError(
                FRAMING_ERROR, f"no frame: size {size}, data offset {doff}, type {kind}"
            )
        if len(buffer) < size:
            return None
        body = bytes(buffer[doff * 4 : size])
        del buffer[:size]
        return Frame(kind, channel, body)

    def frames(self) -> Iterator[Frame]:
        """All whole frames that are there."""
        while (found := self.frame()) is not None:
            yield found


class Fields:
    """The fields of one performative or composite; trailing ones may be absent."""

    def __init__(self, values: list[Value]) -> None:
        self._values = values

    def any(self, index: int) -> Value:
        """The field as it is, None when absent."""
        return self._values[index] if index < len(self._values) else None

    def number(self, index: int, default: int | None = None, limit: int = MAX_UINT) -> int:
        """A whole number from 0 to `limit`; without a default it must be there."""
        value = self.any(index)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limit:
            raise AmqpError(INVALID_FIELD, f"field {index} is no number from 0 to {limit}")
        return int(value)

    def flag(self, index: int) -> bool:
        """A boolean, false when absent."""
        value = self.any(index)
        if value is not None and not isinstance(value, bool):
            raise AmqpError(INVALID_FIELD, f"field {index} is no boolean")
        return value is True

    def text(self, index: int) -> str | None:
        """A string or symbol, None when absent."""
        value = self.any(index)
        if value is not None and not isinstance(value, str):
            raise AmqpError(INVALID_FIELD, f"field {index} is no text")
        return value

    def binary(self, index: int) -> bytes:
        """Binary, empty when absent."""
        value = self.any(index)
        if value is not None and not isinstance(value, bytes):
            raise AmqpError(INVALID_FIELD, f"field {index} is no binary")
        return value or b""

    def mapping(self, index: int) -> dict[Value, Value]:
        """A map, empty when absent."""
        value = self.any(index)
        if value is not None and not isinstance(value, dict):
            raise AmqpError(INVALID_FIELD, f"field {index} is no map")
        return value or {}

    def composite(self, index: int) -> tuple[int, Fields] | None:
        """A described list with a numeric descriptor as (descriptor, its fields)."""
        value = self.any(index)
        if value is None:
            return None
        described = isinstance(value, Described)
        if not described or not isinstance(value.descriptor, ULong):
            raise AmqpError(INVALID_FIELD, f"field {index} is no described value")
        if not isinstance(value.value, list):
            raise AmqpError(INVALID_FIELD, f"field {index} is no described list")
        return int(value.descriptor), Fields(value.value)


def performative(body: bytes) -> tuple[int, Fields, bytes]:
    """What a frame's body says: (code, fields, payload behind them)."""
    if body.startswith(_SHORT_DESCRIPTOR) and len(body) > _FIELDS_AT:  # nearly always
        values, end = decode(body, _FIELDS_AT)
        if isinstance(values, list):
            return body[_FIELDS_AT - 1], Fields(values), body[end:]
    value, end = decode(body)
    described = isinstance(value, Described) and isinstance(value.descriptor, ULong)
    if not described or not isinstance(value.value, list):
        raise AmqpError(DECODE_ERROR, "the frame holds no performative")
    return int(value.descriptor), Fields(value.value), body[end:]


def frame(channel: int, code: int, fields: list[Value], kind: int = AMQP_FRAME) -> bytes:
    """A whole frame; trailing nulls are left out."""
    while fields and fields[-1] is None:
        fields = fields[:-1]
    body = encode_composite(code, fields)
    return _HEAD.pack(len(body) + HEADER_SIZE, _MIN_DOFF, kind, channel) + body


def transfer_frames(
    channel: int,
    *,
    handle: int,
    delivery: tuple[int, bytes],
    settled: bool,
    data: bytes,
    size: int,
) -> list[bytes]:
    """One message as frames of at most `size` bytes; `delivery` is its id and tag."""
    number, tag = delivery
    fixed = encode(UInt(handle)) + encode(UInt(number)) + encode(tag) + b"\x43" + encode(settled)
    count = b"\x06"
    head = bytes((0x00, 0x53, TRANSFER, 0xC0, len(fixed) + 2)) + count + fixed
    room = size - HEADER_SIZE - len(head) - 1
    frames = []
    for start in range(0, max(len(data), 1), room):
        chunk = data[start : start + room]
        more = b"\x41" if start + room < len(data) else b"\x42"
        length = HEADER_SIZE + len(head) + 1 + len(chunk)
        frames.append(_HEAD.pack(length, _MIN_DOFF, AMQP_FRAME, channel) + head + more + chunk)
    return frames
