"""Which Person do these records make? Whatever the order in which they are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import TODAY, a_contract, a_record
from hypothesis import given
from hypothesis import strategies as st
from strategies import records

from shared.intake.merge import may_work, merge
from shared.model.person import Record

RUNS = a_record("2", contracts=(a_contract(),))
OVER = a_record("1", contracts=(a_contract(end=TODAY - timedelta(days=1)),))
COMES = a_record("3", contracts=(a_contract(start=TODAY + timedelta(days=1)),))


def test_nobody_is_made_of_no_records() -> None:
    assert merge([], today=TODAY, missing=False) is None


def test_a_running_contract_gives_the_name() -> None:
    person = merge([OVER, COMES, RUNS], today=TODAY, missing=True)

    assert person is not None
    assert person.primary_record == RUNS
    assert person.missing


def test_without_a_running_one_the_latest_contract_gives_the_name() -> None:
    person = merge([OVER, COMES], today=TODAY, missing=False)

    assert person is not None
    assert person.primary_record == COMES


@given(st.lists(records(), min_size=1, max_size=4, unique_by=lambda r: r.key), st.randoms())
def test_the_order_of_the_records_does_not_matter(found: list[Record], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    person = merge(found, today=TODAY, missing=False)
    assert person == merge(shuffled, today=TODAY, missing=False)
    assert person is not None
    assert sorted(r.key for r in person.records) == sorted(r.key for r in found)


def test_the_number_of_the_accounts_stays_when_another_record_leads() -> None:
    person = merge([OVER, RUNS], today=TODAY, missing=False, numbered=OVER.key)

    assert person is not None
    assert (person.primary_record, person.numbered_record) == (RUNS, OVER)


def test_without_accounts_the_leading_record_gives_the_number() -> None:
    person = merge([OVER, RUNS], today=TODAY, missing=False)

    assert person is not None
    assert person.numbered_record == person.primary_record == RUNS


@pytest.mark.parametrize("numbered", [RUNS.key, "csv:gone"])
def test_a_number_that_is_the_leading_ones_or_gone_is_not_noted(numbered: str) -> None:
    person = merge([OVER, RUNS], today=TODAY, missing=False, numbered=numbered)

    assert person == merge([OVER, RUNS], today=TODAY, missing=False)


def test_who_has_a_contract_to_come_may_work() -> None:
    assert [may_work(one, TODAY) for one in (OVER, RUNS, COMES)] == [False, True, True]
