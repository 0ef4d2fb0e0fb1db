"""The limits of Azure Tables, to the byte: the largest that is taken, and one more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.rows import (
    MAX_ENTITY_BYTES,
    MAX_INTEGER,
    MAX_KEY_BYTES,
    MAX_OPERATIONS,
    MAX_PROPERTIES,
    MAX_TEXT_UNITS,
    MAX_TRANSACTION_BYTES,
    Delete,
    Insert,
    Operation,
    Properties,
    Put,
    Replace,
    Unchanged,
    Value,
    check_key,
    check_limits,
)


def check(operations: Sequence[Operation], *, table: str = "people", part: str = "p") -> None:
    check_limits(table, part, operations)


def row_of(size: int) -> dict[str, Value]:
    """Properties of a row with partition `p` and key `k` that counts `size` bytes."""
    frame = 4 + 2 * 2
    each = 8 + 2 * 3 + 4
    full: dict[str, Value] = {f"t{n:02}": "x" * 32_000 for n in range(16)}
    rest = size - frame - 17 * each - 16 * 2 * 32_000
    return full | {"end": "x" * (rest // 2)}


@pytest.mark.parametrize("table", ["abc", "A12", "a" * 63])
def test_a_table_has_3_to_63_letters_and_digits(table: str) -> None:
    check([Insert("k")], table=table)


@pytest.mark.parametrize("table", ["", "ab", "1ab", "a-b", "a_b", "abc\n", "é23", "a" * 64])
def test_other_names_of_tables_are_refused(table: str) -> None:
    with pytest.raises(ValueError, match="table name"):
        check([Insert("k")], table=table)


def test_a_transaction_has_1_to_100_operations() -> None:
    check([Insert(f"k{n}") for n in range(MAX_OPERATIONS)])
    with pytest.raises(ValueError, match="not 0"):
        check([])
    with pytest.raises(ValueError, match="not 101"):
        check([Insert(f"k{n}") for n in range(MAX_OPERATIONS + 1)])


@pytest.mark.parametrize("second", [Put("k"), Delete("k"), Unchanged("k", "e"), Insert("k")])
def test_a_key_occurs_once_in_a_transaction(second: Operation) -> None:
    with pytest.raises(ValueError, match="twice"):
        check([Replace("k", {}, "e"), second])


def test_a_key_is_at_most_1_kib_of_utf16() -> None:
    for longest in ("k" * (MAX_KEY_BYTES // 2), "😀" * (MAX_KEY_BYTES // 4)):
        check([Insert(longest)])
        check([Insert("k")], part=longest)
        with pytest.raises(ValueError, match="longer"):
            check([Insert(longest + "k")])
        with pytest.raises(ValueError, match="longer"):
            check([Insert("k")], part=longest + "k")


@pytest.mark.parametrize("character", ["/", "\\", "#", "?", "\t", "\n", "\0", "\x7f", "\x9f"])
def test_no_key_holds_a_forbidden_character(character: str) -> None:
    for operation in (Delete(f"a{character}"), Unchanged(character, "e"), Insert(character)):
        with pytest.raises(ValueError, match="forbids"):
            check([operation])
    with pytest.raises(ValueError, match="forbids"):
        check([Insert("k")], part=f"a{character}b")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\#?")))
def test_every_other_character_is_free(text: str) -> None:
    check_key(text[: MAX_KEY_BYTES // 4])


def test_half_a_character_is_refused_anywhere() -> None:
    halves: list[Operation] = [Insert("\ud83d"), Insert("k", {"t": "\ude00"})]
    for operation in halves:
        with pytest.raises(ValueError, match="surrogates"):
            check([operation])


def test_a_row_has_at_most_252_properties() -> None:
    most: dict[str, Value] = {f"p{n}": n for n in range(MAX_PROPERTIES)}
    check([Put("k", most)])
    with pytest.raises(ValueError, match="252"):
        check([Put("k", most | {"more": 1})])


@pytest.mark.parametrize("name", ["", "1a", "a.b", "a-b", "a b", "é", "RowKey", "PartitionKey",
                                  "Timestamp", "a" * 256])  # fmt: skip
def test_other_names_of_properties_are_refused(name: str) -> None:
    check([Insert("k", {"a" * 255: 1, "_": 2, "rowkey": 3})])
    with pytest.raises(ValueError, match="property name"):
        check([Insert("k", {name: 1})])


def test_a_text_is_at_most_64_kib_of_utf16() -> None:
    for longest in ("x" * MAX_TEXT_UNITS, "😀" * (MAX_TEXT_UNITS // 2)):
        check([Insert("k", {"t": longest})])
        with pytest.raises(ValueError, match="32769 units"):
            check([Insert("k", {"t": longest + "x"})])


def test_an_integer_has_64_bits() -> None:
    check([Insert("k", {"least": -MAX_INTEGER - 1, "most": MAX_INTEGER})])
    for value in (-MAX_INTEGER - 2, MAX_INTEGER + 1):
        with pytest.raises(ValueError, match="64-bit"):
            check([Insert("k", {"i": value})])


@pytest.mark.parametrize("value", [None, b"x", [1], {"a": 1}, 1j])
def test_values_of_other_kinds_are_refused(value: object) -> None:
    properties: Properties = {"v": value}  # type: ignore[dict-item]
    for operation in (Insert("k", properties), Put("k", properties), Replace("k", properties, "")):
        with pytest.raises(ValueError, match="neither"):
            check([operation])


def test_a_row_is_at_most_1_mib() -> None:
    check([Insert("k", row_of(MAX_ENTITY_BYTES))])
    with pytest.raises(ValueError, match=str(MAX_ENTITY_BYTES + 2)):
        check([Insert("k", row_of(MAX_ENTITY_BYTES + 2))])


def test_a_transaction_is_at_most_4_mib() -> None:
    quarters: list[Operation] = [Put(key, row_of(MAX_ENTITY_BYTES)) for key in "abcd"]
    assert MAX_TRANSACTION_BYTES == 4 * MAX_ENTITY_BYTES
    check([*quarters, Delete("e")])
    with pytest.raises(ValueError, match=str(MAX_TRANSACTION_BYTES)):
        check([*quarters, Insert("e")])
