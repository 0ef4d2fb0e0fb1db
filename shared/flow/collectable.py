"""Whose first sign-in can be collected now, and by whom? Read from the rows; nothing is written.

Called by first_sign_in.py. A pass opens an account, so it is only for people whose account was
made here and can sign in today: nobody blocked, gone, protected or stopped.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.flow.standing import wanted
from shared.flow.stop import is_protected
from shared.ledger.first_sign_ins import Collection
from shared.ledger.people import Dossier
from shared.model.collector import Collector
from shared.model.desired import State, TargetName
from shared.model.person import Person, PersonId
from shared.policy import lifecycle
from shared.policy.document import Policy

_MAY_COME = frozenset({State.PREPARED, State.ACTIVE})


@dataclass(frozen=True)
class Waiting:
    """Somebody whose first sign-in can be collected, today or from the first day on."""

    dossier: Dossier
    collection: Collection
    version: str
    """Of the row as read."""
    account_id: str
    key: str
    """`source:number`."""
    name: str
    department: str
    first_day: date
    ready: bool
    """The account can sign in now."""

    @property
    def person_id(self) -> PersonId:
        """Whose."""
        return self.dossier.person_id

    @property
    def is_new(self) -> bool:
        """Nobody has asked for it yet."""
        return self.collection.stage == "open"

    def mark(self, who: Collector) -> str:
        """What proves that `who` was shown exactly this; no other site can know it."""
        said = f"{self.version}|{who.account_id}|{self.person_id}"
        secret = self.collection.secret.encode()
        return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Closed:
    """Why nobody can collect it."""

    why: str
    for_good: bool = False


def judge(
    dossier: Dossier,
    row: tuple[Collection, str],
    policies: tuple[Policy, Policy],
    now: datetime,
) -> Waiting | Closed:
    """What can be collected for this person; `policies` are that of the decision and today's."""
    (collection, version), (then, rules) = row, policies
    decision = dossier.decision
    if decision is None:
        return Closed("turned out to be somebody else", for_good=True)
    if is_protected(rules, dossier):
        return Closed("is protected by the policy")
    want = wanted(dossier, decision, then).entra
    if dossier.stop or want.state not in _MAY_COME:
        state = State.BLOCKED if dossier.stop else want.state
        return Closed(f"cannot sign in: the account should be {state}")
    if want.only_told:
        told = f"{want.only_told.rule}: {want.only_told.because}"
        return Closed(f"is only told about in Entra for now ({told})")
    applied = dossier.target(TargetName.ENTRA).applied
    if applied.account_id is None:
        return Closed("has no account in Entra yet")
    first = _first_day(decision.person, then, now)
    begins = max(first, collection.opened_at.astimezone(rules.zone).date())
    if now.astimezone(rules.zone).date() > begins + timedelta(rules.first_sign_in.open_days):
        days = rules.first_sign_in.open_days
        return Closed(f"had {days} days, and they are over", for_good=True)
    standing = lifecycle.standing(decision.person, then, now)
    units = [contract.department for contract in standing.contracts if contract.department]
    return Waiting(
        dossier=dossier,
        collection=collection,
        version=version,
        account_id=applied.account_id,
        key=decision.person.primary_record.key,
        name=decision.person.name.display,
        department=units[0].name or units[0].code if units else "",
        first_day=first,
        ready=applied.state == want.state == State.ACTIVE,
    )


def may_collect(waiting: Waiting, who: Collector, rules: Policy) -> bool:
    """May `who` collect for this person? Nobody collects for himself."""
    if who.at_the_desk:
        return True
    if who.account_id is None or _same(who.account_id, waiting.account_id):
        return False
    said, decision = rules.first_sign_in.collectors, waiting.dossier.decision
    manager = decision.ties.manager_account_id if decision else None
    return for_everybody(who, rules) or bool(
        said.manager and manager and _same(manager, who.account_id)
    )


def for_everybody(who: Collector, rules: Policy) -> bool:
    """Is `who` of the service desk, or whoever else may collect for everybody?"""
    said = rules.first_sign_in.collectors
    return who.at_the_desk or _any(said.groups, who.groups) or bool(who.roles & set(said.roles))


def _any(groups: Sequence[str], has: frozenset[str]) -> bool:
    return bool({group.casefold() for group in groups} & {group.casefold() for group in has})


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _first_day(person: Person, policy: Policy, now: datetime) -> date:
    """Of the run of contracts that holds today, else of the next one."""
    today = now.astimezone(policy.zone).date()
    runs = lifecycle.spells(person.contracts, policy.lifecycle.bridge_gap_days)
    begun = [run.first for run in runs if run.first <= today and not _is_over(run, today)]
    coming = [run.first for run in runs if run.first > today]
    return begun[-1] if begun else coming[0] if coming else today


def _is_over(run: lifecycle.Spell, today: date) -> bool:
    return run.last is not None and run.last < today
