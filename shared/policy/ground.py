"""On what are a person's rules tried? Their contracts of a day with the facts, and those near it.

Called by desired() and explain, which must not differ; pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.model.desired import Reason
from shared.model.exemption import Exemption
from shared.model.person import Person
from shared.policy import lifecycle
from shared.policy.conditions import holds
from shared.policy.document import Policy
from shared.policy.exceptions import in_force
from shared.policy.fields import Facts, facts
from shared.policy.lifecycle import Standing
from shared.policy.offsets import Near, near
from shared.policy.rule import ReachingRule


@dataclass(frozen=True)
class Ground:
    """One person at one moment, as rules see them."""

    standing: Standing
    known: Sequence[Facts]
    """Of each contract that speaks for the day, the primary one first; one at least."""
    beside: Sequence[Near]
    """Contracts that do not run on the day, and that a rule may reach from."""
    exceptions: Sequence[Exemption] = ()
    """Those that are in force."""

    def holding(self, rule: ReachingRule) -> Iterator[tuple[Facts, str]]:
        """The facts of each contract that meets the rule, with the reason; the day's first."""
        standing = self.standing
        for contract, fact, leave in zip(
            standing.contracts, self.known, standing.shrunk, strict=False
        ):
            if (rule.during_leave or not leave) and (why := holds(rule.when, fact)):
                yield fact, f"{why}, contract {contract.key}"
        for one in self.beside:
            if one.is_reached(rule) and (why := holds(rule.when, one.known)):
                yield one.known, f"{why}, {one.told(rule)}"

    def reason(self, rule: ReachingRule, place: str, label: str) -> Reason | None:
        """Why the rule holds: the first contract whose facts meet it, those of the day first."""
        because = next((why for _, why in self.holding(rule)), None)
        if because is None:
            return None
        return Reason(rule=f"{place} ({rule.name or label})", because=because)


def ground(person: Person, policy: Policy, as_of: datetime) -> Ground:
    """What rules are tried on at `as_of` (aware)."""
    standing = lifecycle.standing(person, policy, as_of)
    contracts, above = standing.contracts or (None,), policy.departments
    known = tuple(facts(person, one, standing.day, above) for one in contracts)
    today = as_of.astimezone(policy.zone).date()
    beside = near(person, policy, standing, today)
    return Ground(standing, known, beside, in_force(person, today))
