"""Whatever is written, in whatever order, the store answers as a dict would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, assert_never
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import LostRace
from shared.ledger.rows import (
    MAX_INTEGER,
    Delete,
    Insert,
    Operation,
    Properties,
    Put,
    Replace,
    Store,
    Unchanged,
)

TABLE = "contract"
KEYS = ["", "B", "a", "a'b", "b", "é", "漢"]

type Version = Literal["current", "stale", "any"]


@dataclass(frozen=True)
class Wish:
    """An operation before it is known which etag that means."""

    kind: Literal["insert", "replace", "put", "delete", "unchanged"]
    key: str
    properties: Properties
    version: Version


@dataclass
class Model:
    """What the partition should hold, and every etag that was ever given out."""

    rows: dict[str, Properties] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    past: list[str] = field(default_factory=lambda: ["W/\"datetime'2001-01-01T00%3A00%3A00Z'\""])

    def etag(self, wish: Wish) -> str:
        """The etag that the wish means; the last one given out when the row is not there."""
        current = self.etags.get(wish.key, self.past[-1])
        old = (etag for etag in self.past if etag != self.etags.get(wish.key))
        return next(old) if wish.version == "stale" else current

    def operation(self, wish: Wish) -> Operation:
        match wish.kind:
            case "insert":
                return Insert(wish.key, wish.properties)
            case "put":
                return Put(wish.key, wish.properties)
            case "replace":
                return Replace(wish.key, wish.properties, self.etag(wish))
            case "unchanged":
                return Unchanged(wish.key, self.etag(wish))
            case "delete":
                return Delete(wish.key, None if wish.version == "any" else self.etag(wish))
            case _:
                assert_never(wish.kind)

    def wins(self, operation: Operation) -> bool:
        match operation:
            case Insert(key):
                return key not in self.rows
            case Replace(key, _, etag) | Unchanged(key, etag) | Delete(key, str(etag)):
                return key in self.rows and self.etags[key] == etag
        return True

    def note(self, operation: Operation, etag: str) -> None:
        key = operation.key
        if isinstance(operation, Delete):
            self.rows.pop(key, None)
            self.etags.pop(key, None)
            assert etag == ""
            return
        if not isinstance(operation, Unchanged):
            self.rows[key] = operation.properties
            # A version is one of its row: rows written in one moment may have equal etags.
            assert etag != self.etags.get(key)
        self.etags[key] = etag
        self.past.append(etag)


values = st.one_of(
    st.booleans(),
    st.integers(-MAX_INTEGER - 1, MAX_INTEGER),
    # No store promises the sign of a zero: JSON on the way to Tables may lose it.
    st.floats(allow_nan=False).map(lambda value: value + 0.0),
    st.text(max_size=20),
)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("PartitionKey", "RowKey", "Timestamp")
)
wishes = st.builds(
    Wish,
    kind=st.sampled_from(["insert", "replace", "put", "delete", "unchanged"]),
    key=st.sampled_from(KEYS),
    properties=st.dictionaries(names, values, max_size=4),
    version=st.sampled_from(["current", "current", "current", "stale", "any"]),
)
transactions = st.lists(wishes, min_size=1, max_size=4, unique_by=lambda wish: wish.key)


@given(story=st.lists(transactions, max_size=6), span=st.tuples(*[st.sampled_from(KEYS)] * 2))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_a_store_answers_like_a_dict(
    store: Store, story: list[list[Wish]], span: tuple[str, str]
) -> None:
    part, model = uuid4().hex, Model()
    for transaction in story:
        await _do(store, part, model, [model.operation(wish) for wish in transaction])

    found = [row async for row in store.scan(TABLE, part)]
    first, before = span
    between = [row.key async for row in store.scan(TABLE, part, first=first, before=before)]
    assert [row.key for row in found] == sorted(model.rows)
    assert {row.key: _typed(row.properties) for row in found} == {
        key: _typed(properties) for key, properties in model.rows.items()
    }
    assert {row.key: row.etag for row in found} == model.etags
    assert between == [key for key in sorted(model.rows) if first <= key < before]
    for row in found:
        assert row == await store.get(TABLE, part, row.key)


async def _do(store: Store, part: str, model: Model, operations: list[Operation]) -> None:
    wins = all(map(model.wins, operations))
    try:
        etags = await store.write(TABLE, part, operations)
    except LostRace:
        assert not wins
        return
    assert wins
    for operation, etag in zip(operations, etags, strict=True):
        model.note(operation, etag)


def _typed(properties: Properties) -> dict[str, str]:
    """With types, which `==` does not see."""
    return {name: repr(value) for name, value in properties.items()}
