"""How far is the roll-out: who stands as HR and the policy would have it, and what differs?

By the ledger alone: what each person's last look at a target said. Called by the command line,
and once a day by the sweep, which keeps the numbers of the day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.diff import compare
from shared.flow.everybody import dossiers
from shared.flow.lanes import Want
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.ledger.measures import Measure
from shared.ledger.people import Decision, Dossier, TargetRow
from shared.model.desired import ALIVE, DesiredHr, TargetName
from shared.model.report import Difference

BUSY = 1_000
AGAIN = timedelta(hours=6)
SOON = timedelta(hours=1)
"""Between two counts of one day, the second while people are still to be looked at."""
_SCOPE = ".scope"


class Stands(StrEnum):
    """How somebody stands in a target."""

    SAME = "as it should be"
    DIFFERS = "differs"
    HELD = "waits for a human"
    PARKED = "parked"
    UNDER_WAY = "not looked at yet"


@dataclass(frozen=True)
class Line:
    """One person in one target."""

    target: TargetName
    person: str
    """`source:number`."""
    in_scope: bool
    stands: Stands
    differences: tuple[Difference, ...] = ()
    problem: str = ""
    is_ours: bool = False
    """Instroom made or took over what they have there."""


@dataclass
class Kind:
    """One difference, over everybody who has it."""

    people: int = 0
    examples: list[str] = field(default_factory=list)
    """The first few, by number."""
    why: str = ""
    """The rule and the fact of the first of them."""


@dataclass
class Total:
    """One target over everybody."""

    people: Counter[Stands] = field(default_factory=Counter)
    """In the scope."""
    outside: Counter[Stands] = field(default_factory=Counter)
    left_out: int = 0
    """Outside the scope by now, with an account that Instroom made or took over."""
    kinds: dict[str, Kind] = field(default_factory=dict)
    """Of those in the scope."""

    def add(self, line: Line) -> None:
        """Count one person in."""
        (self.people if line.in_scope else self.outside)[line.stands] += 1
        if not line.in_scope:
            self.left_out += line.is_ours
            return
        for difference in line.differences:
            kind = self.kinds.setdefault(str(difference), Kind())
            kind.people += 1
            if len(kind.examples) < EXAMPLES:
                kind.examples.append(line.person)
            kind.why = kind.why or "; ".join(f"{r.rule}: {r.because}" for r in difference.reasons)

    def measure(self, stage: str, now: datetime) -> Measure:
        """The numbers of this day."""
        return Measure(
            day=now.date(),
            at=now,
            stage=stage,
            people=self.people.total(),
            same=self.people[Stands.SAME],
            unseen=self.people[Stands.UNDER_WAY],
            kinds={kind: found.people for kind, found in self.kinds.items()},
        )


EXAMPLES = 3


async def lines(service: Service) -> AsyncIterator[Line]:
    """Everybody who is to be in a target, or is; a shelf of people at a time."""
    async for dossier in dossiers(service):
        for line in await _of(service, dossier):
            yield line


async def total(found: AsyncIterable[Line]) -> dict[TargetName, Total]:
    """Each target over all of these."""
    totals = {target: Total() for target in TargetName}
    async for line in found:
        totals[line.target].add(line)
    return totals


async def keep_the_day(service: Service, *, due: int = 0) -> None:
    """Note how far the roll-out is, some times a day, for as long as there is one.

    `due`: how many people the sweep has looked at. Everybody is read: not by one that is busy.
    """
    if due >= BUSY:
        return
    _, policy = await service.active_policy()
    now = service.clock.now().astimezone(policy.zone)
    if not policy.targets.are_partial or not await _is_due(service, now):
        return
    for target, found in (await total(lines(service))).items():
        measure = found.measure(policy.targets.of(target).stage, now)
        await service.ledger.measures.note(target, measure)


async def _is_due(service: Service, now: datetime) -> bool:
    """Nobody has counted today, or so long ago that more is known by now."""
    for target in TargetName:
        last = await service.ledger.measures.of(target, now.date())
        if last is None or now - last.at >= (SOON if last.unseen else AGAIN):
            return True
    return False


async def _of(service: Service, dossier: Dossier) -> list[Line]:
    decision = dossier.decision
    if decision is None:
        return []
    want = wanted(dossier, decision, await service.policy(decision.policy))
    sides = {target: compare.side(want, target) for target in TargetName}
    return [
        _line(dossier, decision, target, side)
        for target, side in sides.items()
        if _is_about(side, dossier.target(target))
    ]


def _is_about(want: Want, row: TargetRow) -> bool:
    """Is this person to be there, or there already?"""
    if isinstance(want, DesiredHr):
        return bool(want.records)
    return want.state in ALIVE or row.applied.account_id is not None


def _line(dossier: Dossier, decision: Decision, target: TargetName, want: Want) -> Line:
    row = dossier.target(target)
    why = want.only_told
    return Line(
        target=target,
        person=decision.person.primary_record.key,
        in_scope=why is None or not why.rule.endswith(_SCOPE),
        stands=_stands(decision, row, target),
        differences=row.report.differences if row.report else (),
        is_ours=row.applied.account_id is not None,
        problem=row.problem or "; ".join(row.report.obstacles.values() if row.report else ()),
    )


def _stands(decision: Decision, row: TargetRow, target: TargetName) -> Stands:
    if row.problem:
        return Stands.PARKED if row.mender else Stands.UNDER_WAY
    if row.report:
        differs = row.report.differences or row.report.obstacles
        return Stands.DIFFERS if differs else Stands.SAME
    if row.served < decision.wakes(target):
        return Stands.UNDER_WAY
    return Stands.HELD if decision.hold else Stands.SAME
