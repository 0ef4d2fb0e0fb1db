"""In which state is someone's account on a day? Against a naive answer that walks day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from build import NOW, POLICY, TODAY, a_contract, a_person, a_policy
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import days, many_contracts

from shared.model.desired import State
from shared.model.person import Contract, Person, Stop
from shared.policy import lifecycle
from shared.policy.document import Lifecycle, Policy

RULES = a_policy()
ZONE = RULES.zone
lifecycles = st.builds(
    Lifecycle,
    prepare_days=st.integers(0, 30),
    delete_after_days=st.integers(1, 40),
    bridge_gap_days=st.integers(0, 10),
)


def works(contracts: tuple[Contract, ...], day: date, gap: int) -> bool:
    """Employed that day, or in a gap short enough between two employments."""
    if any(contract.covers(day) for contract in contracts):
        return True
    before = [c.end for c in contracts if c.end and c.end < day]
    after = [c.start for c in contracts if c.start > day]
    return bool(before and after) and (min(after) - max(before)).days - 1 <= gap


def naive(contracts: tuple[Contract, ...], rules: Lifecycle, today: date) -> State:
    def at(day: date) -> bool:
        return works(contracts, day, rules.bridge_gap_days)

    first = min((c.start for c in contracts), default=today)
    last = max((c.end or today for c in contracts), default=today)
    if at(today):
        return State.ACTIVE
    if any(at(today + timedelta(days=n)) for n in range(1, rules.prepare_days + 1)):
        return State.PREPARED
    worked = [d for n in range((today - first).days + 1) if at(d := first + timedelta(days=n))]
    if not worked:
        return State.ABSENT
    to_come = any(at(today + timedelta(days=n)) for n in range(1, (last - today).days + 1))
    will_come = to_come or any(c.start > today for c in contracts)
    gone_for = (today - worked[-1]).days
    deleted = not will_come and gone_for > rules.delete_after_days
    return State.DELETED if deleted else State.BLOCKED


def policy_with(rules: Lifecycle) -> Policy:
    return RULES.model_copy(update={"lifecycle": rules})


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=ZONE)


@settings(max_examples=300, deadline=None)
@given(many_contracts, lifecycles, days)
def test_the_state_is_what_walking_the_days_gives(
    contracts: tuple[Contract, ...], rules: Lifecycle, today: date
) -> None:
    person = a_person(contracts=contracts)

    standing = lifecycle.standing(person, policy_with(rules), noon(today))
    assert standing.state == naive(contracts, rules, today)
    assert set(standing.contracts) <= set(contracts)


@settings(max_examples=150, deadline=None)
@given(many_contracts, lifecycles, days)
def test_nothing_changes_by_itself_before_the_next_moment(
    contracts: tuple[Contract, ...], rules: Lifecycle, today: date
) -> None:
    person, policy = a_person(contracts=contracts), policy_with(rules)
    now = lifecycle.standing(person, policy, noon(today))
    moment = lifecycle.next_moment(person, policy, noon(today))

    day = today
    while day < today + timedelta(days=60):
        day += timedelta(days=1)
        if moment and lifecycle.midnight(day, ZONE) >= moment:
            return
        later = lifecycle.standing(person, policy, noon(day))
        assert (later.state, later.contracts) == (now.state, now.contracts)


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

    if by_hr.state in (State.PREPARED, State.ACTIVE):
        assert found.state == State.BLOCKED
        assert found.why.because == "stopped at once by an operator: ticket 77"
    else:
        assert found == by_hr
    assert lifecycle.next_moment(stopped, policy, moment) == lifecycle.next_moment(
        person, policy, moment
    )
