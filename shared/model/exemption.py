"""What is an exception to the rules? One right that one person has, or has not, until a day."""

from __future__ import annotations

from datetime import date

from shared.model.desired import Reason, TargetName
from shared.model.frozen import Frozen
from shared.model.right import folded

RULE = "exception"
"""Stands in the place of a rule in the reason of what it gives."""


def about(target: TargetName, right: str) -> str:
    """What the one exception is called that a person may have for this right."""
    return f"{target}:{folded(right)}"


class Exemption(Frozen):
    """One right of one person, given or denied by a human whatever the rules say."""

    target: TargetName
    right: str
    """The group, or the operator's right as model/right.py calls it."""
    gives: bool
    """It gives the right; else it denies it."""
    until: date
    """The last day."""
    reason: str
    owner: str
    """Who answers for it: a function or a mail address."""

    @property
    def key(self) -> str:
        """What it is about: there is one for each right of a person."""
        return about(self.target, self.right)

    @property
    def told(self) -> str:
        """The exception in words, as reasons and the audit have it."""
        does = "given" if self.gives else "denied"
        return f"{does} until {self.until}: {self.reason} ({self.owner} answers for it)"

    @property
    def why(self) -> Reason:
        """The reason of what it gives."""
        return Reason(rule=RULE, because=self.told)

    def is_about(self, target: TargetName, right: str) -> bool:
        """Is it this right that it gives or denies?"""
        return self.key == about(target, right)

    def holds_on(self, day: date) -> bool:
        """Is it in force on this day?"""
        return day <= self.until
