"""May this harm go on? A table of what the guard says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOW
from hypothesis import given
from hypothesis import strategies as st

from shared.guard.judge import Verdict, lately, verdict
from shared.model.change import Harm
from shared.model.desired import State
from shared.model.harm import Batch, HarmEntry, Member
from shared.model.person import PersonId

ME = PersonId("me")
OPEN = HarmEntry(person_id=ME, state="released", content="x")
DONE = OPEN.model_copy(update={"done_at": NOW - timedelta(hours=1)})
HELD = HarmEntry(person_id=ME, state="held", content="x", batch="block-1")
OTHERS = tuple(
    HarmEntry(person_id=PersonId(str(n)), state="released", content="y") for n in range(3)
)


def approved(content: str = "x", state: str = "approved") -> tuple[Batch, Member]:
    batch = Batch.model_validate(
        {"batch_id": "block-1", "kind": "block", "opened_at": NOW, "cause": "c", "state": state}
    )
    member = Member(
        person_id=ME,
        number="afas:1",
        content=content,
        before=State.ACTIVE,
        after=State.BLOCKED,
        why="last day",
    )
    return batch, member


def says(
    mine: HarmEntry | None = None,
    *,
    others: tuple[HarmEntry, ...] = (),
    content: str = "x",
    approval: tuple[Batch, Member] | None = None,
    allowed: int = 3,
    always_hold: bool = False,
) -> Verdict:
    return verdict(
        mine,
        others,
        content=content,
        approval=approval,
        allowed=allowed,
        now=NOW,
        always_hold=always_hold,
    )


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


@pytest.mark.parametrize("state", ["approved", "closed"])
def test_an_approval_of_exactly_this_releases(state: str) -> None:
    assert says(HELD, approval=approved(state=state), allowed=0) == Verdict.RELEASE_APPROVED
    always = says(HELD, approval=approved(state=state), always_hold=True)
    assert always == Verdict.RELEASE_APPROVED


def test_an_approval_of_other_facts_releases_nothing() -> None:
    assert says(HELD, approval=approved("other facts")) == Verdict.HOLD


def test_an_open_batch_is_no_approval() -> None:
    assert says(HELD, approval=approved(state="open")) == Verdict.HOLD


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
    assert lately([entry], NOW) == int(expected)
    assert lately([entry], NOW, but=PersonId("p")) == 0


def test_harm_kinds_are_words_of_the_policy() -> None:
    assert [str(kind) for kind in Harm] == ["block", "delete"]
