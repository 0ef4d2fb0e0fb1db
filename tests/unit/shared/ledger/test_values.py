"""What goes into the ledger comes out again, whatever letters and lengths it has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from strategies import people, records, texts, ties, words

from shared.ledger.cursors import Cursor
from shared.ledger.history import Told
from shared.ledger.pack import key_of, pack, pack_text, unpack, unpack_text
from shared.ledger.people import Claim, Decision, StoredRecord, TargetRow
from shared.ledger.policies import Active
from shared.ledger.rows import Put, Row, check_limits
from shared.model.account import Applied
from shared.model.change import Harm
from shared.model.desired import Reason, State, TargetName
from shared.model.event import Event
from shared.model.harm import Batch, HarmEntry, Member
from shared.model.person import PersonId

moments = st.integers(-10_000_000, 10_000_000).map(lambda s: NOW + timedelta(seconds=s))
reasons = st.builds(Reason, rule=words, because=words)
rights = st.dictionaries(words, st.lists(reasons, max_size=2).map(tuple), max_size=3)
maybe = st.none() | texts
applied = st.builds(
    Applied,
    account_id=maybe,
    login=maybe,
    operator_id=maybe,
    state=st.sampled_from(State),
    is_manager=st.booleans(),
    rights=rights,
    values=st.dictionaries(words, reasons, max_size=3),
)
wakes = st.dictionaries(st.sampled_from(TargetName), st.integers(0, 9))
holds = st.dictionaries(st.sampled_from(Harm), words)
persons = words.map(PersonId)
values: st.SearchStrategy[BaseModel] = st.one_of(
    st.builds(
        StoredRecord,
        key=words,
        record=st.none() | records(),
        observed_at=moments,
        missing_since=st.none() | moments,
        problem=maybe,
        mender=st.sampled_from([None, "hr", "policy"]),
    ),
    st.builds(
        Decision,
        person=people,
        ties=ties,
        policy=words,
        as_of=moments,
        hold=holds,
        wake=wakes,
        event=st.sampled_from(Event),
    ),
    st.builds(
        TargetRow,
        served=st.integers(0, 9),
        applied=applied,
        trying=maybe,
        claim=st.none() | st.builds(Claim, worker=words, until=moments),
        attempt=st.integers(0, 9),
        due_at=st.none() | moments,
        problem=maybe,
        mender=st.sampled_from([None, "hr", "policy", "target", "operator"]),
        finished_at=st.none() | moments,
    ),
    st.builds(
        HarmEntry,
        person_id=persons,
        state=st.sampled_from(["released", "held"]),
        content=words,
        approved=st.booleans(),
        batch=maybe,
        targets=st.lists(st.sampled_from(TargetName), unique=True).map(tuple),
        done_at=st.none() | moments,
    ),
    st.builds(Batch, batch_id=words, kind=st.sampled_from(Harm), opened_at=moments, cause=words),
    st.builds(
        Member,
        person_id=persons,
        number=words,
        content=words,
        before=st.sampled_from(State),
        after=st.sampled_from(State),
        why=words,
    ),
    st.builds(
        Cursor,
        changed_until=st.none() | moments,
        full_sync_at=st.none() | moments,
        population=st.none() | st.integers(0, 10**6),
        mass_leave=maybe,
        problem=maybe,
    ),
    st.builds(Active, policy=words, since=moments, still_to_wake=st.booleans(), woken_until=texts),
    st.builds(Told, at=moments, what=words, who=words, reasons=st.lists(reasons).map(tuple)),
)


@settings(max_examples=200, deadline=None)
@given(values)
def test_every_value_comes_back_as_it_went(value: BaseModel) -> None:
    properties = pack(value)
    check_limits("people", "p", [Put("k", properties)])

    row = Row("people", "p", "k", properties, "e", NOW)
    assert unpack(type(value), row) == value


@settings(deadline=None)
@given(st.text(max_size=300), st.integers(0, 400))
def test_long_texts_are_cut_and_joined(text: str, times: int) -> None:
    long = text * times
    properties = pack_text(long)
    if len(long) < 400_000 and not any("\ud800" <= c <= "\udfff" for c in text):
        check_limits("people", "p", [Put("k", properties)])

    assert unpack_text(properties) == long


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_text_is_a_legal_key_and_no_two_share_one(one: str, other: str) -> None:
    check_limits("people", key_of(one), [Put(key_of(one))])

    assert (key_of(one) == key_of(other)) is (one == other)


@pytest.mark.parametrize("plain", ["afas:1042", "00012", "jan.bos@proef.example", "A_b-9"])
def test_plain_keys_stay_readable(plain: str) -> None:
    assert key_of(plain) == plain
