"""decoding and encoding: the standard's own examples, round trips, and bytes that are nothing."""

from __future__ import annotations

import contextlib
import struct
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.broker.decoding import decode, decode_whole, skip
from sandbox.broker.encoding import encode, encode_composite
from sandbox.broker.errors import AmqpError
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

SIMPLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 255).map(UByte),
    st.integers(0, 65_535).map(UShort),
    st.integers(0, 2**32 - 1).map(UInt),
    st.integers(0, 2**64 - 1).map(ULong),
    st.integers(-128, 127).map(Byte),
    st.integers(-(2**15), 2**15 - 1).map(Short),
    st.integers(-(2**31), 2**31 - 1).map(Int),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**63), 2**63 - 1).map(Timestamp),
    st.floats(allow_nan=False, width=32).map(Float32),
    st.floats(allow_nan=False),
    st.uuids(),
    st.binary(max_size=300),
    st.text(max_size=300),
    st.text(st.characters(codec="ascii"), max_size=300).map(Symbol),
    st.binary(min_size=4, max_size=4).map(lambda raw: Opaque(b"\x73" + raw)),
    st.lists(st.integers(-(2**63), 2**63 - 1)).map(lambda items: Array(0x81, items)),
    st.lists(st.text(max_size=300)).map(lambda items: Array(0xB1, items)),
)
KEYS = st.one_of(st.text(max_size=20), st.integers(0, 255).map(UInt))
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=300),
        st.dictionaries(KEYS, inner, max_size=20),
        st.builds(Described, st.integers(0, 2**64 - 1).map(ULong), inner),
    ),
    max_leaves=30,
)


def _plain(value: Value) -> Value:
    """The value with its types spelled out, for equality that sees them."""
    match value:
        case Array():
            return ("array", value.constructor, [_plain(item) for item in value.items])
        case Described() | Opaque():
            return (type(value), [_plain(part) for part in value])
        case list():
            return [_plain(item) for item in value]
        case dict():
            return [(_plain(key), _plain(item)) for key, item in value.items()]
        case _:
            return (type(value), value)


@given(VALUES)
def test_what_was_encoded_is_decoded_with_its_types(value: Value) -> None:
    raw = encode(value)

    decoded, end = decode(raw)

    assert end == len(raw) == skip(raw, 0)
    assert _plain(decoded) == _plain(value)


@given(VALUES)
def test_decoding_and_encoding_again_keeps_the_bytes(value: Value) -> None:
    raw = encode(value)

    assert encode(decode(raw)[0]) == raw


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_decode_error(raw: bytes) -> None:
    end = 0
    with contextlib.suppress(AmqpError):
        _, end = decode(raw)
        assert 0 < end <= len(raw)

    if end:
        assert skip(raw, 0) == end


@given(VALUES, st.data())
def test_a_value_cut_short_is_a_decode_error(value: Value, data: st.DataObject) -> None:
    raw = encode(value)
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]

    with pytest.raises(AmqpError, match="decode-error"):
        decode(cut)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"\x40", None),
        (b"\x56\x01", True),
        (b"\x52\xff", UInt(255)),
        (b"\x70\x00\x00\x01\x00", UInt(256)),
        (b"\x43", UInt(0)),
        (b"\x54\xff", Int(-1)),
        (b"\x55\x80", -128),
        (b"\xa1\x1eHello Glorious Messaging World", "Hello Glorious Messaging World"),
        (b"\xa3\x01q", Symbol("q")),
        (b"\x45", []),
        (b"\xc0\x05\x02\x52\x01\x52\x02", [UInt(1), UInt(2)]),
        (b"\xd1\x00\x00\x00\x09\x00\x00\x00\x02\xa1\x01k\x41\x00"[:-1], {"k": True}),
        (b"\x98" + bytes(range(16)), uuid.UUID(bytes=bytes(range(16)))),
        (b"\xe0\x04\x02\x50\x01\x02", Array(0x50, [UByte(1), UByte(2)])),
    ],
)
def test_the_standards_encodings_are_read(raw: bytes, value: Value) -> None:
    if raw.startswith(b"\xd1"):
        raw = b"\xd1" + struct.pack(">I", len(raw) - 5) + raw[5:]
    decoded, end = decode(raw)

    assert end == len(raw)
    assert _plain(decoded) == _plain(value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 60_000,
        b"\xc0\x03\x01" * 20_000,
        b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x45",
        b"\xd0\x00\x00\x00\x04\xff\xff\xff\xff",
        b"\xc1\x02\x01\x40",
        b"\xc1\x03\x02\x45\x40",
        b"\xc0\x01\x00\x40"[:2],
        b"\xa1\x02\xff\xff",
        b"\x56\x02",
        b"\x01",
        b"\xc0\x05\x01\x40\x40\x40\x40",
    ],
    ids=[
        "nothing",
        "a tower of descriptors",
        "a tower of lists",
        "an array of four thousand million nothings",
        "a list of as many",
        "a map with half a pair",
        "a map keyed by a list",
        "a list without its count",
        "no utf-8",
        "neither true nor false",
        "no constructor",
        "more bytes than items",
    ],
)
def test_malformed_bytes_are_refused_without_harm(raw: bytes) -> None:
    with pytest.raises(AmqpError, match="decode-error"):
        decode(raw)


def test_a_tower_of_descriptors_cannot_be_skipped() -> None:
    with pytest.raises(AmqpError, match="decode-error"):
        skip(b"\x00" * 60_000, 0)


def test_a_value_must_fill_its_place() -> None:
    assert decode_whole(b"\x41\x41", 0, 1) is True
    with pytest.raises(AmqpError, match="decode-error"):
        decode_whole(b"\x41\x41", 0, 2)


def test_a_composite_starts_as_the_python_sdk_looks_for_it() -> None:
    assert encode_composite(0x24, []) == b"\x00\x53\x24\x45"
