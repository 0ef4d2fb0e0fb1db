"""May this harm go on? A table of what the guard says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from build import NOW
from hypothesis import given
from hypothesis import strategies as st

from shared.guard.judge import Asked, Verdict, lately, verdict
from shared.model.change import Harm
from shared.model.harm import HarmEntry
from shared.model.person import PersonId
from shared.policy.document import Guard, Limit

ME = PersonId("me")
OPEN = HarmEntry(person_id=ME, state="released", content="x")
DONE = OPEN.model_copy(update={"done_at": NOW - timedelta(hours=1)})
HELD = HarmEntry(person_id=ME, state="held", content="x", batch="block-1")
OTHERS = tuple(
    HarmEntry(person_id=PersonId(str(n)), state="released", content="y") for n in range(3)
)


def says(
    mine: HarmEntry | None = None, *, others: tuple[HarmEntry, ...] = (), **changes: Any
) -> Verdict:
    asked = Asked(**{"content": "x", "allowed": 3, **changes})
    return verdict(mine, others, asked, NOW)


def test_harm_within_the_limit_is_released() -> None:
    assert says(others=OTHERS[:2]) == Verdict.RELEASE


def test_harm_over_the_limit_is_held() -> None:
    assert says(others=OTHERS) == Verdict.HOLD
    assert says(allowed=0) == Verdict.HOLD


def test_what_was_let_through_and_is_not_done_goes_on() -> None:
    assert says(OPEN, others=OTHERS) == Verdict.GOES_ON
    assert says(OPEN, content="other facts", allowed=0, always_hold=True) == Verdict.GOES_ON


def test_done_harm_of_the_same_person_is_judged_anew() -> None:
    assert says(DONE, others=OTHERS) == Verdict.HOLD
    assert says(DONE, others=OTHERS[:2]) == Verdict.RELEASE


def test_what_is_held_stays_held_though_there_is_room() -> None:
    assert says(HELD) == Verdict.HOLD
    assert says(content="other facts", always_hold=True) == Verdict.HOLD


def test_an_entry_of_other_facts_that_no_decision_holds_is_judged_anew() -> None:
    assert says(HELD, content="other facts") == Verdict.RELEASE


def test_an_approval_of_exactly_this_releases() -> None:
    yes = frozenset({"x"})

    assert says(HELD, approved=yes, allowed=0) == Verdict.RELEASE_APPROVED
    assert says(HELD, approved=yes, always_hold=True) == Verdict.RELEASE_APPROVED


def test_an_approval_of_other_facts_releases_nothing() -> None:
    assert says(HELD, approved=frozenset({"other facts"})) == Verdict.HOLD


def test_under_an_approval_nothing_else_goes_through() -> None:
    agreed = OPEN.model_copy(update={"approved": True})

    assert says(agreed) == Verdict.GOES_ON
    assert says(agreed, content="other facts", allowed=0) == Verdict.HOLD
    assert says(agreed, content="other facts") == Verdict.RELEASE


def test_a_no_to_exactly_this_keeps_it_off() -> None:
    no = frozenset({"x"})

    assert says(HELD, rejected=no) == Verdict.REFUSED
    assert says(HELD, content="other facts", rejected=no, always_hold=True) == Verdict.HOLD


@pytest.mark.parametrize(("same", "said"), [(1, Verdict.RELEASE), (2, Verdict.HOLD)])
def test_one_cause_may_be_counted_apart(same: int, said: Verdict) -> None:
    others = tuple(
        entry.model_copy(update={"cause": "edited" if n < same else "moved"})
        for n, entry in enumerate(OTHERS)
    )

    assert says(others=others, cause="edited", per_cause=2, allowed=10) == said
    assert says(others=others, cause="edited", allowed=10) == Verdict.RELEASE
    assert says(others=others, cause="edited", per_cause=9, allowed=3) == Verdict.HOLD


def test_what_always_waits_is_held_though_nobody_else_left() -> None:
    assert says(always_hold=True, allowed=100) == Verdict.HOLD


@given(st.integers(0, 48), st.booleans(), st.sampled_from(["released", "held"]))
def test_harm_counts_from_its_release_until_a_day_after_it_was_done(
    hours_ago: int,
    agreed: bool,  # noqa: FBT001 - drawn
    state: str,
) -> None:
    done_at = NOW - timedelta(hours=hours_ago) if hours_ago else None
    entry = HarmEntry.model_validate(
        {"person_id": "p", "state": state, "content": "", "approved": agreed, "done_at": done_at}
    )

    expected = state == "released" and not agreed and hours_ago < 24
    assert len(lately([entry], NOW)) == int(expected)
    assert lately([entry], NOW, but=PersonId("p")) == ()


def test_harm_kinds_are_words_of_the_policy() -> None:
    assert [str(kind) for kind in Harm] == list(Guard.model_fields)[: len(Harm)]


@pytest.mark.parametrize(("hours", "counts"), [(23, True), (25, False)])
def test_what_was_done_today_counts_though_more_of_theirs_is_held(
    hours: int,
    counts: bool,  # noqa: FBT001 - drawn
) -> None:
    done = OPEN.model_copy(update={"done_at": NOW})
    later = NOW + timedelta(hours=hours)
    held = HELD.model_copy(update={"earlier_until": done.counts_until(NOW)})

    assert bool(lately([held], later)) is counts


def test_the_end_of_counting_is_known_only_of_what_is_done() -> None:
    assert OPEN.counts_until(NOW) is None
    assert DONE.counts_until(NOW) == NOW + timedelta(hours=23)
    assert DONE.model_copy(update={"approved": True}).counts_until(NOW) is None


@pytest.mark.parametrize(
    ("population", "allowed"),
    [(None, 10), (99, 10), (100, 5), (200, 10), (1000, 10), (0, 10)],
)
def test_below_a_minimum_population_the_share_does_not_count(
    population: int | None, allowed: int
) -> None:
    limit = Limit(count=10, share=0.05, minimum_population=100)

    assert limit.allowed(population) == allowed


@pytest.mark.parametrize("kind", Harm)
def test_every_kind_has_a_limit_that_lets_daily_life_through(kind: Harm) -> None:
    assert Guard().limit(kind).allowed(10) >= 1
    assert Guard().limit(kind).allowed(100_000) <= 50


@pytest.mark.parametrize(("mine", "said"), [(3, Verdict.HOLD), (2, Verdict.RELEASE)])
def test_the_limit_is_pinned_from_both_sides(mine: int, said: Verdict) -> None:
    assert says(others=OTHERS[:mine], allowed=3) == said
