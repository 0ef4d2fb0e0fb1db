"""In which state is someone's account on a day, why, and when does that change by itself?

Called by desired.py. A spell is an unbroken run of contracts. The last day ends at midnight of
the next day, in the policy's zone. Only dates that HR states end anyone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.model.desired import Reason, State
from shared.model.person import Contract, Person, Stop
from shared.policy.document import Lifecycle, Policy

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


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When this day begins in the zone; an aware moment."""
    return datetime.combine(day, time(), tzinfo=zone)


def spells(contracts: Sequence[Contract], bridge_gap_days: int = 0) -> tuple[Spell, ...]:
    """The runs of employment in order; contracts that abut, overlap or nearly abut are one."""
    runs: list[Spell] = []
    for contract in sorted(contracts, key=lambda c: c.start):
        if runs and _joins(runs[-1], contract.start, bridge_gap_days):
            last = runs[-1].last
            longer = None if last is None or contract.end is None else max(last, contract.end)
            runs[-1] = Spell(runs[-1].first, longer)
        else:
            runs.append(Spell(contract.start, contract.end))
    return tuple(runs)


def standing(person: Person, policy: Policy, now: datetime) -> Standing:
    """What holds for this person at `now` (aware)."""
    today = now.astimezone(policy.zone).date()
    runs = spells(person.contracts, policy.lifecycle.bridge_gap_days)
    state, because, day = _state(runs, policy.lifecycle, today)
    if person.missing and state in (State.PREPARED, State.ACTIVE):
        days = policy.lifecycle.missing_grace_days
        state, because = State.BLOCKED, f"HR has been silent for more than {days} days"
    if person.stop and state in (State.PREPARED, State.ACTIVE):
        state, because = State.BLOCKED, stopped(person.stop)
    why = Reason(rule="lifecycle", because=because)
    return Standing(state, why, by_importance(person.contracts, day) if day else ())


def stopped(stop: Stop) -> str:
    """The fact that an operator keeps somebody out, as people read it."""
    return f"stopped at once by {stop.who}: {stop.reason}"


def next_moment(person: Person, policy: Policy, now: datetime) -> datetime | None:
    """The first moment after `now` at which the calendar alone may change the answer."""
    moments = (midnight(day, policy.zone) for day in _turning_days(person, policy.lifecycle))
    return min((moment for moment in moments if moment > now), default=None)


def by_importance(contracts: Sequence[Contract], day: date) -> tuple[Contract, ...]:
    """The contracts that speak for that day, the primary one first.

    Primary is who has most hours, then the oldest, then the highest sequence. In a bridged gap,
    where no contract covers the day, those that ended last before it speak on.
    """
    current = [contract for contract in contracts if contract.covers(day)]
    if not current:
        latest = max((c.end for c in contracts if c.end and c.end < day), default=None)
        current = [contract for contract in contracts if contract.end == latest and latest]
    return tuple(sorted(current, key=lambda c: (-c.hours, -c.fte, c.start, -c.sequence, c.key)))


def _joins(run: Spell, start: date, bridge_gap_days: int) -> bool:
    return run.last is None or start <= run.last + _DAY * (1 + bridge_gap_days)


def _state(
    runs: tuple[Spell, ...], lifecycle: Lifecycle, today: date
) -> tuple[State, str, date | None]:
    """The state, the fact behind it, and the day whose contracts speak."""
    begun = [run for run in runs if run.first <= today]
    coming = next((run for run in runs if run.first > today), None)
    if begun and (begun[-1].last is None or today <= begun[-1].last):
        return State.ACTIVE, f"contract since {begun[-1].first}", today
    if coming and coming.first - lifecycle.prepare_days * _DAY <= today:
        return State.PREPARED, f"first day {coming.first}", coming.first
    if not begun:
        return State.ABSENT, f"first day {coming.first}" if coming else "no contract", None
    last = begun[-1].last
    assert last is not None  # noqa: S101 - an open run holds today, answered above
    if coming is None and today > last + lifecycle.delete_after_days * _DAY:
        days = lifecycle.delete_after_days
        return State.DELETED, f"last day {last}, {days} days over", last
    return State.BLOCKED, f"last day {last}", last


def _turning_days(person: Person, lifecycle: Lifecycle) -> Iterator[date]:
    for contract in person.contracts:
        yield contract.start
        if contract.end:
            yield contract.end + _DAY
    for run in spells(person.contracts, lifecycle.bridge_gap_days):
        yield run.first - lifecycle.prepare_days * _DAY
        if run.last:
            yield run.last + _DAY * (1 + lifecycle.delete_after_days)
