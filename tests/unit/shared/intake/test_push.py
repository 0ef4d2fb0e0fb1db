"""A call becomes items and an item a record, or a sentence; nothing else ever comes out of it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from build import a_name, a_record
from hypothesis import given
from hypothesis import strategies as st

from shared.intake import push
from shared.intake.push import Problem, Wrong
from shared.intake.webhook import Refused
from shared.model.name import NameUsage, PersonName
from shared.model.person import Contract, Record, Unit

SANNE: dict[str, Any] = {
    "number": "1042",
    "name": {"nickname": "Sanne", "birth_prefix": "van", "birth": "Dijk"},
    "contracts": [{"key": "1", "start": "2024-01-01", "department": {"code": "ICT"}}],
    "mobile": "06",
}
AS_RECORD = Record(
    source="push",
    number="1042",
    name=PersonName(nickname="Sanne", birth_prefix="van", birth="Dijk"),
    contracts=(Contract(key="1", start=date(2024, 1, 1), department=Unit(code="ICT")),),
    mobile="06",
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    [
        "number",
        "name",
        "contracts",
        "birth",
        "key",
        "start",
        "end",
        "usage",
        "hours",
        "job",
        "code",
    ]
)
almost_a_person = st.recursive(
    any_json | st.sampled_from(["1042", "2024-01-01", "B", 36, "\ud800", "\0", "9999-12-31"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=6),
    max_leaves=20,
)


def problems(item: Any) -> list[tuple[str, str]]:
    found = push.whole(item)
    assert isinstance(found, Wrong), found
    return [(one.field, one.problem) for one in found.problems]


def contract(**changes: Any) -> dict[str, Any]:
    return {**SANNE, "contracts": [{**SANNE["contracts"][0], **changes}]}


# --- whole people ----------------------------------------------------------------------------


def test_a_whole_person_is_a_record() -> None:
    assert push.whole(SANNE) == AS_RECORD


def test_left_out_null_and_empty_are_the_same() -> None:
    nulls = {**SANNE, "human_key": None, "phone": "", "name": {**SANNE["name"], "usage": None}}

    assert push.whole(nulls) == push.whole(SANNE)


def test_every_fact_of_a_record_can_be_pushed() -> None:
    unit = {"code": "01", "name": "Een"}
    everything: dict[str, Any] = {
        "number": " 1042 ",
        "human_key": "h1",
        "name": {
            **{part: "X" for part in PersonName.model_fields if part != "usage"},
            "usage": "PB",
        },
        "contracts": [
            {
                "key": "1",
                "start": "2024-01-01",
                "end": "2030-12-31",
                "sequence": 2,
                "hours": 36,
                "fte": 1.0,
                "kind": "P",
                "job": unit,
                "department": unit,
                "cost_centre": unit,
                "employer": unit,
                "manager": "7",
                "external": True,
                "sponsor": "8",
                "leaves": [{"kind": "Onbetaald", "start": "2026-01-01", "end": "2026-03-31"}],
            }
        ],
        "birth_date": "1990-02-28",
        "died_on": "2026-11-01",
        "phone": "010",
        "mobile": "06",
    }

    assert everything.keys() == Record.model_fields.keys() - {"source"}
    assert everything["contracts"][0].keys() == Contract.model_fields.keys()
    found = push.whole(everything)

    assert isinstance(found, Record)
    assert found.number == "1042"
    assert found.name.usage == NameUsage.PARTNER_BIRTH
    assert push.whole(push.as_pushed(found)) == found
    assert push.as_pushed(found)["contracts"] == everything["contracts"]


@pytest.mark.parametrize("end", [None, "9999-12-31"])
def test_no_end_is_null_or_the_year_9999(end: str | None) -> None:
    assert push.whole(contract(end=end)) == AS_RECORD


@pytest.mark.parametrize("end", ["2023-12-31", "2023-01-01"])
def test_contract_that_ends_before_it_begins_is_kept_as_such(end: str) -> None:
    """Admission tells a withdrawn start from a mistake."""
    found = push.whole(contract(end=end))

    assert isinstance(found, Record)
    assert found.contracts[0].is_withdrawn
    assert str(found.contracts[0].end) == end


def test_contracts_stand_in_order() -> None:
    two = [{"key": "b", "start": "2025-01-01"}, {"key": "a", "start": "2024-01-01"}]
    found = push.whole({**SANNE, "contracts": two})

    assert isinstance(found, Record)
    assert [one.key for one in found.contracts] == ["a", "b"]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({**SANNE, "number": 1042}, ("number", "is no text")),
        ({**SANNE, "number": ""}, ("number", "is empty")),
        ({**SANNE, "number": "1\n2"}, ("number", "holds a character that cannot be printed")),
        ({**SANNE, "number": "9" * 65}, ("number", "is too long")),
        ({"number": "1042"}, ("name", "is missing")),
        ({**SANNE, "name": {"birth": " "}}, ("name.birth", "is empty")),
        (
            {**SANNE, "name": {**SANNE["name"], "usage": "X"}},
            ("name.usage", "is no usage of names"),
        ),
        (contract(start="30-11-2026"), ("contracts[0].start", "is no date")),
        (contract(start="2026-11-30T00:00:00"), ("contracts[0].start", "is no date")),
        (contract(start=20261130), ("contracts[0].start", "is no date")),
        (contract(start=None), ("contracts[0].start", "is no date")),
        (
            contract(start="0001-01-01"),
            ("contracts[0].start", "lies outside the years 1900 to 2199"),
        ),
        (contract(end="3000-01-01"), ("contracts[0].end", "lies outside the years 1900 to 2199")),
        (contract(hours="36"), ("contracts[0].hours", "is no number")),
        (contract(hours=float("inf")), ("contracts[0].hours", "is no number")),
        (contract(hours=-1), ("contracts[0].hours", "is too small")),
        (contract(external="yes"), ("contracts[0].external", "is neither true nor false")),
        (contract(leaves=[{}]), ("contracts[0].leaves[0].start", "is missing")),
        (contract(sequence=1.5), ("contracts[0].sequence", "is no whole number")),
        (contract(department="ICT"), ("contracts[0].department", "is no object")),
        (contract(department={"name": "x"}), ("contracts[0].department.code", "is missing")),
        ({**SANNE, "contracts": {}}, ("contracts", "is no list")),
        ({**SANNE, "contracts": SANNE["contracts"] * 2}, ("contracts", "hold one key twice")),
        ({**SANNE, "contracts": SANNE["contracts"] * 51}, ("contracts", "holds too many")),
        ({**SANNE, "bsn": "x"}, ("bsn", "is no field")),
        (
            {**SANNE, "mobile": "\ud800"},
            ("", "holds what is no text, such as half of a character"),
        ),
        ("1042", ("", "is no object")),
        (None, ("", "is no object")),
    ],
)
def test_what_is_wrong_is_told_by_field(item: Any, told: tuple[str, str]) -> None:
    assert told in problems(item)


def test_wrong_word_is_told_with_the_nearest_field() -> None:
    found = push.whole(contract(departement={"code": "ICT"}))

    assert found == Wrong(
        (Problem("contracts[0].departement", "is no field", "Did you mean 'department'?"),)
    )


def test_no_value_is_ever_repeated() -> None:
    secret = "hush-hush"
    item = {
        "number": [secret],
        "name": {"birth": 5, "usage": secret},
        "contracts": [{"key": secret * 20, "start": secret, "hours": secret, "job": secret}],
        "phone": f"{secret}\n",
    }

    assert secret not in str(push.whole(item))


def test_an_item_nested_without_end_is_refused() -> None:
    deep: Any = {}
    for _ in range(20_000):
        deep = {"a": deep}

    for found in (push.whole(deep), push.changed(deep, AS_RECORD)):
        assert isinstance(found, Wrong)


# --- what changes ----------------------------------------------------------------------------


def test_only_what_is_given_changes() -> None:
    found = push.changed({"number": "1042", "name": {"partner": "Boer", "usage": "P"}}, AS_RECORD)

    assert isinstance(found, Record)
    assert found.name.display == "Sanne Boer"
    assert found.model_copy(update={"name": AS_RECORD.name}) == AS_RECORD


def test_null_clears() -> None:
    found = push.changed({"number": "1042", "mobile": None, "name": {"nickname": None}}, AS_RECORD)

    assert isinstance(found, Record)
    assert found.mobile is None
    assert found.name.nickname == ""
    assert found.name.birth == "Dijk"


def test_what_must_be_there_cannot_be_cleared() -> None:
    assert push.changed({"number": "1042", "name": {"birth": None}}, AS_RECORD) == Wrong(
        (Problem("name.birth", "is missing", "Give it, or PATCH somebody who is known already"),)
    )


def test_contracts_are_replaced_as_a_whole() -> None:
    other = [{"key": "2", "start": "2025-01-01"}]
    found = push.changed({"number": "1042", "contracts": other}, AS_RECORD)

    assert isinstance(found, Record)
    assert [one.key for one in found.contracts] == ["2"]


def test_unknown_number_must_be_whole() -> None:
    found = push.changed({"number": "7", "mobile": "06"}, None)

    assert isinstance(found, Wrong)
    assert found.problems[0].problem == "is nobody's here yet"
    assert push.changed(SANNE, None) == AS_RECORD


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_is_that_of_the_rfc(target: Any, patch: Any, merged: Any) -> None:
    """RFC 7396, appendix A."""
    assert push.merge_patch(target, patch) == merged


@given(st.text("abc", max_size=5), st.sampled_from(NameUsage))
def test_patch_with_nothing_changes_nothing(mobile: str, usage: NameUsage) -> None:
    held = a_record("1042", source="push", name=a_name(usage=usage), mobile=mobile or None)

    assert push.changed({"number": "1042"}, held) == held


# --- calls -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is no JSON"),
        (b"{", "the body is no JSON"),
        (b"\xff", "the body is no JSON"),
        (b'{"people": [NaN]}', "the body is no JSON"),
        (b'{"people":' + b"[" * 100_000, "the body is no JSON"),
        (b"[]", "the body is no call"),
        (b"{}", "the body is no call"),
        (b'{"people": {}}', "the body is no call"),
        (b'{"people": []}', "the call names nobody"),
        (json.dumps({"people": [0] * 1001}).encode(), "at most 1000 people"),
        (b'{"people": [0], "as_of": "2026-11-30"}', "as_of is no moment with its zone"),
        (b'{"people": [0], "as_of": "2026-11-30T08:00:00"}', "as_of is no moment with its zone"),
        (b'{"people": [0], "poeple": 1}', "a field beside people and as_of"),
        (b'{"people": [0], "\\ud800": 1}', "the body is no call"),
    ],
)
def test_body_that_is_no_call_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        push.read(body)

    assert refused.value.status == 400


def test_a_call_of_a_thousand_comes_in() -> None:
    assert len(push.read(json.dumps({"people": [SANNE] * 1000}).encode()).items) == 1000


@given(st.binary() | any_json.map(lambda it: json.dumps(it).encode()))
def test_any_bytes_are_a_call_or_refused(body: bytes) -> None:
    try:
        push.read(body)
    except Refused as refused:
        assert 400 <= refused.status < 500  # noqa: PT017 - either answer is right


@given(almost_a_person)
def test_any_item_is_a_record_or_wrong(item: Any) -> None:
    for found in (push.whole(item), push.changed(item, AS_RECORD), push.changed(item, None)):
        assert isinstance(found, Record | Wrong)
        if isinstance(found, Wrong):
            assert found.problems
    assert push.number_of(item) is None or push.number_of(item)


def test_birth_date_is_taken_and_a_citizen_service_number_is_refused() -> None:
    record = push.whole({**SANNE, "birth_date": "1991-05-17"})
    refused = push.whole({**SANNE, "bsn": "999999990"})

    assert isinstance(record, Record)
    assert record.birth_date == date(1991, 5, 17)
    assert isinstance(refused, push.Wrong)
    assert [one.field for one in refused.problems] == ["bsn"]
