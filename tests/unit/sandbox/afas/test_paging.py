"""Do pages hold every row once, and only when the caller orders them on something unique?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.afas import paging
from sandbox.afas.paging import Page
from sandbox.afas.wire import Refused, Row

names = st.none() | st.text("abAB", max_size=2)
rows_of_people = st.lists(
    st.tuples(st.integers(0, 99), names), max_size=20, unique_by=lambda row: row[0]
)


def read_all(rows: list[Row], by: list[tuple[int, bool]], take: int) -> list[Row]:
    result: list[Row] = []
    for call in range(len(rows) // take + 1):
        ordered = paging.order(paging.shuffle(rows, call), by).rows
        result.extend(Page(len(result), take).cut(ordered))
    return result


@settings(deadline=None)
@given(rows_of_people, st.integers(1, 7), st.booleans())
def test_a_unique_order_gives_every_row_once(rows: list[Row], take: int, descending: bool) -> None:  # noqa: FBT001
    read = read_all(rows, [(1, descending), (0, False)], take)

    assert sorted(read, key=repr) == sorted(rows, key=repr)


@settings(deadline=None)
@given(rows_of_people, st.booleans())
def test_rows_are_sorted_as_a_database_sorts(rows: list[Row], descending: bool) -> None:  # noqa: FBT001
    ordered = paging.order(rows, [(1, descending), (0, False)])
    texts = ["" if row[1] is None else "~" + str(row[1]).casefold() for row in ordered.rows]

    assert texts == sorted(texts, reverse=descending)
    assert ordered.is_total
    for row, following in pairwise(ordered.rows):
        if repr(row[1]).casefold() == repr(following[1]).casefold():
            assert row[0] < following[0]  # type: ignore[operator]  # both are numbers


def test_without_an_order_rows_are_missed_and_doubled() -> None:
    rows: list[Row] = [(number, "a") for number in range(50)]

    read = read_all(rows, [], take=10)

    assert len(set(read)) < len(read)
    assert set(read) != set(rows)


def test_an_order_on_something_that_ties_is_no_order() -> None:
    rows: list[Row] = [(number, "a") for number in range(50)]

    read = read_all(rows, [(1, False)], take=10)

    assert not paging.order(rows, [(1, False)]).is_total
    assert set(read) != set(rows)


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, Page(0, 100)),
        ({"take": "5"}, Page(0, 5)),
        ({"skip": "5"}, Page(5, 100)),
        ({"skip": "-1", "take": "-1"}, Page(-1, -1)),
        ({"take": "0"}, Page(0, 0)),
    ],
)
def test_skip_and_take_always_apply(query: dict[str, str], page: Page) -> None:
    assert paging.parse(query) == page


@pytest.mark.parametrize(
    "query",
    [
        {"skip": "2", "take": "-1"},
        {"skip": "-1", "take": "2"},
        {"skip": "-1"},
        {"take": "-1"},
        {"skip": "-5", "take": "10"},
        {"skip": "0", "take": "-2"},
        {"skip": "some"},
    ],
)
def test_other_combinations_are_the_unexpected_error(query: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        paging.parse(query)

    assert refusal.value.body is not None
    assert refusal.value.body["errorNumber"] == -2147180999


def test_an_order_on_an_unknown_field_names_it() -> None:
    with pytest.raises(Refused) as refusal:
        paging.parse_order({"orderbyfieldids": "Number,-Shoe"}, ("Number",))

    assert refusal.value.body is not None
    assert refusal.value.body["externalMessage"] == "Connector field 'Shoe' not found"
