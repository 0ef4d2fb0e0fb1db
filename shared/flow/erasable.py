"""May this person be erased, since when, and what is left of a line of their history?

Pure but for the clock that is handed over. Called by erasing.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from shared.flow.service import Clock
from shared.intake.merge import may_work
from shared.ledger.history import Told
from shared.ledger.people import Dossier
from shared.model.change import Kind
from shared.model.desired import WITH_ACCOUNTS, State, TargetName
from shared.model.event import Event
from shared.policy.document import Policy

_WHERE = {TargetName.ENTRA: "Entra", TargetName.TOPDESK: "TOPdesk", TargetName.HR: "HR"}
_BATCH = re.compile(r"[a-z]+-[0-9]+")
_WORDS = re.compile(r"[a-z][a-z -]{0,60}")
_CHANGE = re.compile(
    f"(begun: )?({'|'.join(TargetName)}): "
    f"({'|'.join(sorted((re.escape(kind) for kind in Kind), key=len, reverse=True))})"
)
_EVENT = re.compile(f"({'|'.join(Event)}): ({'|'.join(State)})")


@dataclass(frozen=True)
class Hindrance:
    """Why somebody cannot be erased, and what to do first."""

    problem: str
    mend: str


def hindrance(dossier: Dossier, clock: Clock, policy: Policy) -> Hindrance | None:
    """What keeps this person from being erased; None when they are gone."""
    if lives(dossier, policy, clock.now()):
        return Hindrance(
            "works here, or will: HR says so",
            "Let HR end it; erase when the account is deleted",
        )
    if dossier.stop:
        return Hindrance(
            "is kept out by an operator", "Lift that first, with `instroom leaver --lift`"
        )
    if any(stored.problem and not stored.missing_since for stored in dossier.records.values()):
        return Hindrance(
            "has a record in HR that cannot be used, so nobody knows whether they are gone",
            "Mend it in HR first; `instroom people` says what is wrong",
        )
    if dossier.decision and dossier.decision.hold:
        return Hindrance("waits for a human's answer", "Answer first: `instroom held`")
    return next((found for name in TargetName if (found := _at(dossier, name, clock))), None)


def _at(dossier: Dossier, name: TargetName, clock: Clock) -> Hindrance | None:
    row, where = dossier.target(name), _WHERE[name]
    wakes = dossier.decision.wakes(name) if dossier.decision else 0
    if row.claim or row.is_open(wakes, clock.now()):
        return Hindrance(
            f"is being worked on in {where}", "Try again when `instroom people` says it is done"
        )
    stands = row.applied.account_id and row.applied.state != State.DELETED
    if name in WITH_ACCOUNTS and (stands or row.trying):
        left = "is not deleted" if name is TargetName.ENTRA else "is not emptied"
        return Hindrance(
            f"has an account in {where} that {left}",
            "Wait for lifecycle.delete_after_days; `instroom people` says what it waits for",
        )
    return None


def lives(dossier: Dossier, policy: Policy, now: datetime) -> bool:
    """Does any record of HR say that they work here, or will?"""
    today = now.astimezone(policy.zone).date()
    said = (s.newest for s in dossier.records.values() if not s.missing_since)
    return any(record and may_work(record, today) for record in said)


def gone_since(dossier: Dossier) -> datetime | None:
    """When the last account was done away with; without one, when that was decided."""
    done = [row.finished_at for row in dossier.targets.values() if row.applied.account_id]
    moments = [moment for moment in done if moment]
    return max(moments, default=dossier.decision.as_of if dossier.decision else None)


def is_batch(rule: str) -> bool:
    """Does a reason name a batch rather than a rule of the policy?"""
    return bool(_BATCH.fullmatch(rule))


def bare(told: Told) -> Told:
    """When, by whom, what kind and by which rule; nothing that HR said, and no group."""
    if told.what.startswith("erased: "):
        return told
    reasons = tuple(reason.model_copy(update={"because": ""}) for reason in told.reasons)
    return told.model_copy(update={"what": _kind(told.what), "reasons": reasons})


def _kind(what: str) -> str:
    if found := _CHANGE.match(what) or _EVENT.match(what):
        return found[0]
    first = what.partition(":")[0]
    return first if _WORDS.fullmatch(first) else "something else"
