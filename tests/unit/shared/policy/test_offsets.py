"""Rights that begin before a contract and stay after it, within one employment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache

import pytest
from build import POLICY, TODAY, a_contract, a_person, a_policy
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Misconfigured
from shared.model.desired import ALIVE, Desired, State
from shared.model.person import Contract, Person, Ties, Unit
from shared.policy import lifecycle
from shared.policy.desired import desired
from shared.policy.document import Policy
from shared.policy.explain import explain
from shared.policy.load import load

DAY = timedelta(days=1)
ICT, ZORG = Unit(code="ICT"), Unit(code="ZORG")


@cache
def with_reach(before: int, after: int, gap: int = 0) -> Policy:
    """Both departments' rules reach so far; in Entra and in TOPdesk."""
    reach = f"days_before: {before}, days_after: {after}"
    text = POLICY.replace("when: {department", f"{reach}, when: {{department")
    return a_policy(text.replace("lifecycle: {", f"lifecycle: {{bridge_gap_days: {gap}, "))


def at(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=with_reach(0, 0).zone)


def wanted(person: Person, policy: Policy, day: date) -> Desired:
    return desired(person, Ties(), policy, at(day))


def moves(day: date, **later: object) -> Person:
    """In ICT until the day before, in ZORG from then on."""
    old = a_contract(key="old", end=day - DAY, department=ICT)
    new = a_contract(key="new", start=day, department=ZORG, **later)
    return a_person(contracts=(old, new))


def test_after_a_move_the_old_rights_stay_for_so_many_days() -> None:
    mover, policy = moves(TODAY), with_reach(0, 14)

    last, over = TODAY + 13 * DAY, TODAY + 14 * DAY

    assert set(wanted(mover, policy, last).entra.groups) == {"Iedereen", "ICT", "Zorg"}
    assert set(wanted(mover, policy, over).entra.groups) == {"Iedereen", "Zorg"}
    (why,) = wanted(mover, policy, last).entra.groups["ICT"]
    yesterday = TODAY - DAY
    assert (
        why.because == f"department.code = ICT, contract old until {yesterday} and 14 days after"
    )


def test_before_a_move_the_new_rights_are_there() -> None:
    mover, policy = moves(TODAY), with_reach(7, 0)

    assert "Zorg" not in wanted(mover, policy, TODAY - 8 * DAY).entra.groups
    (why,) = wanted(mover, policy, TODAY - 7 * DAY).entra.groups["Zorg"]
    assert why.because == f"department.code = ZORG, contract new from {TODAY} and 7 days before"
    operator = wanted(mover, policy, TODAY - 7 * DAY).topdesk.operator
    assert operator is not None
    assert set(operator.permission_groups) == {"Beheerders", "Zorgdesk"}


def test_the_calendar_wakes_for_each_of_these_days() -> None:
    mover, policy = moves(TODAY), with_reach(7, 14)

    days, moment = [], lifecycle.next_moment(mover, policy, at(TODAY - 30 * DAY))
    while moment:
        days.append(moment.astimezone(policy.zone).date())
        moment = lifecycle.next_moment(mover, policy, moment)

    assert {TODAY - 7 * DAY, TODAY, TODAY + 14 * DAY} <= set(days)


def test_a_leaver_keeps_nothing_and_a_returner_gets_no_old_right() -> None:
    gone = a_contract(key="old", end=TODAY, department=ICT)
    back = a_contract(key="new", start=TODAY + 20 * DAY, department=ZORG)
    person, policy = a_person(contracts=(gone, back)), with_reach(30, 30)

    after = wanted(person, policy, TODAY + DAY)
    again = wanted(person, policy, TODAY + 20 * DAY)

    assert (after.entra.state, after.entra.groups) == (State.BLOCKED, {})
    assert set(again.entra.groups) == {"Iedereen", "Zorg"}


def test_a_start_that_was_withdrawn_gives_nothing() -> None:
    ended = {"end": TODAY + 2 * DAY}
    person = moves(TODAY + 3 * DAY, **ended)

    assert "Zorg" not in wanted(person, with_reach(7, 0), TODAY).entra.groups


def test_explain_says_on_which_day_the_reach_was_over() -> None:
    mover, policy, over = moves(TODAY), with_reach(0, 14), TODAY + 14 * DAY

    answers = explain(mover, wanted(mover, policy, over), policy, at(over))

    (ict,) = (answer for answer in answers if answer.right == "ICT")
    assert not ict.given
    assert f"contract old ended on {TODAY - DAY}, days_after was 14" in ict.because


@pytest.mark.parametrize("wrong", ["days_before: -1", "days_after: 366", "days_after: lang"])
def test_a_reach_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(Misconfigured, match=r"line \d+: entra.groups.0.days_"):
        load(POLICY.replace("- group: Iedereen", f"- {{group: Iedereen, {wrong}}}"))


# --- against walking the days ------------------------------------------------------------------


@st.composite
def careers(draw: st.DrawFn) -> Person:
    """Some contracts of some days around today, in two departments."""
    contracts = []
    for n in range(draw(st.integers(1, 4))):
        start = TODAY + draw(st.integers(-20, 20)) * DAY
        lasts = draw(st.none() | st.integers(-1, 15))
        end = None if lasts is None else start + lasts * DAY
        unit = draw(st.sampled_from([ICT, ZORG]))
        contracts.append(a_contract(key=str(n), start=start, end=end, department=unit))
    return a_person(contracts=tuple(contracts))


def employment(contracts: tuple[Contract, ...], gap: int, day: date) -> Iterator[date]:
    """The days of the employment of this day: walk both ways, over gaps that are bridged."""
    yield day
    for step in (DAY, -DAY):
        here, idle = day, 0
        while idle <= gap and abs((here - TODAY).days) < 90:
            here += step
            idle = 0 if any(c.covers(here) for c in contracts) else idle + 1
            if idle == 0:
                yield here


@settings(max_examples=60, deadline=None)
@given(
    careers(),
    st.sampled_from([0, 1, 4]),
    st.sampled_from([0, 1, 4]),
    st.integers(0, 3),
    st.integers(-30, 40),
)
def test_a_rule_holds_as_walking_the_days_says(
    person: Person, before: int, after: int, gap: int, offset: int
) -> None:
    policy, today = with_reach(before, after, gap), TODAY + offset * DAY
    want = wanted(person, policy, today)
    standing = lifecycle.standing(person, policy, at(today))

    reached = {c.department for c in standing.contracts}
    if standing.state in ALIVE and standing.day:
        days = set(employment(person.contracts, gap, standing.day))
        reached |= {
            c.department
            for c in person.contracts
            if not c.is_withdrawn
            and c.start in days
            and c.start - before * DAY <= today
            and (c.end is None or today <= c.end + after * DAY)
        }

    alive = standing.state in ALIVE
    rights = {name for name, unit in (("ICT", ICT), ("Zorg", ZORG)) if unit in reached and alive}
    assert set(want.entra.groups) - {"Iedereen"} == rights


@settings(max_examples=60, deadline=None)
@given(careers(), st.sampled_from([0, 1, 4]), st.sampled_from([0, 1, 4]), st.integers(-30, 40))
def test_no_right_comes_or_goes_by_itself_without_a_reminder(
    person: Person, before: int, after: int, offset: int
) -> None:
    policy, today = with_reach(before, after), TODAY + offset * DAY
    here, there = wanted(person, policy, today), wanted(person, policy, today + DAY)

    if here.entra.groups.keys() != there.entra.groups.keys():
        midnight = lifecycle.midnight(today + DAY, policy.zone)
        assert lifecycle.next_moment(person, policy, at(today)) == midnight
