"""Do filters choose the rows that a database would choose?"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.afas import filters
from sandbox.afas.filters import AnyOf, Condition
from sandbox.afas.wire import Refused, Row

TYPES = {"Number": "int", "Name": "string", "Since": "date", "On": "boolean"}
ORDER = tuple(TYPES)
DAYS = [datetime(2026, 1, day) for day in (1, 2, 3)]  # noqa: DTZ001 - AFAS has no zones

SQL = {
    "1": "{0} = {1}",
    "2": "{0} >= {1}",
    "3": "{0} <= {1}",
    "4": "{0} > {1}",
    "5": "{0} < {1}",
    "6": "instr(lower({0}), lower({1})) > 0",
    "7": "{0} <> {1}",
    "8": "{0} is null",
    "9": "{0} is not null",
    "10": "substr(lower({0}), 1, length({1})) = lower({1})",
    "11": "instr(lower({0}), lower({1})) = 0",
    "12": "substr(lower({0}), 1, length({1})) <> lower({1})",
    "13": "{0} is not null and ({1} = '' or substr(lower({0}), -length({1})) = lower({1}))",
    "14": "{1} <> '' and substr(lower({0}), -length({1})) <> lower({1})",
}

words = st.text("abAB", max_size=3)
rows_of_people = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.none() | words.filter(bool),
        st.none() | st.sampled_from(DAYS),
        st.booleans(),
    ),
    max_size=12,
)
conditions = st.one_of(
    st.builds(
        Condition,
        st.just("Number"),
        st.sampled_from(["1", "2", "3", "4", "5", "7", "8", "9"]),
        st.integers(0, 5).map(str),
    ),
    st.builds(Condition, st.just("Name"), st.sampled_from(list(SQL)), words),
    st.builds(
        Condition,
        st.just("Since"),
        st.sampled_from(["1", "2", "3", "4", "5", "7", "8", "9"]),
        st.sampled_from(DAYS).map(lambda day: day.isoformat()),
    ),
    st.builds(Condition, st.just("On"), st.sampled_from(["1", "7"]), st.sampled_from("01")),
)
alternatives = st.lists(st.lists(conditions, min_size=1, max_size=3).map(tuple), min_size=1)


def chosen_by_sqlite(rows: list[Row], any_of: AnyOf) -> list[int]:
    database = sqlite3.connect(":memory:")
    database.execute(
        'create table rows (place, "Number" int, "Name" text collate nocase, "Since" text, "On")'
    )
    plain = [[v.isoformat() if isinstance(v, datetime) else v for v in row] for row in rows]
    database.executemany(
        "insert into rows values (?, ?, ?, ?, ?)", [[i, *row] for i, row in enumerate(plain)]
    )
    clause, values = [], []
    for group in any_of:
        tests = []
        for condition in group:
            value: object = condition.value
            if TYPES[condition.field_id] in ("int", "boolean"):
                value = int(condition.value)
            values.append(value)
            slot = f"?{len(values)}"
            tests.append(
                "(" + SQL[condition.operator].format(f'"{condition.field_id}"', slot) + ")"
            )
        clause.append("(" + " and ".join(tests) + ")")
    where = " or ".join(clause)
    # every slot is named once more, as sqlite wants no value unused
    used = " and ".join(f"(?{n} is ?{n})" for n in range(1, len(values) + 1))
    found = database.execute(
        f"select place from rows where ({where}) and {used} order by place",  # noqa: S608 - fixed
        values,
    ).fetchall()
    database.close()
    return [place for (place,) in found]


@settings(deadline=None)
@given(rows_of_people, alternatives)
def test_a_filter_chooses_what_a_database_chooses(
    rows: list[Row], groups: list[tuple[Condition, ...]]
) -> None:
    matches = filters.predicate(tuple(groups), TYPES, ORDER)

    assert [i for i, row in enumerate(rows) if matches(row)] == chosen_by_sqlite(
        rows, tuple(groups)
    )


def written(groups: list[tuple[Condition, ...]]) -> dict[str, str]:
    def join(name: str) -> str:
        return ";".join(",".join(getattr(c, name) for c in group) for group in groups)

    query = {
        "filterfieldids": join("field_id"),
        "filtervalues": join("value"),
        "operatortypes": join("operator"),
    }
    decoded = parse_qs(urlencode(query), keep_blank_values=True)
    return {name: value for name, (value,) in decoded.items()}


@settings(deadline=None)
@given(alternatives)
def test_both_spellings_of_a_filter_read_the_same(groups: list[tuple[Condition, ...]]) -> None:
    as_json = {
        "Filters": {
            "Filter": [
                {
                    "@FilterId": f"Filter {number}",
                    "Field": [
                        {
                            "@FieldId": c.field_id,
                            "@OperatorType": c.operator,
                            "#text": c.value,
                        }
                        for c in group
                    ],
                }
                for number, group in enumerate(groups, 1)
            ]
        }
    }

    assert filters.parse(written(groups)) == tuple(groups)
    assert filters.parse({"filterjson": json.dumps(as_json)}) == tuple(groups)


def test_no_filter_is_no_filter() -> None:
    assert filters.parse({"skip": "0"}) == ()


@pytest.mark.parametrize("placeholder", ["", "[is leeg]", '""'])
def test_is_empty_takes_any_placeholder(placeholder: str) -> None:
    query = {"filterfieldids": "Name", "filtervalues": placeholder, "operatortypes": "8"}
    matches = filters.predicate(filters.parse(query), TYPES, ORDER)

    assert matches((1, None, None, True))
    assert not matches((1, "a", None, True))


def test_a_quick_filter_wants_every_word() -> None:
    matches = filters.predicate(((Condition("Name", "15", "jan BER"),),), TYPES, ORDER)

    assert matches((1, "Berg, van den Jan", None, True))
    assert not matches((1, "Berg, Piet", None, True))


@pytest.mark.parametrize(
    "query",
    [
        {"filterfieldids": "Name"},
        {"filterfieldids": "Name", "operatortypes": "8"},
        {"filterfieldids": "Name,Number", "filtervalues": "a", "operatortypes": "1"},
        {"filterfieldids": "Name", "filtervalues": "Dijk, S.M. van", "operatortypes": "1"},
        {"filterfieldids": "Name;Number", "filtervalues": "a,1", "operatortypes": "1;1"},
        {"filterjson": "{"},
        {"filterjson": "[]"},
        {"filterjson": '{"Filters": {"Filter": [{"Field": [{"#text": "1"}]}]}}'},
    ],
)
def test_a_malformed_filter_is_the_unexpected_error(query: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        filters.parse(query)

    assert refusal.value.status == 500


@pytest.mark.parametrize(
    "condition",
    [
        Condition("Since", "2", "2026-01-01T00:00:00Z"),
        Condition("Since", "2", "yesterday"),
        Condition("Number", "1", "many"),
        Condition("On", "1", "perhaps"),
        Condition("Name", "16", "a"),
        Condition("Nothing", "1", "a"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(condition: Condition) -> None:
    with pytest.raises(Refused) as refusal:
        filters.predicate(((condition,),), TYPES, ORDER)

    assert refusal.value.status == 500
