"""Of which turns in somebody's career is the manager to hear now? Called by flow; pure.

Asked when a decision is written, and again when the mail is written: a start that moved in
between is told with its new day, or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.model.change import Harm
from shared.model.desired import State
from shared.model.notice import Cause, NoticeKind
from shared.model.person import Contract, Person, PersonId
from shared.policy import lifecycle
from shared.policy.document import Policy

AFTERWARDS = timedelta(days=7)
"""So long after the last day it is still told that somebody has left."""
_DAY = timedelta(days=1)
_AT_WORK = frozenset({State.ACTIVE, State.AWAY})


@dataclass(frozen=True)
class Stand:
    """The facts and rules of a decision, and its moment."""

    person: Person
    policy: Policy
    at: datetime

    @property
    def today(self) -> date:
        """The day it is, where the organisation is."""
        return self.at.astimezone(self.policy.zone).date()


def due(
    person_id: PersonId, now: Stand, before: Stand | None, held: Collection[Harm]
) -> tuple[Cause, ...]:
    """What the manager is to hear: by the policy, and not before a human let it happen."""
    if now.person.died_on or now.person.missing or now.person.stop:
        return ()  # a mail by itself is no way to hear of these
    found = (*_of_days(now, held), *_of_a_move(now, before))
    return tuple(
        Cause(kind=kind, about=person_id, mark=mark)
        for kind, mark in found
        if kind in now.policy.notices.send
    )


def still_stands(cause: Cause, now: Stand, held: Collection[Harm]) -> bool:
    """Is it still so, and not yet too late to tell?"""
    if cause.kind == NoticeKind.MOVER and NoticeKind.MOVER in now.policy.notices.send:
        contract = primary(now)
        return contract is not None and cause.mark == _place(contract)
    return cause in due(PersonId(cause.about), now, None, held)


def primary(now: Stand) -> Contract | None:
    """The contract that speaks first for this day: the coming one's before it begins."""
    standing = lifecycle.standing(now.person, now.policy, now.at)
    if standing.contracts:
        return standing.contracts[0]
    coming = sorted(now.person.contracts, key=lambda contract: contract.start)
    return next((c for c in coming if c.start > now.today and not c.is_withdrawn), None)


def _of_days(now: Stand, held: Collection[Harm]) -> Iterator[tuple[NoticeKind, str]]:
    """First and last days that are near."""
    told, today = now.policy.notices, now.today
    runs = lifecycle.spells(now.person.contracts, now.policy.lifecycle.bridge_gap_days)
    for run in runs:
        if run.first - told.joiner_days * _DAY <= today <= run.first and Harm.JOINER not in held:
            yield NoticeKind.JOINER, run.first.isoformat()
        if run.last is None or today < run.first:
            continue
        if run.last - told.leaver_days * _DAY <= today <= run.last:
            yield NoticeKind.LEAVER, run.last.isoformat()
        returned = any(other.first > run.last and other.first <= today for other in runs)
        over = run.last < today <= run.last + AFTERWARDS
        if over and not returned and Harm.BLOCK not in held:
            yield NoticeKind.LEFT, run.last.isoformat()


def _of_a_move(now: Stand, before: Stand | None) -> Iterator[tuple[NoticeKind, str]]:
    """Another department or job, for somebody who was at work and is."""
    if before is None or not (_is_at_work(before) and _is_at_work(now)):
        return
    old, new = primary(before), primary(now)
    if old and new and _codes(old) != _codes(new):
        yield NoticeKind.MOVER, _place(new)


def _is_at_work(stand: Stand) -> bool:
    return lifecycle.standing(stand.person, stand.policy, stand.at).state in _AT_WORK


def _place(contract: Contract) -> str:
    """Where somebody works, and since when: what a move is known by."""
    return "|".join((contract.start.isoformat(), *_codes(contract)))


def _codes(contract: Contract) -> tuple[str, ...]:
    """Not the names: a department that is called otherwise has moved nobody."""
    units = (contract.department, contract.job)
    return tuple(unit.code if unit else "" for unit in units)
