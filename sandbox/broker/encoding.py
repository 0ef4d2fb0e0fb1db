"""How is a value written? (AMQP 1.0, part 1, section 1.6: primitive encodings)

The shortest form of each type, for values as `values` describes them; the way back is `decoding`.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable

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

SHORT_SIZE = 256  # sizes below fit in the one-byte forms

_U32 = struct.Struct(">I")
_U32_PAIR = struct.Struct(">II")


def encode(value: Value) -> bytes:
    """The bytes of a value, in the shortest form of its type."""
    return _ENCODERS[type(value)](value)


def encode_composite(code: int, fields: list[Value]) -> bytes:
    """A described list with a numeric descriptor, always written as smallulong: the Python SDK
    does not parse the descriptor, it looks at the second and third byte.
    """
    return bytes((0x00, 0x53, code)) + _encode_list(fields)


def encode_section(code: int, value: Value) -> bytes:
    """A message section: a described value, its descriptor a smallulong for the same reason."""
    return bytes((0x00, 0x53, code)) + encode(value)


def _packer(constructor: int, form: str) -> Callable[[Value], bytes]:
    pack, head = struct.Struct(">" + form).pack, bytes((constructor,))
    return lambda value: head + pack(value)


def _encode_uint(value: UInt) -> bytes:
    if value == 0:
        return b"\x43"
    return bytes((0x52, value)) if value < SHORT_SIZE else b"\x70" + _U32.pack(value)


def _encode_ulong(value: ULong) -> bytes:
    if value == 0:
        return b"\x44"
    return bytes((0x53, value)) if value < SHORT_SIZE else b"\x80" + struct.pack(">Q", value)


def _variable(raw: bytes, short: int, long: int) -> bytes:
    size = len(raw)
    if size < SHORT_SIZE:
        return bytes((short, size)) + raw
    return bytes((long,)) + _U32.pack(size) + raw


def _encode_compound(body: bytes, count: int, short: int, long: int) -> bytes:
    size = len(body)
    if size + 1 < SHORT_SIZE and count < SHORT_SIZE:
        return bytes((short, size + 1, count)) + body
    return bytes((long,)) + _U32_PAIR.pack(size + 4, count) + body


def _encode_list(items: list[Value]) -> bytes:
    if not items:
        return b"\x45"
    return _encode_compound(b"".join(map(encode, items)), len(items), 0xC0, 0xD0)


def _encode_map(pairs: dict[Value, Value]) -> bytes:
    body = b"".join(encode(key) + encode(value) for key, value in pairs.items())
    return _encode_compound(body, 2 * len(pairs), 0xC1, 0xD1)


_ELEMENTS: dict[int, Callable[[Value], bytes]] = {
    0x98: lambda value: bytes(value.bytes),
    0x81: struct.Struct(">q").pack,
    0x83: struct.Struct(">q").pack,
    0xB1: lambda value: _U32.pack(len(value.encode())) + value.encode(),
    0xB3: lambda value: _U32.pack(len(value)) + value.encode(),
}


def _encode_array(array: Array) -> bytes:
    if array.raw:
        return array.raw
    element = _ELEMENTS[array.constructor]
    body = bytes((array.constructor,)) + b"".join(map(element, array.items))
    return b"\xf0" + _U32_PAIR.pack(len(body) + 4, len(array.items)) + body


_ENCODERS: dict[type, Callable[[Value], bytes]] = {
    type(None): lambda _value: b"\x40",
    bool: lambda value: b"\x41" if value else b"\x42",
    UByte: _packer(0x50, "B"),
    UShort: _packer(0x60, "H"),
    UInt: _encode_uint,
    ULong: _encode_ulong,
    Byte: _packer(0x51, "b"),
    Short: _packer(0x61, "h"),
    Int: _packer(0x71, "i"),
    int: _packer(0x81, "q"),
    Timestamp: _packer(0x83, "q"),
    Float32: _packer(0x72, "f"),
    float: _packer(0x82, "d"),
    uuid.UUID: lambda value: b"\x98" + bytes(value.bytes),
    bytes: lambda value: _variable(value, 0xA0, 0xB0),
    str: lambda value: _variable(value.encode(), 0xA1, 0xB1),
    Symbol: lambda value: _variable(value.encode(), 0xA3, 0xB3),
    list: _encode_list,
    dict: _encode_map,
    Array: _encode_array,
    Opaque: lambda value: bytes(value.raw),
    Described: lambda value: b"\x00" + encode(value.descriptor) + encode(value.value),
}
