"""Which value do these bytes hold? (AMQP 1.0, part 1, section 1.6: primitive encodings)

`decode` reads one value and says where it ended; whatever is malformed raises
`amqp:decode-error`, whatever the bytes are. `skip` finds the end of a value without building it.
Sizes, counts and nesting are bounded, so that a small frame cannot ask for a large allocation.
The way back is `encoding`.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable

from sandbox.broker.errors import DECODE_ERROR, AmqpError
from sandbox.broker.values import (
    Array,
    Byte,
    Described,
    Float32,
    Int,
    Opaque,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
    Value,
)

MAX_DEPTH = 64  # the same bounds as Microsoft's own clients
MAX_COUNT = 65_536

type Decoder = Callable[[bytes, int, int], tuple[Value, int]]

_U32 = struct.Struct(">I")
_U32_PAIR = struct.Struct(">II")
_WIDTHS = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}
_ONE_BYTE_SIZES = (0xA, 0xC, 0xE)
_FOUR_BYTE_SIZES = (0xB, 0xD, 0xF)


class _MalformedError(Exception):
    """Found while decoding; becomes an AmqpError at the door."""


def decode(buffer: bytes, position: int = 0) -> tuple[Value, int]:
    """The value at `position` and the position after it."""
    try:
        return _value(buffer, position, 0)
    except (IndexError, KeyError, ValueError, TypeError, struct.error, _MalformedError) as error:
        raise AmqpError(DECODE_ERROR, f"no AMQP value at byte {position}") from error


def decode_whole(buffer: bytes, position: int, end: int) -> Value:
    """The value that fills `buffer` from `position` to `end` exactly."""
    value, stop = decode(buffer, position)
    if stop != end:
        raise AmqpError(DECODE_ERROR, f"the value at byte {position} does not end where it says")
    return value


def skip(buffer: bytes, position: int) -> int:
    """The position after the value whose constructor is at `position`."""
    try:
        end = _end(buffer, position, 0)
    except (IndexError, struct.error, _MalformedError) as error:
        raise AmqpError(DECODE_ERROR, f"no AMQP value at byte {position}") from error
    if end > len(buffer):
        raise AmqpError(DECODE_ERROR, f"the value at byte {position} runs over the end")
    return end


def _end(b: bytes, p: int, depth: int) -> int:
    if b[p] == 0:
        if depth >= MAX_DEPTH:
            raise _MalformedError
        return _end(b, _end(b, p + 1, depth + 1), depth + 1)
    return p + 1 + _width(b, b[p], p + 1)


def _value(b: bytes, p: int, depth: int) -> tuple[Value, int]:
    return _DECODERS[b[p]](b, p + 1, depth)


def _width(b: bytes, constructor: int, p: int) -> int:
    kind = constructor >> 4
    if kind in _WIDTHS:
        return _WIDTHS[kind]
    if kind in _ONE_BYTE_SIZES:
        return 1 + b[p]
    if kind in _FOUR_BYTE_SIZES:
        return 4 + int(_U32.unpack_from(b, p)[0])
    raise _MalformedError


def _fixed(form: str, kind: Callable[[Value], Value] | None) -> Decoder:
    layout = struct.Struct(">" + form)
    unpack, width = layout.unpack_from, layout.size
    if kind is None:
        return lambda b, p, _depth: (unpack(b, p)[0], p + width)
    return lambda b, p, _depth: (kind(unpack(b, p)[0]), p + width)


def _constant(value: Value) -> Decoder:
    return lambda _b, p, _depth: (value, p)


def _opaque(width: int) -> Decoder:
    return lambda b, p, _depth: (Opaque(_slice(b, p - 1, p + width)), p + width)


def _slice(b: bytes, start: int, end: int) -> bytes:
    if end > len(b):
        raise _MalformedError
    return b[start:end]


def _binary8(b: bytes, p: int, _depth: int) -> tuple[bytes, int]:
    end = p + 1 + b[p]
    return _slice(b, p + 1, end), end


def _binary32(b: bytes, p: int, _depth: int) -> tuple[bytes, int]:
    end = p + 4 + int(_U32.unpack_from(b, p)[0])
    return _slice(b, p + 4, end), end


def _text(read: Callable[[bytes, int, int], tuple[bytes, int]], kind: type[str]) -> Decoder:
    def decoder(b: bytes, p: int, depth: int) -> tuple[str, int]:
        raw, end = read(b, p, depth)
        text = raw.decode("utf-8")
        return (text if kind is str else kind(text)), end

    return decoder


def _uuid(b: bytes, p: int, _depth: int) -> tuple[uuid.UUID, int]:
    return uuid.UUID(bytes=_slice(b, p, p + 16)), p + 16


def _boolean(b: bytes, p: int, _depth: int) -> tuple[bool, int]:
    if b[p] > 1:
        raise _MalformedError
    return b[p] == 1, p + 1


def _bounds8(b: bytes, p: int) -> tuple[int, int, int]:
    """Size and count of a short compound: (first item, count, end)."""
    return p + 2, b[p + 1], p + 1 + b[p]


def _bounds32(b: bytes, p: int) -> tuple[int, int, int]:
    size, count = _U32_PAIR.unpack_from(b, p)
    return p + 8, count, p + 4 + size


def _compound(
    bounds: Callable[[bytes, int], tuple[int, int, int]],
    build: Callable[[list[Value]], Value],
) -> Decoder:
    def decoder(b: bytes, p: int, depth: int) -> tuple[Value, int]:
        p, count, end = bounds(b, p)
        if depth >= MAX_DEPTH or count > MAX_COUNT or end > len(b):
            raise _MalformedError
        items = []
        for _ in range(count):
            item, p = _DECODERS[b[p]](b, p + 1, depth + 1)
            items.append(item)
        if p != end:
            raise _MalformedError
        return build(items), end

    return decoder


def _same(items: list[Value]) -> list[Value]:
    return items


def _pairs(items: list[Value]) -> dict[Value, Value]:
    return dict(zip(items[::2], items[1::2], strict=True))


def _array(bounds: Callable[[bytes, int], tuple[int, int, int]]) -> Decoder:
    def decoder(b: bytes, p: int, depth: int) -> tuple[Array, int]:
        start = p - 1
        p, count, end = bounds(b, p)
        if depth >= MAX_DEPTH or count > MAX_COUNT or end > len(b):
            raise _MalformedError
        constructor, p = b[p], p + 1
        descriptor = None
        if constructor == 0:
            descriptor, p = _value(b, p, depth + 1)
            constructor, p = b[p], p + 1
        items = []
        read = _DECODERS[constructor]
        for _ in range(count):
            item, p = read(b, p, depth + 1)
            items.append(item if descriptor is None else Described(descriptor, item))
        if p != end:
            raise _MalformedError
        return Array(constructor, items, b[start:end]), end

    return decoder


def _described(b: bytes, p: int, depth: int) -> tuple[Described, int]:
    if depth >= MAX_DEPTH:
        raise _MalformedError
    descriptor, p = _value(b, p, depth + 1)
    value, p = _value(b, p, depth + 1)
    return Described(descriptor, value), p


_DECODERS: dict[int, Decoder] = {
    0x00: _described,
    0x40: _constant(None),
    0x41: _constant(value=True),
    0x42: _constant(value=False),
    0x56: _boolean,
    0x50: _fixed("B", UByte),
    0x60: _fixed("H", UShort),
    0x70: _fixed("I", UInt),
    0x52: _fixed("B", UInt),
    0x43: _constant(UInt(0)),
    0x80: _fixed("Q", ULong),
    0x53: _fixed("B", ULong),
    0x44: _constant(ULong(0)),
    0x51: _fixed("b", Byte),
    0x61: _fixed("h", Short),
    0x71: _fixed("i", Int),
    0x54: _fixed("b", Int),
    0x81: _fixed("q", None),
    0x55: _fixed("b", None),
    0x72: _fixed("f", Float32),
    0x82: _fixed("d", None),
    0x73: _opaque(4),
    0x74: _opaque(4),
    0x84: _opaque(8),
    0x94: _opaque(16),
    0x83: _fixed("q", Timestamp),
    0x98: _uuid,
    0xA0: _binary8,
    0xB0: _binary32,
    0xA1: _text(_binary8, str),
    0xB1: _text(_binary32, str),
    0xA3: _text(_binary8, Symbol),
    0xB3: _text(_binary32, Symbol),
    0x45: lambda _b, p, _depth: ([], p),
    0xC0: _compound(_bounds8, _same),
    0xD0: _compound(_bounds32, _same),
    0xC1: _compound(_bounds8, _pairs),
    0xD1: _compound(_bounds32, _pairs),
    0xE0: _array(_bounds8),
    0xF0: _array(_bounds32),
}
