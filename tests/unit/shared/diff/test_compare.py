"""What a new decision means: the event, who must look, and what may hurt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from build import NOW, TODAY, a_contract, a_name, a_person, a_policy, moved
from build import POLICY as RULES
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import people, ties

from shared.diff import compare
from shared.diff.compare import OPERATOR_CARD, Stand
from shared.model.account import Applied
from shared.model.change import Harm
from shared.model.desired import ALIVE, Desired, State, TargetName
from shared.model.event import Event
from shared.model.harm import Loss
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
        hr=want.hr,
    )


def stand(state: State, **changes: Any) -> Stand:
    return Stand(**{"state": state, "has_account": state != N, **changes})


def lost(before: Desired, after: Desired) -> Mapping[Harm, tuple[Loss, ...]]:
    """The harm of deciding `after` for somebody who has exactly what `before` says."""
    decided = {t: (compare.decided((), compare.side(before, t)),) for t in TargetName}
    lived = {t: stands if stands[0].has_account else () for t, stands in decided.items()}
    kinds = compare.harms(lived, after)
    return {kind: losses for kind, losses in kinds.items() if kind != Harm.JOINER}


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
    baseline = {TargetName.ENTRA: (stand(N), stand(A)), TargetName.TOPDESK: (stand(N),)}

    assert compare.harms(baseline, wanted(B)) == {Harm.BLOCK: (Loss(target=TargetName.ENTRA),)}


@settings(max_examples=60)
@given(people, ties)
def test_the_same_decision_is_unchanged_and_touches_nobody(person: Person, known: Ties) -> None:
    want = desired(person, known, POLICY, NOW)

    assert compare.event(want, want) == Event.UNCHANGED
    assert compare.touched(want, want) == frozenset()
    assert lost(want, want) == {}


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


# --- rights, names and accounts ----------------------------------------------------------------

ICT = a_person()
ZORG = Person(records=(moved(ICT.primary_record, "ZORG", "Zorg"),))
RENAMED = a_person(name=a_name(nickname="Bo"))


def by(person: Person, rules: str = RULES) -> Desired:
    return desired(person, Ties(), a_policy(rules), NOW)


def test_a_mover_loses_the_rights_of_the_old_place() -> None:
    assert lost(by(ICT), by(ZORG)) == {
        Harm.RIGHT: (
            Loss(target=TargetName.ENTRA, what=("ICT",)),
            Loss(target=TargetName.TOPDESK, what=("Beheerders",)),
        )
    }


def test_who_is_no_operator_any_more_loses_the_card_too() -> None:
    elsewhere = Person(records=(moved(ICT.primary_record, "HRM", "HRM"),))

    losses = lost(by(ICT), by(elsewhere))[Harm.RIGHT]
    assert losses[1].what == ("Beheerders", OPERATOR_CARD)


def test_a_right_written_in_another_case_is_the_same_right() -> None:
    assert lost(by(ICT), by(ICT, RULES.replace("group: ICT,", "group: ict,"))) == {}


def test_a_new_right_is_no_harm() -> None:
    fewer = RULES.replace("    - {group: ICT, when: {department.code: ICT*}}\n", "")

    assert lost(by(ICT, fewer), by(ICT)) == {}
    assert set(lost(by(ICT), by(ICT, fewer))) == {Harm.RIGHT}


def test_what_was_given_and_is_decided_no_more_counts_though_it_was_held() -> None:
    """After a hold the decision lacks the right, and the account still has it."""
    was = Applied(account_id="e1", state=A, rights={"ICT": ()})
    baseline = {TargetName.ENTRA: (compare.applied(was), compare.decided((), by(ZORG).entra))}

    assert compare.harms(baseline, by(ZORG)) == {
        Harm.RIGHT: (Loss(target=TargetName.ENTRA, what=("ICT",)),)
    }


def test_a_leaver_is_blocked_and_loses_no_right_beside_that() -> None:
    gone = a_person(contracts=(a_contract(end=TODAY - timedelta(days=1)),))

    assert set(lost(by(ICT), by(gone))) == {Harm.BLOCK}


def test_another_name_renames_in_both_targets() -> None:
    assert lost(by(ICT), by(RENAMED)) == {
        Harm.RENAME: (
            Loss(target=TargetName.ENTRA, what=("displayName",)),
            Loss(target=TargetName.TOPDESK, what=("firstName",)),
        )
    }


def test_another_template_for_the_name_renames_and_another_job_does_not() -> None:
    turned = RULES.replace('"{name.display}"', '"{name.surname}, {name.first}"')
    new_job = a_person(contracts=(a_contract(key="1042-1", job=None),))

    assert set(lost(by(ICT), by(ICT, turned))) == {Harm.RENAME}
    assert lost(by(ICT), by(new_job)) == {}


def test_an_attribute_that_had_no_name_in_it_before_renames_nobody() -> None:
    more = RULES.replace("    jobTitle:", '    description: "{name.initials}"\n    jobTitle:')

    assert lost(by(ICT), by(ICT, more)) == {}


@pytest.mark.parametrize(
    ("stands", "joins"),
    [
        ((), True),
        ((stand(N), stand(N)), True),
        ((stand(B, has_account=True),), False),
        ((stand(N), stand(A)), False),
    ],
)
def test_a_joiner_is_who_has_no_account_and_none_on_its_way(
    stands: tuple[Stand, ...],
    joins: bool,  # noqa: FBT001 - drawn
) -> None:
    found = compare.harms({TargetName.ENTRA: stands}, wanted(A))

    assert (Harm.JOINER in found) is joins
    assert Harm.JOINER not in compare.harms({TargetName.ENTRA: stands}, wanted(B))


def test_a_joiner_who_is_held_is_a_joiner_still() -> None:
    held = compare.decided({Harm.JOINER}, by(ICT).entra)

    found = compare.harms({TargetName.ENTRA: (compare.applied(Applied()), held)}, by(ICT))
    assert set(found) == {Harm.JOINER}


@settings(max_examples=60, deadline=None)
@given(people, people)
def test_whoever_is_left_alive_loses_exactly_what_is_missing(one: Person, other: Person) -> None:
    before, after = by(one), by(other)
    losses = {loss.target: set(loss.what) for loss in lost(before, after).get(Harm.RIGHT, ())}

    for target in TargetName:
        was, now = (compare.side(want, target) for want in (before, after))
        alive = was.state in ALIVE and now.state in ALIVE
        gone = compare.rights(was).keys() - compare.rights(now).keys()
        assert losses.get(target, set()) == (gone if alive else set())
