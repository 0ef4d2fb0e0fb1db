"""In which state is someone's account on a day, why, and when does that change by itself?

Called by desired.py. A spell is an unbroken run of contracts. The last day ends at midnight of
the next day, in the policy's zone. Only dates that HR states end anyone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.model.desired import ALIVE, Reason, State
from shared.model.notice import NoticeKind
from shared.model.person import Contract, Leave, Person, Stop
from shared.policy.document import RANKS, LeaveRule, Lifecycle, Policy, Rank

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Spell:
    """Employment without a gap, first to last day inclusive; `last` None is open-ended."""

    first: date
    last: date | None


@dataclass(frozen=True)
class Standing:
    """The state on a day with its reason, and the contracts that speak for rights and facts."""

    state: State
    why: Reason
    contracts: tuple[Contract, ...]
    """Primary first. Those of today; before the first day those of the first day; after the
    last day those of the last day."""
    day: date | None = None
    """The day for which they speak."""
    shrunk: tuple[Leave | None, ...] = ()
    """For each of them the leave that leaves it only the rules that say `during_leave`."""


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When this day begins in the zone; an aware moment."""
    return datetime.combine(day, time(), tzinfo=zone)


def turned(person: Person, policy: Policy, standing: Standing, as_of: datetime) -> date:
    """The day on which they began, for who is here; for who is gone, the day after the last."""
    today = as_of.astimezone(policy.zone).date()
    runs = spells(person.contracts, policy.lifecycle.bridge_gap_days)
    if standing.state in ALIVE:
        own = (run.first for run in runs if run.last is None or run.last >= today)
        return next(own, today)
    ends = [run.last + _DAY for run in runs if run.last and run.last < today]
    return max(ends, default=today)


def spells(contracts: Sequence[Contract], bridge_gap_days: int = 0) -> tuple[Spell, ...]:
    """The runs of employment in order; contracts that abut, overlap or nearly abut are one."""
    runs: list[Spell] = []
    real = [contract for contract in contracts if not contract.is_withdrawn]
    for contract in sorted(real, key=lambda c: c.start):
        if runs and _joins(runs[-1], contract.start, bridge_gap_days):
            last = runs[-1].last
            longer = None if last is None or contract.end is None else max(last, contract.end)
            runs[-1] = Spell(runs[-1].first, longer)
        else:
            runs.append(Spell(contract.start, contract.end))
    return tuple(runs)


def standing(person: Person, policy: Policy, now: datetime) -> Standing:
    """What holds for this person at `now` (aware)."""
    rules, today = policy.lifecycle, now.astimezone(policy.zone).date()
    state, because, day = _state(person, rules, today)
    contracts = by_importance(person.contracts, day, rules.primary) if day else ()
    leaves = tuple(_effective(contract, day, rules) for contract in contracts if day)
    if state == State.ACTIVE and leaves and all(_blocks(leave, rules) for leave in leaves):
        # All rights stay: a licence that a group gives may not lapse while somebody is away.
        state, because, leaves = State.AWAY, _told(leaves[0]), (None,) * len(leaves)
    if person.missing and state in ALIVE:
        days = rules.missing_grace_days
        state, because = State.BLOCKED, f"HR has been silent for more than {days} days"
    if person.unsponsored and state in ALIVE and policy.externals.sponsor_leaves == "block":
        state, because = State.BLOCKED, "who answers for this external has left"
    if person.stop and state in ALIVE:
        state, because = State.BLOCKED, stopped(person.stop)
    return Standing(state, Reason(rule="lifecycle", because=because), contracts, day, leaves)


def stopped(stop: Stop) -> str:
    """The fact that an operator keeps somebody out, as people read it."""
    return f"stopped at once by {stop.who}: {stop.reason}"


def next_moment(person: Person, policy: Policy, now: datetime) -> datetime | None:
    """The first moment after `now` at which the calendar alone may change the answer."""
    days = (
        *_turning_days(person, policy.lifecycle),
        *_telling_days(person, policy),
        *_reaching_days(person, policy),
        *_losing_days(person, policy),
    )
    moments = (midnight(day, policy.zone) for day in days)
    return min((moment for moment in moments if moment > now), default=None)


def by_importance(
    contracts: Sequence[Contract], day: date, order: Sequence[Rank] = RANKS
) -> tuple[Contract, ...]:
    """The contracts that speak for that day, the primary one first.

    Primary is by `order`: most hours, most fte, the oldest, the highest sequence. In a bridged
    gap, where no contract covers the day, those that ended last before it speak on.
    """
    current = [contract for contract in contracts if contract.covers(day)]
    if not current:
        real = [contract for contract in contracts if not contract.is_withdrawn]
        latest = max((c.end for c in real if c.end and c.end < day), default=None)
        current = [contract for contract in real if contract.end == latest and latest]

    def rank(contract: Contract) -> tuple[float, ...]:
        return tuple(_RANK[what](contract) for what in order)

    return tuple(sorted(current, key=lambda one: (rank(one), one.start, one.key)))


_RANK: Mapping[Rank, Callable[[Contract], float]] = {
    Rank.HOURS: lambda contract: -contract.hours,
    Rank.FTE: lambda contract: -contract.fte,
    Rank.START: lambda contract: contract.start.toordinal(),
    Rank.SEQUENCE: lambda contract: -contract.sequence,
}


def _effective(contract: Contract, day: date, rules: Lifecycle) -> Leave | None:
    """The leave of that day that does something by the policy; a block before a shrink."""
    away = [leave for leave in contract.leaves if leave.covers(day)]
    does = [leave for leave in away if rules.on_leave(leave.kind) != LeaveRule.KEEP]
    return max(does, key=lambda one: (_blocks(one, rules), one.start, one.kind), default=None)


def _blocks(leave: Leave | None, rules: Lifecycle) -> bool:
    return leave is not None and rules.on_leave(leave.kind) == LeaveRule.BLOCK


def _joins(run: Spell, start: date, bridge_gap_days: int) -> bool:
    return run.last is None or start <= run.last + _DAY * (1 + bridge_gap_days)


def _state(person: Person, rules: Lifecycle, today: date) -> tuple[State, str, date | None]:
    """The state, the fact behind it, and the day whose contracts speak."""
    runs = spells(person.contracts, rules.bridge_gap_days)
    begun = [run for run in runs if run.first <= today]
    if person.died_on and person.died_on <= today:
        return _after_death(person.died_on, begun, rules, today)
    coming = next((run for run in runs if run.first > today), None)
    if begun and (begun[-1].last is None or today <= begun[-1].last):
        return _at_work(begun[-1].first, person.silent_since, today)
    if coming and coming.first - rules.prepare_days * _DAY <= today:
        return State.PREPARED, f"first day {coming.first}", coming.first
    if not begun:
        return State.ABSENT, _not_yet(person, coming), None
    last = begun[-1].last
    assert last is not None  # noqa: S101 - an open run holds today, answered above
    return _gone(last, f"last day {last}", rules, today, stays=coming is not None)


def _at_work(first: date, silent: date | None, today: date) -> tuple[State, str, date]:
    """Nobody begins on whom HR has fallen silent before the first day: it may be withdrawn."""
    if silent and first > silent:
        return State.PREPARED, f"first day {first}, but HR is silent since {silent}", today
    return State.ACTIVE, f"contract since {first}", today


def _not_yet(person: Person, coming: Spell | None) -> str:
    if coming:
        return f"first day {coming.first}"
    withdrawn = max((c.start for c in person.contracts if c.is_withdrawn), default=None)
    return f"the start on {withdrawn} was withdrawn" if withdrawn else "no contract"


def _after_death(
    died: date, begun: Sequence[Spell], rules: Lifecycle, today: date
) -> tuple[State, str, date | None]:
    """From the day of death on, whatever the contracts say; who had left before stays gone."""
    before = [run.last for run in begun if run.first <= died]
    last = min(before[-1] or died, died) if before else died
    told = f"died on {died}" if last == died else f"last day {last}, died on {died}"
    return _gone(last, told, rules, today, stays=False)


def _gone(
    last: date, told: str, rules: Lifecycle, today: date, *, stays: bool
) -> tuple[State, str, date]:
    days = rules.delete_after_days
    if not stays and today > last + days * _DAY:
        return State.DELETED, f"{told}, {days} days over", last
    return State.BLOCKED, told, last


def _told(leave: Leave | None) -> str:
    return leave.told if leave else ""


def _turning_days(person: Person, rules: Lifecycle) -> Iterator[date]:
    gone_for = _DAY * (1 + rules.delete_after_days)
    for contract in person.contracts:
        yield from _first_and_after(contract)
        for leave in contract.leaves:
            yield from _first_and_after(leave)
    for run in spells(person.contracts, rules.bridge_gap_days):
        yield run.first - rules.prepare_days * _DAY
        if run.last:
            yield run.last + gone_for
    if person.died_on:
        yield person.died_on
        yield person.died_on + gone_for


def _telling_days(person: Person, policy: Policy) -> Iterator[date]:
    """The days on which a manager is to hear what comes."""
    told = policy.notices
    for run in spells(person.contracts, policy.lifecycle.bridge_gap_days):
        if NoticeKind.JOINER in told.send:
            yield run.first - told.joiner_days * _DAY
        if NoticeKind.LEAVER in told.send and run.last:
            yield run.last - told.leaver_days * _DAY


def _losing_days(person: Person, policy: Policy) -> Iterator[date]:
    """The days on which a leaver's groups go, when that is not with the block."""
    stay = policy.leaver.rights
    lasts = [r.last for r in spells(person.contracts, policy.lifecycle.bridge_gap_days)]
    for last in (*lasts, person.died_on):
        if last and isinstance(stay, int):
            yield last + (1 + stay) * _DAY


def _reaching_days(person: Person, policy: Policy) -> Iterator[date]:
    """The days on which some rule begins or ceases to reach beyond a contract, or an exception
    is over.
    """
    yield from (one.until + _DAY for one in person.exceptions)
    rules = (*policy.entra.groups, *policy.entra.generated, *policy.topdesk.operators)
    reaches = {(rule.days_before, rule.days_after) for rule in rules} - {(0, 0)}
    for contract in person.contracts if reaches else ():
        for before, after in reaches:
            yield contract.start - before * _DAY
            if contract.end:
                yield contract.end + (1 + after) * _DAY


def _first_and_after(period: Contract | Leave) -> Iterator[date]:
    yield period.start
    if period.end:
        yield period.end + _DAY
