"""What stood, what should be, and who has to look? By the rows of one person alone.

Called by decide.py when it asks the guard and wakes the targets, and by all who show or serve what
was decided. Reads neither the ledger nor the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.diff import compare
from shared.diff.compare import Stand
from shared.ledger.people import Decision, Dossier
from shared.model.change import Harm
from shared.model.desired import (
    WITH_ACCOUNTS,
    Desired,
    DesiredHr,
    DesiredTopdesk,
    TargetName,
)
from shared.policy.desired import desired
from shared.policy.document import Policy

type Strays = Mapping[TargetName, Mapping[str, datetime]]
"""By target, the rights of another's hand that are taken, since when they are known."""


def wanted(dossier: Dossier, decision: Decision, policy: Policy) -> Desired:
    """What should be, by the rows alone: neither the clock nor the active policy is read."""
    known = dossier.with_account(decision.ties)
    return desired(decision.person, known, policy, decision.as_of)


def baseline(
    dossier: Dossier, before: Desired | None, strays: Strays
) -> dict[TargetName, tuple[Stand, ...]]:
    """What was applied in each target, and what had been decided with its held harm taken off.

    `strays` are what another's hand added to it and this decision takes.
    What is held was decided against somebody who lived: also when nothing is applied yet,
    because the account may be on its way. Empty where nobody ever had or was to have anything.
    """
    found: dict[TargetName, tuple[Stand, ...]] = {}
    for target, stands in decided(dossier, before, strays).items():
        row = dossier.target(target)
        applied = compare.applied(row.applied, strays.get(target, ()))
        there = (compare.FOUND,) if row.report and row.report.account_id else ()
        lived = applied.has_account or there or any(stand.has_account for stand in stands)
        found[target] = (applied, *there, *stands) if lived or held(dossier) else ()
    return found


def decided(
    dossier: Dossier, before: Desired | None, strays: Strays
) -> dict[TargetName, tuple[Stand, ...]]:
    """What the last decision lets each target do; where it was only told, nothing."""
    sides = {target: compare.side(before, target) for target in WITH_ACCOUNTS} if before else {}
    return {
        target: (compare.decided(held(dossier), sides[target], new(dossier, strays, target)),)
        if target in sides and not sides[target].only_told
        else ()
        for target in WITH_ACCOUNTS
    }


def taken(dossier: Dossier, after: Desired) -> Strays:
    """What another's hand gave and this decision takes, by target."""
    found = {
        target: compare.taken(dossier.target(target).applied, compare.side(after, target))
        for target in TargetName
    }
    return {
        target: strays
        for target, strays in found.items()
        if strays and not compare.side(after, target).only_told
    }


def new(dossier: Dossier, strays: Strays, target: TargetName) -> frozenset[str]:
    """Of these, those that the last decision does not know; what is given anew is new."""
    known = dossier.decision.strays.get(target, {}) if dossier.decision else {}
    return frozenset(r for r, at in strays.get(target, {}).items() if known.get(r) != at)


def held(dossier: Dossier) -> Mapping[Harm, str]:
    """The batch that each held harm waits in, by the last decision."""
    return dossier.decision.hold if dossier.decision else {}


def wakes(
    dossier: Dossier,
    before: Desired | None,
    after: Desired,
    hold: Mapping[Harm, str],
    strays: Strays,
) -> dict[TargetName, int]:
    """For each target how often it was woken, with those that this decision wakes."""
    wake = dict(dossier.decision.wake) if dossier.decision else {}
    held_before = held(dossier)
    touched = compare.touched(before, after)
    waiting = {
        TargetName.TOPDESK: _waits_for_entra(after, after.topdesk),
        TargetName.HR: _waits_for_entra(after, after.hr),
    }
    for target in TargetName:
        if waiting.get(target):
            continue  # Entra's finish wakes it, in one write with the login it waits for
        concerned = target is not TargetName.HR or bool(after.hr.records)
        other = dict(hold) != dict(held_before) or bool(new(dossier, strays, target))
        if target in touched or (concerned and other):
            wake[target] = wake.get(target, 0) + 1
    return wake


def _waits_for_entra(after: Desired, want: DesiredTopdesk | DesiredHr) -> bool:
    """Is a login to come? Where Entra or this target is only told about, it says how it is."""
    return want.waits_for_account and not (after.entra.only_told or want.only_told)


def with_work(dossier: Dossier, now: datetime) -> tuple[TargetName, ...]:
    """The targets that have work."""
    decision = dossier.decision
    if decision is None:
        return ()
    return tuple(
        name for name in TargetName if dossier.target(name).is_open(decision.wakes(name), now)
    )
