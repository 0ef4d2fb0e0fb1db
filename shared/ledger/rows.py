"""How is a row read and written, wherever the ledger lies? The protocol of this room.

A row lives at (table, partition, key) and holds flat properties. Keys sort as text. A write is
one transaction of at most 100 operations in one partition of one table: all of it or nothing.
Azure Tables sets the limits (Microsoft Learn, "Understanding the Table service data model") and
`check_limits` enforces them for every implementation, or SQLite would hide them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

type Value = str | int | float | bool
type Properties = Mapping[str, Value]

MAX_OPERATIONS = 100
MAX_TEXT_UNITS = 32_768  # UTF-16 units: 64 KiB a property
MAX_ENTITY_BYTES = 1_048_576
MAX_TRANSACTION_BYTES = 4 * 1_048_576
MAX_PROPERTIES = 252
MAX_KEY_BYTES = 1_024
MAX_INTEGER = 2**63 - 1
_FORBIDDEN_IN_KEYS = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_PROPERTY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True)
class Row:
    """One row as read. `etag` identifies this version; `written_at` is wall time, UTC."""

    table: str
    partition: str
    key: str
    properties: Properties
    etag: str
    written_at: datetime


@dataclass(frozen=True)
class Insert:
    """Write a row that must not exist yet."""

    key: str
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class Replace:
    """Write the whole row again, if it is still the version `etag`."""

    key: str
    properties: Properties
    etag: str


@dataclass(frozen=True)
class Put:
    """Write the row whether it exists or not."""

    key: str
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class Delete:
    """Remove the row; with an etag only that version. A row that is gone already is a lost race
    when an etag was given, and nothing otherwise.
    """

    key: str
    etag: str | None = None


@dataclass(frozen=True)
class Unchanged:
    """Refuse the transaction unless the row is still the version `etag`. It may get a new etag."""

    key: str
    etag: str


type Operation = Insert | Replace | Put | Delete | Unchanged


class Store(Protocol):
    """What a ledger must be able to do. Safe to use from many tasks of one event loop."""

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        ...

    def scan(
        self, table: str, partition: str, *, first: str = "", before: str | None = None
    ) -> AsyncIterator[Row]:
        """The rows of a partition with `first <= key < before`, in key order, read in pages."""
        ...

    async def write(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> tuple[str, ...]:
        """Do all operations or none; answers the new etags in order ("" for a delete).

        Raises LostRace when an Insert meets a row, or an etag is not the row's; ValueError when
        a limit is broken or a key occurs twice.
        """
        ...

    async def close(self) -> None:
        """Give back connections and threads."""
        ...


@runtime_checkable
class Whole(Protocol):
    """A store that can be gone through from end to end: for copies, and for nothing else."""

    def everything(self, table: str) -> AsyncIterator[Row]:
        """Every row of a table, in any order; what is written meanwhile may be in it or not."""
        ...


def check_limits(table: str, partition: str, operations: Sequence[Operation]) -> None:
    """Raise ValueError when Azure Tables would refuse this transaction, whatever the store."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,62}", table):
        raise ValueError(f"table name {table!r} is not 3 to 63 letters and digits")
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise ValueError(
            f"a transaction has 1 to {MAX_OPERATIONS} operations, not {len(operations)}"
        )
    keys = [operation.key for operation in operations]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key occurs twice in one transaction on {table}")
    for key in (partition, *keys):
        check_key(key)
    total = sum(
        _size(partition, operation.key, operation.properties)
        for operation in operations
        if isinstance(operation, Insert | Replace | Put)
    )
    if total > MAX_TRANSACTION_BYTES:
        raise ValueError(f"the rows hold {total} bytes, limit {MAX_TRANSACTION_BYTES}")


def check_key(key: str) -> None:
    """Raise ValueError when no row can have this key or partition."""
    if _FORBIDDEN_IN_KEYS.search(key):
        raise ValueError("a key holds a character that Azure Tables forbids (/ \\ # ? or control)")
    if len(key.encode("utf-16-le")) > MAX_KEY_BYTES:
        raise ValueError(f"a key is longer than {MAX_KEY_BYTES} bytes")


def _size(partition: str, key: str, properties: Properties) -> int:
    """The bytes of a row as Azure Tables counts them. Raises ValueError when it takes no such row.

    Azure Storage team blog, "How to calculate the size of a table entity".
    """
    if len(properties) > MAX_PROPERTIES:
        raise ValueError(f"more than {MAX_PROPERTIES} properties")
    size = 4 + 2 * (_units(partition) + _units(key))
    for name, value in properties.items():
        if not _PROPERTY_NAME.fullmatch(name) or name in ("PartitionKey", "RowKey", "Timestamp"):
            raise ValueError(f"property name {name!r} is not allowed")
        size += 8 + 2 * len(name) + _value_size(name, value)
    if size > MAX_ENTITY_BYTES:
        raise ValueError(f"the row holds {size} bytes, limit {MAX_ENTITY_BYTES}")
    return size


def _value_size(name: str, value: Value) -> int:
    match value:
        case str():
            units = _units(value)
            if units > MAX_TEXT_UNITS:
                raise ValueError(f"property {name} holds {units} units, limit {MAX_TEXT_UNITS}")
            return 4 + 2 * units
        case bool() | float():
            return 8
        case int():
            if not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
                raise ValueError(f"property {name} is no 64-bit integer")
            return 8
    raise ValueError(f"property {name} is neither text, number nor truth value")


def _units(text: str) -> int:
    """UTF-16 units. A lone surrogate raises UnicodeEncodeError, which is a ValueError."""
    return len(text.encode("utf-16-le")) // 2
