"""In which state is someone's account on a day? Against a naive answer that walks day by day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_person, a_policy
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import days, many_contracts, records

from shared.errors import Misconfigured
from shared.model.desired import ALIVE, Desired, State
from shared.model.person import Contract, Leave, Person, Stop, Ties, Unit
from shared.policy import lifecycle
from shared.policy.desired import desired
from shared.policy.document import Lifecycle, Policy

TEXT = POLICY.replace(
    "missing_grace_days: 14}",
    "missing_grace_days: 14, leave: {Onbetaald*: block, Sabbatical: shrink}}",
).replace("- group: Iedereen", "- {group: Iedereen, during_leave: true}")
TEXT = TEXT.replace('"{job.name}"', '"{job.name} {contract.leave}"')
RULES = a_policy(TEXT)
ZONE = RULES.zone
lifecycles = st.builds(
    Lifecycle,
    prepare_days=st.integers(0, 30),
    delete_after_days=st.integers(1, 40),
    bridge_gap_days=st.integers(0, 10),
    leave=st.just(RULES.lifecycle.leave),
)
someone = st.builds(
    lambda record, silent: Person(records=(record,), silent_since=silent),
    records(),
    st.none() | st.none() | days,
)


def works(contracts: Sequence[Contract], day: date, gap: int) -> bool:
    """Employed that day, or in a gap short enough between two employments."""
    if any(contract.covers(day) for contract in contracts):
        return True
    before = [c.end for c in contracts if c.end and c.end < day]
    after = [c.start for c in contracts if c.start > day]
    return bool(before and after) and (min(after) - max(before)).days - 1 <= gap


def naive(person: Person, rules: Lifecycle, today: date) -> State:
    """The state, by looking at each day on its own."""
    contracts = [c for c in person.contracts if c.end is None or c.end >= c.start]
    died = person.died_on if person.died_on and person.died_on <= today else None

    def at(day: date) -> bool:
        return works(contracts, day, rules.bridge_gap_days)

    first = min((c.start for c in contracts), default=today)
    last = max((c.end or today for c in contracts), default=today)
    until = died or today
    worked = [d for n in range((until - first).days + 1) if at(d := first + timedelta(days=n))]
    if died:
        gone_for = (today - (worked[-1] if worked else died)).days
        return State.DELETED if gone_for > rules.delete_after_days else State.BLOCKED
    if at(today):
        return naive_at_work(person, contracts, at, today)
    if any(at(today + timedelta(days=n)) for n in range(1, rules.prepare_days + 1)):
        return State.PREPARED
    if not worked:
        return State.ABSENT
    to_come = any(at(today + timedelta(days=n)) for n in range(1, (last - today).days + 1))
    will_come = to_come or any(c.start > today for c in contracts)
    gone_for = (today - worked[-1]).days
    deleted = not will_come and gone_for > rules.delete_after_days
    return State.DELETED if deleted else State.BLOCKED


def naive_at_work(
    person: Person, contracts: Sequence[Contract], at: Callable[[date], bool], today: date
) -> State:
    began = today
    while at(began - timedelta(days=1)):
        began -= timedelta(days=1)
    if person.silent_since and began > person.silent_since:
        return State.PREPARED
    return State.AWAY if is_away(contracts, today) else State.ACTIVE


def is_away(contracts: Sequence[Contract], today: date) -> bool:
    """Is every contract that speaks today under an unpaid leave?"""
    speaking = [c for c in contracts if c.covers(today)]
    if not speaking:
        ended = max(c.end for c in contracts if c.end and c.end < today)
        speaking = [c for c in contracts if c.end == ended]
    return all(
        any(leave.covers(today) and leave.kind.startswith("Onbetaald") for leave in c.leaves)
        for c in speaking
    )


def policy_with(rules: Lifecycle) -> Policy:
    return RULES.model_copy(update={"lifecycle": rules})


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=ZONE)


@settings(max_examples=400, deadline=None)
@given(someone, lifecycles, days)
def test_the_state_is_what_walking_the_days_gives(
    person: Person, rules: Lifecycle, today: date
) -> None:
    standing = lifecycle.standing(person, policy_with(rules), noon(today))

    assert standing.state == naive(person, rules, today)
    assert set(standing.contracts) <= set(person.contracts)
    assert len(standing.shrunk) == len(standing.contracts)


@settings(max_examples=120, deadline=None)
@given(someone, lifecycles, days)
def test_nothing_at_all_changes_by_itself_before_the_next_moment(
    person: Person, rules: Lifecycle, today: date
) -> None:
    """Not the state, not a right, not a reason, not a word on a card."""
    policy = policy_with(rules)

    def wanted(day: date) -> Desired:
        want = desired(person, Ties(login="x"), policy, noon(day))
        return want.model_copy(update={"next_moment": None})

    now, moment = wanted(today), lifecycle.next_moment(person, policy, noon(today))
    for days_later in range(1, 61):
        day = today + timedelta(days=days_later)
        if moment and lifecycle.midnight(day, ZONE) >= moment:
            return
        assert wanted(day) == now


@given(many_contracts, st.integers(0, 10))
def test_spells_are_in_order_and_apart(contracts: tuple[Contract, ...], gap: int) -> None:
    runs = lifecycle.spells(contracts, gap)

    for earlier, later in pairwise(runs):
        assert earlier.last is not None
        assert later.first > earlier.last + timedelta(days=1 + gap)
    assert lifecycle.spells(tuple(reversed(contracts)), gap) == runs


def test_the_last_day_ends_at_midnight_in_the_zone_also_when_the_clocks_change() -> None:
    last = date(2026, 10, 25)  # summer time ends in Amsterdam
    person = a_person(contracts=(a_contract(end=last),))

    def at(moment: datetime) -> State:
        return lifecycle.standing(person, RULES, moment).state

    assert at(datetime(2026, 10, 25, 22, 59, tzinfo=UTC)) == State.ACTIVE
    assert at(datetime(2026, 10, 25, 23, 0, tzinfo=UTC)) == State.BLOCKED
    assert lifecycle.next_moment(person, RULES, datetime(2026, 10, 25, 12, tzinfo=UTC)) == (
        datetime(2026, 10, 25, 23, 0, tzinfo=UTC)
    )


def test_someone_missing_beyond_the_grace_is_blocked_and_never_deleted() -> None:
    person = a_person().model_copy(update={"missing": True})
    far = NOW + timedelta(days=1000)

    assert lifecycle.standing(person, RULES, far).state == State.BLOCKED
    assert "14 days" in lifecycle.standing(person, RULES, far).why.because


def test_the_primary_contract_has_most_hours_then_is_the_oldest() -> None:
    small = a_contract(key="small", hours=8.0, start=TODAY - timedelta(days=900))
    old = a_contract(key="old", start=TODAY - timedelta(days=500))
    new = a_contract(key="new", start=TODAY - timedelta(days=10))
    person: Person = a_person(contracts=(new, small, old))

    keys = [c.key for c in lifecycle.standing(person, RULES, NOW).contracts]
    assert keys == ["old", "new", "small"]
    assert "prepare_days: 7" in POLICY


@given(contracts=many_contracts, rules=lifecycles, today=days)
@settings(max_examples=200)
def test_an_operators_stop_leaves_nobody_alive_and_changes_nothing_else(
    contracts: tuple[Contract, ...], rules: Lifecycle, today: date
) -> None:
    policy = policy_with(rules)
    moment = datetime.combine(today, time(12), tzinfo=ZONE)
    person = a_person(contracts=contracts)
    stop = Stop(who="an operator", reason="ticket 77", at=NOW)
    stopped = person.model_copy(update={"stop": stop})

    by_hr = lifecycle.standing(person, policy, moment)
    found = lifecycle.standing(stopped, policy, moment)

    if by_hr.state in ALIVE:
        assert found.state == State.BLOCKED
        assert found.why.because == "stopped at once by an operator: ticket 77"
    else:
        assert found == by_hr
    assert lifecycle.next_moment(stopped, policy, moment) == lifecycle.next_moment(
        person, policy, moment
    )


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("[hours, start, sequence]", "old"),
        ("[fte, sequence]", "small"),
        ("[start]", "small"),
        ("[sequence, hours]", "new"),
    ],
)
def test_the_policy_orders_contracts_in_its_own_way(order: str, first: str) -> None:
    policy = a_policy(POLICY.replace("prepare_days: 7", f"prepare_days: 7, primary: {order}"))
    small = a_contract(key="small", hours=8.0, fte=1.0, start=TODAY - timedelta(days=900))
    old = a_contract(key="old", fte=0.5, start=TODAY - timedelta(days=500))
    new = a_contract(key="new", fte=0.5, sequence=2, start=TODAY - timedelta(days=10))
    person = a_person(contracts=(new, small, old))

    assert lifecycle.standing(person, policy, NOW).contracts[0].key == first


@pytest.mark.parametrize("order", ["[]", "[hours, hours]", "[uren]"])
def test_an_order_of_contracts_that_is_none_is_refused(order: str) -> None:
    with pytest.raises(Misconfigured, match=r"lifecycle\.primary"):
        a_policy(POLICY.replace("prepare_days: 7", f"prepare_days: 7, primary: {order}"))


def on_leave(kind: str, **changes: Any) -> Contract:
    leave = Leave(kind=kind, start=TODAY, end=TODAY + timedelta(days=9))
    return a_contract(leaves=(leave,), **changes)


def groups(*contracts: Contract) -> set[str]:
    return set(desired(a_person(contracts=contracts), Ties(), RULES, NOW).entra.groups)


def test_a_leave_that_blocks_keeps_every_right_for_the_return() -> None:
    away = a_person(contracts=(on_leave("Onbetaald verlof"),))
    standing = lifecycle.standing(away, RULES, NOW)

    assert standing.state == State.AWAY
    assert standing.why.because == (
        "on leave (Onbetaald verlof) since 2026-11-02 until 2026-11-11"
    )
    assert groups(on_leave("Onbetaald verlof")) == {"Iedereen", "ICT"}
    assert desired(away, Ties(), RULES, NOW).topdesk.operator is None
    assert lifecycle.next_moment(away, RULES, NOW) == lifecycle.midnight(date(2026, 11, 12), ZONE)


def test_a_leave_that_shrinks_leaves_the_rules_that_say_so() -> None:
    assert groups(on_leave("Sabbatical")) == {"Iedereen"}
    assert groups(on_leave("Ouderschapsverlof")) == {"Iedereen", "ICT"}


def test_who_is_away_from_one_job_works_on_in_the_other() -> None:
    away = on_leave("Onbetaald verlof", key="ict")
    other = a_contract(key="zorg", department=Unit(code="ZORG"))

    assert lifecycle.standing(a_person(contracts=(away, other)), RULES, NOW).state == State.ACTIVE
    assert groups(away, other) == {"Iedereen", "Zorg"}


def test_death_blocks_at_once_and_deletes_after_the_grace() -> None:
    person = a_person(died_on=TODAY)

    def told(days: int) -> tuple[State, str]:
        standing = lifecycle.standing(person, RULES, NOW + timedelta(days=days))
        return standing.state, standing.why.because

    assert told(-1)[0] == State.ACTIVE
    assert told(0) == (State.BLOCKED, "died on 2026-11-02")
    assert told(30)[0] == State.BLOCKED
    assert told(31) == (State.DELETED, "died on 2026-11-02, 30 days over")


def test_a_withdrawn_start_is_told_as_such() -> None:
    start = TODAY + timedelta(days=3)
    never = a_contract(start=start, end=start - timedelta(days=1))
    standing = lifecycle.standing(a_person(contracts=(never,)), RULES, NOW)

    assert (standing.state, standing.why.because) == (
        State.ABSENT,
        "the start on 2026-11-05 was withdrawn",
    )


def test_nobody_begins_on_whom_hr_fell_silent_before_the_first_day() -> None:
    start = TODAY - timedelta(days=1)
    person = a_person(contracts=(a_contract(start=start),))
    silent = person.model_copy(update={"silent_since": start - timedelta(days=1)})

    assert lifecycle.standing(person, RULES, NOW).state == State.ACTIVE
    assert lifecycle.standing(silent, RULES, NOW).state == State.PREPARED
    assert "HR is silent since" in lifecycle.standing(silent, RULES, NOW).why.because
