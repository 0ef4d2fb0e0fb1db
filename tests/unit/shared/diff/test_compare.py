"""What a new decision means: the event, who must look, and what may hurt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOW, TODAY, a_contract, a_person, a_policy
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import people, ties

from shared.diff import compare
from shared.model.change import Harm
from shared.model.desired import ALIVE, Desired, State, TargetName
from shared.model.event import Event
from shared.model.person import Person, Ties
from shared.policy.desired import desired

A, P, B, D, N = State.ACTIVE, State.PREPARED, State.BLOCKED, State.DELETED, State.ABSENT
POLICY = a_policy()


def wanted(state: State) -> Desired:
    """A desired state of which both targets are in this state."""
    want = desired(a_person(), Ties(), POLICY, NOW)
    return Desired(
        entra=want.entra.model_copy(update={"state": state}),
        topdesk=want.topdesk.model_copy(update={"state": state}),
    )


@pytest.mark.parametrize(
    ("was", "now", "event"),
    [
        (None, A, Event.JOINER),
        (None, P, Event.JOINER),
        (None, N, Event.UNCHANGED),
        (None, D, Event.UNCHANGED),
        (N, P, Event.JOINER),
        (P, A, Event.MOVER),
        (A, A, Event.UNCHANGED),
        (A, B, Event.LEAVER),
        (P, N, Event.LEAVER),
        (B, D, Event.UNCHANGED),
        (B, A, Event.RETURNER),
        (D, P, Event.RETURNER),
    ],
)
def test_each_turn_of_a_life_has_its_word(was: State | None, now: State, event: Event) -> None:
    assert compare.event(wanted(was) if was else None, wanted(now)) == event


@pytest.mark.parametrize(
    ("was", "will", "kinds"),
    [
        (A, A, set()),
        (A, P, {Harm.BLOCK}),
        (A, B, {Harm.BLOCK}),
        (A, D, {Harm.BLOCK, Harm.DELETE}),
        (A, N, {Harm.BLOCK}),
        (P, A, set()),
        (P, N, {Harm.BLOCK}),
        (P, B, {Harm.BLOCK}),
        (B, B, set()),
        (B, D, {Harm.DELETE}),
        (B, A, set()),
        (D, D, set()),
        (N, B, set()),
        (N, D, set()),
    ],
)
def test_harm_is_what_is_taken_from_someone(was: State, will: State, kinds: set[Harm]) -> None:
    assert compare.harm(was, will) == kinds


@given(st.sampled_from(State), st.sampled_from(State))
def test_what_is_held_is_harm_again_when_it_is_taken_off(was: State, will: State) -> None:
    """A second look at a held decision finds the same harm, whatever was applied."""
    kinds = compare.harm(was, will)

    assert kinds <= compare.harm(compare.without(kinds, will), will)


def test_harm_against_what_was_decided_counts_too() -> None:
    baseline = {TargetName.ENTRA: (N, A), TargetName.TOPDESK: (N,)}

    assert compare.harms(baseline, wanted(B)) == {Harm.BLOCK: (TargetName.ENTRA,)}


@settings(max_examples=60)
@given(people, ties)
def test_the_same_decision_is_unchanged_and_touches_nobody(person: Person, known: Ties) -> None:
    want = desired(person, known, POLICY, NOW)

    assert compare.event(want, want) == Event.UNCHANGED
    assert compare.touched(want, want) == frozenset()
    states = {target: (compare.side(want, target).state,) for target in TargetName}
    assert compare.harms(states, want) == {}


@settings(max_examples=60)
@given(people, ties, ties)
def test_what_others_contribute_moves_nobody(person: Person, one: Ties, other: Ties) -> None:
    """One person's change never yields another's event."""
    before, after = (desired(person, known, POLICY, NOW) for known in (one, other))

    assert compare.event(before, after) == Event.UNCHANGED


@settings(max_examples=60)
@given(people, people)
def test_going_there_touches_what_differs(one: Person, other: Person) -> None:
    before, after = (desired(person, Ties(), POLICY, NOW) for person in (one, other))
    touched = compare.touched(before, after)

    for target in TargetName:
        same = compare.side(before, target) == compare.side(after, target)
        assert (target in touched) is not same


def test_someone_for_whom_no_account_is_wanted_touches_no_target() -> None:
    gone = a_person(contracts=(a_contract(end=TODAY - timedelta(days=100)),))
    want = desired(gone, Ties(), POLICY, NOW)

    assert want.entra.state not in ALIVE
    assert compare.touched(None, want) == frozenset()
