"""Which contracts give rights on a day on which they do not run? `days_before`, `days_after`.

A rule may reach so many days before a contract begins and after it ends, within one employment:
the old department's rights stay for a while after a move. Called by desired() and explain; pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from shared.model.person import Contract, Person
from shared.policy.document import Policy
from shared.policy.fields import Facts, facts
from shared.policy.lifecycle import Standing, spells
from shared.policy.rule import ReachingRule


@dataclass(frozen=True)
class Near:
    """A contract of today's employment that does not run today, and how far away it is."""

    contract: Contract
    known: Facts
    days_before: int = 0
    """So many days until it begins; zero: it has begun."""
    days_after: int = 0
    """So many days since its last one; zero: it has not ended."""

    def is_reached(self, rule: ReachingRule) -> bool:
        """Does the rule reach from the contract to today?"""
        early = 0 < self.days_before <= rule.days_before
        return early or 0 < self.days_after <= rule.days_after

    def told(self, rule: ReachingRule) -> str:
        """The contract in a reason; the same for as long as the rule reaches."""
        key = f"contract {self.contract.key}"
        if self.days_before:
            return f"{key} from {self.contract.start} and {_days(rule.days_before)} before"
        return f"{key} until {self.contract.end} and {_days(rule.days_after)} after"


def near(person: Person, policy: Policy, standing: Standing, today: date) -> tuple[Near, ...]:
    """The contracts beside those that speak for today, the nearest first; none if no rule asks."""
    rules = (*policy.entra.groups, *policy.entra.generated, *policy.topdesk.operators)
    if standing.day is None or not any(rule.days_before or rule.days_after for rule in rules):
        return ()
    found = (
        _near(person, contract, today, policy)
        for contract in _of_employment(person, policy, standing.day)
        if not any(contract is one for one in standing.contracts)
    )
    apart = [one for one in found if one.days_before or one.days_after]
    return tuple(
        sorted(apart, key=lambda one: (one.days_before + one.days_after, one.contract.key))
    )


def _of_employment(person: Person, policy: Policy, day: date) -> Iterator[Contract]:
    """The contracts of the employment without a gap that this day belongs to."""
    runs = spells(person.contracts, policy.lifecycle.bridge_gap_days)
    run = next((r for r in runs if r.first <= day and (r.last is None or day <= r.last)), None)
    if run is None:
        return iter(())
    inside = (c for c in person.contracts if run.first <= c.start and not c.is_withdrawn)
    return (c for c in inside if run.last is None or c.start <= run.last)


def _near(person: Person, contract: Contract, today: date, policy: Policy) -> Near:
    """Its facts are those of its first or its last day, whichever is nearer."""
    last = contract.end
    before = max(0, (contract.start - today).days)
    after = max(0, (today - last).days) if last else 0
    day = contract.start if before else last or today
    known = facts(person, contract, day, policy.departments)
    return Near(contract, known, before, after)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
