"""Which Python value stands for which AMQP type? (AMQP 1.0, part 1: Types)

Every value remembers its wire type, so that what was decoded is encoded again as it came: a
`UInt` stays a uint, a `Symbol` a symbol. A bare `int` is a long, `float` a double, `str` a
string, `bytes` a binary, `uuid.UUID` a uuid. Used by everything that reads or writes frames.
"""

from __future__ import annotations

from typing import Any, NamedTuple

type Value = Any  # an AMQP value of any type; the reader of a field narrows it


class Symbol(str):
    """An ASCII name from a constrained domain."""

    __slots__ = ()


class UByte(int):
    """8 bits, unsigned."""

    __slots__ = ()


class UShort(int):
    """16 bits, unsigned."""

    __slots__ = ()


class UInt(int):
    """32 bits, unsigned."""

    __slots__ = ()


class ULong(int):
    """64 bits, unsigned."""

    __slots__ = ()


class Byte(int):
    """8 bits, signed."""

    __slots__ = ()


class Short(int):
    """16 bits, signed."""

    __slots__ = ()


class Int(int):
    """32 bits, signed."""

    __slots__ = ()


class Timestamp(int):
    """Milliseconds since the epoch."""

    __slots__ = ()

    @classmethod
    def of(cls, seconds: float) -> Timestamp:
        """The timestamp of a moment in epoch seconds."""
        return cls(round(seconds * 1000))


class Float32(float):
    """A single-precision float."""

    __slots__ = ()


class Opaque(NamedTuple):
    """A char or decimal: nothing here computes with them, so they stay as they were encoded."""

    raw: bytes


class Described(NamedTuple):
    """A value with a descriptor that says what it means."""

    descriptor: Value
    value: Value


class Array(NamedTuple):
    """Values of one type; `raw` is the encoding it came in, kept for sending it on."""

    constructor: int
    items: list[Value]
    raw: bytes = b""
