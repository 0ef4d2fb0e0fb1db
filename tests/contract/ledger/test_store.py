"""The rules of `shared.ledger.rows.Store`, on every implementation."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from uuid import uuid4

import pytest

from shared.errors import LostRace
from shared.ledger.rows import (
    MAX_INTEGER,
    MAX_KEY_BYTES,
    MAX_OPERATIONS,
    MAX_PROPERTIES,
    MAX_TEXT_UNITS,
    Delete,
    Insert,
    Operation,
    Properties,
    Put,
    Replace,
    Row,
    Store,
    Unchanged,
    Value,
)

TABLE = "contract"
NO_VERSION = "W/\"datetime'2001-01-01T00%3A00%3A00.0000000Z'\""


async def read(store: Store, part: str, key: str = "k") -> Row:
    row = await store.get(TABLE, part, key)
    assert row is not None
    return row


async def keys(store: Store, part: str, first: str = "", before: str | None = None) -> list[str]:
    return [row.key async for row in store.scan(TABLE, part, first=first, before=before)]


async def test_what_was_written_is_read(store: Store, part: str) -> None:
    (etag,) = await store.write(TABLE, part, [Insert("k", {"name": "Pietersen"})])

    row = await read(store, part)
    assert (TABLE, part, "k", etag) == (row.table, row.partition, row.key, row.etag)
    assert row.properties == {"name": "Pietersen"}


async def test_a_row_that_was_never_written_is_none(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("k")])

    assert await store.get(TABLE, part, "other") is None
    assert await store.get(TABLE, f"{part}-other", "k") is None
    assert await store.get(f"never{uuid4().hex}", part, "k") is None


async def test_a_key_that_nothing_can_have_is_none(store: Store, part: str) -> None:
    assert await store.get(TABLE, part, "a/b") is None
    assert await store.get(TABLE, "a#b", "k") is None


async def test_a_table_begins_with_its_first_row(store: Store, part: str) -> None:
    table = f"new{uuid4().hex}"
    before = [row async for row in store.scan(table, part)]
    inserts = (store.write(table, part, [Insert(f"k{n}")]) for n in range(5))
    await asyncio.gather(*inserts)

    assert before == []
    assert [row.key async for row in store.scan(table, part)] == ["k0", "k1", "k2", "k3", "k4"]


async def test_tables_and_partitions_are_apart(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("k", {"at": 1})])
    await store.write(TABLE, f"{part}-b", [Insert("k", {"at": 2})])
    await store.write("contractb", part, [Insert("k", {"at": 3})])

    other = await store.get("contractb", part, "k")
    assert other is not None
    assert (await read(store, part)).properties == {"at": 1}
    assert (await read(store, f"{part}-b")).properties == {"at": 2}
    assert other.properties == {"at": 3}


async def test_the_moment_of_writing_is_aware_and_rises(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("k")])
    first = await read(store, part)
    await store.write(TABLE, part, [Put("k")])
    second = await read(store, part)

    assert first.written_at.utcoffset() == timedelta(0)
    assert first.written_at.tzinfo is UTC
    assert first.written_at <= second.written_at


@pytest.mark.parametrize(
    "value",
    [
        True, False, 0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, MAX_INTEGER,
        -MAX_INTEGER - 1, 0.0, 1.0, -2.5, 1e16, 1e300, 5e-324, float("inf"), float("-inf"),
        "", " ", "1", "true", "2026-01-31T00:00:00Z", "it's \"quoted\" \\ and\nbroken\x00",
        "Müller-Ōé 漢字 😀", "x" * MAX_TEXT_UNITS, "😀" * (MAX_TEXT_UNITS // 2),
    ],
    ids=lambda value: f"{type(value).__name__}-{ascii(value)[:24]}",
)  # fmt: skip
async def test_values_keep_their_type(store: Store, part: str, value: Value) -> None:
    await store.write(TABLE, part, [Insert("k", {"v": value})])

    (found,) = (await read(store, part)).properties.values()
    assert (type(found), found) == (type(value), value)


async def test_a_row_may_hold_no_properties(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("a"), Put("b")])

    assert (await read(store, part, "a")).properties == {}
    assert (await read(store, part, "b")).properties == {}


async def test_names_of_properties_are_free(store: Store, part: str) -> None:
    properties: Properties = {"etag": "e", "key": 1, "timestamp": 2, "_x": 3, "A": 4, "a": 5}
    await store.write(TABLE, part, [Insert("k", properties)])

    assert (await read(store, part)).properties == properties


async def test_every_version_has_its_own_etag(store: Store, part: str) -> None:
    etags: list[str] = []
    for _ in range(10):
        etags += await store.write(TABLE, part, [Put("k", {"same": 1})])
    await store.write(TABLE, part, [Delete("k")])
    etags += await store.write(TABLE, part, [Insert("k", {"same": 1})])

    assert len(set(etags)) == 11
    assert (await read(store, part)).etag == etags[-1]


async def test_insert_meets_a_row_and_loses(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("k", {"by": "first"})])
    with pytest.raises(LostRace):
        await store.write(TABLE, part, [Insert("k", {"by": "second"})])

    assert (await read(store, part)).properties == {"by": "first"}


async def test_insert_after_a_delete_is_new(store: Store, part: str) -> None:
    (old,) = await store.write(TABLE, part, [Insert("k", {"by": "first"})])
    await store.write(TABLE, part, [Delete("k")])
    (new,) = await store.write(TABLE, part, [Insert("k", {"by": "second"})])

    assert old != new
    with pytest.raises(LostRace):
        await store.write(TABLE, part, [Replace("k", {}, old)])


async def test_replace_writes_the_whole_row(store: Store, part: str) -> None:
    (etag,) = await store.write(TABLE, part, [Insert("k", {"a": 1, "b": 2})])
    (new,) = await store.write(TABLE, part, [Replace("k", {"b": 3}, etag)])

    row = await read(store, part)
    assert (row.properties, row.etag) == ({"b": 3}, new)
    assert new != etag


async def test_put_writes_the_whole_row_either_way(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Put("k", {"a": 1, "b": 2})])
    (new,) = await store.write(TABLE, part, [Put("k", {"b": 3})])

    row = await read(store, part)
    assert (row.properties, row.etag) == ({"b": 3}, new)


async def test_unchanged_keeps_the_row(store: Store, part: str) -> None:
    (etag,) = await store.write(TABLE, part, [Insert("k", {"a": 1})])
    (same, _) = await store.write(TABLE, part, [Unchanged("k", etag), Put("other")])

    row = await read(store, part)
    assert (row.properties, row.etag) == ({"a": 1}, same)


@pytest.mark.parametrize("etag", [NO_VERSION, "*", "", "nonsense"])
async def test_an_etag_that_is_not_the_rows_loses(store: Store, part: str, etag: str) -> None:
    await store.write(TABLE, part, [Insert("k", {"a": 1})])
    for operation in (Replace("k", {}, etag), Unchanged("k", etag), Delete("k", etag)):
        with pytest.raises(LostRace):
            await store.write(TABLE, part, [operation, Put("other")])

    assert (await read(store, part)).properties == {"a": 1}
    assert await store.get(TABLE, part, "other") is None


async def test_an_older_etag_loses(store: Store, part: str) -> None:
    (old,) = await store.write(TABLE, part, [Insert("k", {"n": 1})])
    await store.write(TABLE, part, [Replace("k", {"n": 2}, old)])
    for operation in (Replace("k", {"n": 3}, old), Unchanged("k", old), Delete("k", old)):
        with pytest.raises(LostRace):
            await store.write(TABLE, part, [operation])

    assert (await read(store, part)).properties == {"n": 2}


async def test_conditions_on_a_row_that_is_gone_lose(store: Store, part: str) -> None:
    (etag,) = await store.write(TABLE, part, [Insert("k")])
    await store.write(TABLE, part, [Delete("k")])
    lost: list[Operation] = [Replace("k", {}, etag), Unchanged("k", etag), Delete("k", etag)]
    for operation in lost:
        with pytest.raises(LostRace):
            await store.write(TABLE, part, [operation, Delete("never"), Put("other")])

    assert await keys(store, part) == []


async def test_delete_takes_the_version_it_names(store: Store, part: str) -> None:
    (etag,) = await store.write(TABLE, part, [Insert("k")])
    answer = await store.write(TABLE, part, [Delete("k", etag)])

    assert answer == ("",)
    assert await store.get(TABLE, part, "k") is None


async def test_delete_without_etag_takes_any_version_or_none(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("k")])
    first = await store.write(TABLE, part, [Delete("k")])
    second = await store.write(TABLE, part, [Delete("k")])

    assert (first, second) == (("",), ("",))
    assert await store.get(TABLE, part, "k") is None


async def test_deleting_what_is_gone_stops_nothing_else(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("here"), Insert("too")])
    operations: list[Operation] = [Delete("gone"), Insert("new"), Delete("here"), Delete("never")]
    operations.append(Delete("too"))
    etags = await store.write(TABLE, part, operations)

    assert [bool(etag) for etag in etags] == [False, True, False, False, False]
    assert (await read(store, part, "new")).etag == etags[1]
    assert await keys(store, part) == ["new"]


async def test_deleting_in_an_unknown_table_is_nothing(store: Store, part: str) -> None:
    assert await store.write(f"new{uuid4().hex}", part, [Delete("k")]) == ("",)


async def test_one_lost_operation_undoes_all(store: Store, part: str) -> None:
    (etag, _) = await store.write(TABLE, part, [Insert("a", {"n": 1}), Insert("b", {"n": 1})])
    winners: list[Operation] = [Replace("a", {"n": 2}, etag), Put("c"), Delete("b"), Insert("d")]
    for place in range(len(winners) + 1):
        losing: list[Operation] = [*winners[:place], Unchanged("x", NO_VERSION), *winners[place:]]
        with pytest.raises(LostRace):
            await store.write(TABLE, part, losing)

    assert await keys(store, part) == ["a", "b"]
    assert (await read(store, part, "a")).etag == etag


async def test_etags_come_in_the_order_of_operations(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("old")])
    names = ["c", "a", "old", "b"]
    etags = await store.write(TABLE, part, [Insert("c"), Put("a"), Put("old"), Insert("b")])

    assert [(await read(store, part, name)).etag for name in names] == list(etags)


async def test_keys_sort_by_ordinal(store: Store, part: str) -> None:
    """Not by alphabet: capitals first, accents behind z, and 10 before 9."""
    ordered = ["!", "10", "9", "A", "B", "Z", "_", "a", "a-b", "a:b", "ab", "z", "é", "ß", "Ω",
               "Ж", "漢", "\ufb01"]  # fmt: skip
    ordered.sort(key=lambda key: key.encode())
    await store.write(TABLE, part, [Insert(key) for key in reversed(ordered)])

    assert await keys(store, part) == ordered
    for at, key in enumerate(ordered):
        assert await keys(store, part, first=key) == ordered[at:]
        assert await keys(store, part, before=key) == ordered[:at]


async def test_a_range_takes_its_start_and_not_its_end(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert(key) for key in ("a", "b", "b1", "c", "d")])

    assert await keys(store, part, first="b", before="d") == ["b", "b1", "c"]
    assert await keys(store, part, first="aa", before="b0") == ["b"]
    assert await keys(store, part, first="d", before="d") == []
    assert await keys(store, part, first="d", before="a") == []
    assert await keys(store, part, before="") == []


async def test_keys_may_hold_what_urls_and_filters_fear(store: Store, part: str) -> None:
    odd = ["it's", "''", "a b", "a%20b", "a+b", "a&b=c", "@first", "(x)", "a,b", "é😀", '"q"',
           "a eq 'b'", "$batch", "..", ""]  # fmt: skip
    await store.write(TABLE, part, [Insert(key, {"at": at}) for at, key in enumerate(odd)])

    for at, key in enumerate(odd):
        row = await read(store, part, key)
        assert (row.key, row.properties) == (key, {"at": at})
        assert key in await keys(store, part, first=key)
    assert sorted(await keys(store, part)) == sorted(odd)
    await store.write(TABLE, part, [Replace("it's", {}, (await read(store, part, "it's")).etag)])
    await store.write(TABLE, part, [Delete(key) for key in odd])
    assert await keys(store, part) == []


async def test_a_scan_goes_on_behind_its_page(store: Store, part: str) -> None:
    """Both 500 (SQLite's page) and 1,000 (that of Tables) divide this number, and one is over."""
    written = [f"k'{n:04}é" for n in range(1001)]
    for at in range(0, len(written), MAX_OPERATIONS):
        batch = [Insert(key) for key in written[at : at + MAX_OPERATIONS]]
        await store.write(TABLE, part, batch)

    assert await keys(store, part) == written
    assert await keys(store, part, first=written[1]) == written[1:]
    assert await keys(store, part, before=written[1000]) == written[:1000]


async def test_a_scan_may_remove_what_it_reads(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert(f"k{n:02}") for n in range(30)])
    seen = 0
    async for row in store.scan(TABLE, part, before="k20"):
        await store.write(TABLE, part, [Delete(row.key, row.etag)])
        seen += 1

    assert seen == 20
    assert await keys(store, part) == [f"k{n:02}" for n in range(20, 30)]


async def test_a_scan_may_be_left(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("a"), Insert("b")])
    async for row in store.scan(TABLE, part):
        assert row.key == "a"
        break

    assert await keys(store, part) == ["a", "b"]


async def test_tasks_that_count_at_once_lose_nothing(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("k", {"n": 0})])

    async def count() -> None:
        row = await read(store, part)
        try:
            one_more = {"n": int(row.properties["n"]) + 1}
            await store.write(TABLE, part, [Replace("k", one_more, row.etag)])
        except LostRace:
            await count()

    async def count_often() -> None:
        for _ in range(5):
            await count()

    await asyncio.gather(*(count_often() for _ in range(6)))

    assert (await read(store, part)).properties == {"n": 30}


async def test_of_many_inserts_at_once_one_wins(store: Store, part: str) -> None:
    inserts = (store.write(TABLE, part, [Insert("k", {"by": n})]) for n in range(20))
    answers = await asyncio.gather(*inserts, return_exceptions=True)

    won = [n for n, answer in enumerate(answers) if isinstance(answer, tuple)]
    assert [type(answer) for answer in answers].count(LostRace) == 19
    assert [(await read(store, part)).properties["by"]] == won


async def test_a_cancelled_write_is_whole_or_nothing(store: Store, part: str) -> None:
    await store.write(TABLE, part, [Insert("before")])
    pairs = [[Insert(f"a{n}"), Insert(f"b{n}")] for n in range(20)]
    tasks = [asyncio.create_task(store.write(TABLE, part, pair)) for pair in pairs]
    await tasks[0]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.write(TABLE, part, [Insert("c-after")])

    found = await keys(store, part)
    assert {"a0", "b0", "before", "c-after"} <= set(found)
    assert [key[1:] for key in found if key[0] == "a"] == [
        key[1:] for key in found if key[0] == "b" and key != "before"
    ]


async def test_the_largest_transactions_are_taken(store: Store, part: str) -> None:
    longest_key = "é" * (MAX_KEY_BYTES // 2)
    widest = {f"p{n}": n for n in range(MAX_PROPERTIES)}
    fullest = {f"p{n:02}": "x" * 32_740 for n in range(16)}  # 564 bytes under 1 MiB
    await store.write(TABLE, part, [Insert(f"k{n:02}") for n in range(MAX_OPERATIONS)])
    await store.write(TABLE, part, [Put("k00", widest), Put("k01", fullest), Put(longest_key)])

    assert (await read(store, part, "k00")).properties == widest
    assert (await read(store, part, "k01")).properties == fullest
    assert (await read(store, part, longest_key)).key == longest_key


REFUSED: dict[str, list[Operation]] = {
    "nothing to do": [],
    "too many operations": [Insert(f"k{n}") for n in range(MAX_OPERATIONS + 1)],
    "a key twice": [Insert("new"), Put("k"), Unchanged("k", NO_VERSION)],
    "a slash in a key": [Insert("new"), Delete("a/b")],
    "a control character in a key": [Insert("new"), Insert("a\x85b")],
    "half a character in a key": [Insert("new"), Insert("\ud800")],
    "a key too long": [Insert("new"), Insert("k" * (MAX_KEY_BYTES // 2 + 1))],
    "a name of Tables' own": [Insert("new", {"Timestamp": "now"})],
    "a name with a dot": [Insert("new", {"a.b": 1})],
    "a text too long": [Insert("new", {"t": "x" * (MAX_TEXT_UNITS + 1)})],
    "half a character": [Insert("new", {"t": "\udfff"})],
    "an integer too large": [Insert("new", {"i": MAX_INTEGER + 1})],
    "no value": [Insert("new", {"v": None})],  # type: ignore[dict-item]
    "bytes": [Insert("new", {"v": b"x"})],  # type: ignore[dict-item]
    "too many properties": [Insert("new", {f"p{n}": 1 for n in range(MAX_PROPERTIES + 1)})],
    "a row too large": [Insert("new", {f"p{n}": "x" * MAX_TEXT_UNITS for n in range(16)})],
    "a transaction too large": [
        Insert(f"k{n}", {f"p{m}": "x" * 32_000 for m in range(16)}) for n in range(5)
    ],
}


@pytest.mark.parametrize("operations", REFUSED.values(), ids=REFUSED.keys())
async def test_what_tables_would_refuse_is_refused(
    store: Store, part: str, operations: list[Operation]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        await store.write(TABLE, part, operations)

    assert await keys(store, part) == []


@pytest.mark.parametrize("table", ["ab", "1ab", "a-bc", "a" * 64, ""])
async def test_names_that_no_table_has_are_refused(store: Store, part: str, table: str) -> None:
    with pytest.raises(ValueError, match="table name"):
        await store.write(table, part, [Insert("k")])


async def test_closing_twice_is_no_error(store: Store) -> None:
    await store.close()
    await store.close()
