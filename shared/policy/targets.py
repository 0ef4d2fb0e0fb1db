"""Where may Instroom write by now? Per target a stage and a scope: `targets` in policy.yaml.

Going live beside an existing organisation is done in steps. In stage `report`, and for whoever is
outside the scope, a target is read and planned and told about, and nothing is written to it.
Called by desired.py, which makes the answer a part of what one person should have.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from shared.model.desired import Reason, TargetName
from shared.policy.choices import EVERYONE, When
from shared.policy.conditions import holds, lacks
from shared.policy.fields import Facts
from shared.policy.section import Section


class Stage(StrEnum):
    """What is done with a plan."""

    REPORT = "report"
    """It is told, and nothing is written."""
    APPLY = "apply"
    """It is carried out."""


class Reach(Section):
    """How far the roll-out in one target has come."""

    stage: Stage = Stage.APPLY
    """`report` reads, plans and tells; `apply` writes."""
    scope: When = EVERYONE
    """For whom it applies, by one of their contracts; of everybody else it is only told."""


class TargetRules(Reach):
    """The same of a target in which accounts are made."""

    adopt: Literal["report", "adopt"] = "adopt"
    """What exists already and is found by the number: take it over, or only say so."""


class Targets(Section):
    """How far the roll-out has come; without this section every target is written to."""

    entra: TargetRules = TargetRules()
    """Accounts and groups in Entra."""
    topdesk: TargetRules = TargetRules()
    """Cards in TOPdesk."""
    hr: Reach = Reach()
    """What is written back to HR, as `write_back` says."""

    def of(self, target: TargetName) -> Reach:
        """The rules of one target."""
        match target:
            case TargetName.ENTRA:
                return self.entra
            case TargetName.TOPDESK:
                return self.topdesk
            case TargetName.HR:
                return self.hr

    @property
    def are_partial(self) -> bool:
        """Is there anybody of whom it may only be told?"""
        adopting = (self.entra, self.topdesk)
        return any(rules.adopt == "report" for rules in adopting) or any(
            rules.stage is Stage.REPORT or rules.scope != EVERYONE
            for rules in (*adopting, self.hr)
        )

    def only_told(self, target: TargetName, known: Sequence[Facts]) -> Reason | None:
        """Why nothing is written of somebody with these facts, one a contract; None: it is."""
        rules, place = self.of(target), f"targets.{target}"
        if outside := self.outside(target, known):
            return Reason(rule=f"{place}.scope", because=outside)
        if rules.stage is Stage.REPORT:
            return Reason(rule=f"{place}.stage", because="the stage is report")
        return None

    def outside(self, target: TargetName, known: Sequence[Facts]) -> str | None:
        """What keeps them out of the scope; None for somebody in it."""
        scope = self.of(target).scope
        if any(holds(scope, facts) is not None for facts in known):
            return None
        told = dict.fromkeys(lacks(scope, facts) or "" for facts in known)
        return "; ".join(filter(None, told)) or "outside the scope"
