"""Where may Instroom write by now? Per target a stage and a scope: `targets` in policy.yaml.

Going live beside an existing organisation is done in steps. In stage `report`, and for whoever is
outside the scope, a target is read and planned and told about, and nothing is written to it.
Called by desired.py, which makes the answer a part of what one person should have.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.model.desired import Linked, Match, Reason, TargetName
from shared.policy.choices import EVERYONE, PersonTemplate, When
from shared.policy.conditions import holds, lacks
from shared.policy.fields import FIELDS, Facts, check_template, fill, names_in
from shared.policy.section import Section


def _linked_template(text: str) -> str:
    check_template(text, FIELDS)
    if not names_in(text) and not set(text) & set("*?"):
        raise ValueError("is the same for everybody: write {number}, or a wildcard, into it")
    if not text.strip("*? "):
        raise ValueError("would fit every account: write what tells these apart, such as adm-*")
    return text


type LinkedTemplate = Annotated[str, AfterValidator(_linked_template)]


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
    undone_days: int = Field(default=14, ge=0, le=365)
    """What others change back twice within so many days is written no more; 0: it always is."""


class EntraMatch(Section):
    """By what an account is found that does not carry the person's number yet."""

    by: Literal["mail", "userPrincipalName", "onPremisesSamAccountName"]
    """The property of Graph; as `mail` only the primary address counts."""
    value: PersonTemplate
    """A template of its value; before an @ it is written as user names are."""


class LinkedRule(Section):
    """A convention by which another account of a person is known: `adm-1042` of person 1042."""

    kind: str = Field(min_length=1, max_length=24)
    """What it is called in lists: admin, test, service."""
    by: Literal["userPrincipalName", "employeeId"]
    """The property of Graph."""
    value: LinkedTemplate
    """A template of its value; with * or ? it is looked for among those with the same number."""
    on_leave: Literal["block", "report", "keep"] = "block"
    """When the person leaves: block it, with its sessions; tell a human; or leave it alone."""


class EntraRules(TargetRules):
    """The same of Entra, where accounts may be there without a number, and several of one."""

    match: tuple[EntraMatch, ...] = Field(default=(), max_length=5)
    """How accounts are found that exist without an employeeId, best first."""
    linked: tuple[LinkedRule, ...] = Field(default=(), max_length=10)
    """Which further accounts are a person's own; none of them is taken for the main one."""


class Targets(Section):
    """How far the roll-out has come; without this section every target is written to."""

    entra: EntraRules = EntraRules()
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

    def undone_days(self, target: TargetName) -> int:
        """Within how many days two undoings of one thing are no accident; 0: they are nothing."""
        rules = self.of(target)
        return rules.undone_days if isinstance(rules, TargetRules) else 0

    @property
    def are_partial(self) -> bool:
        """Is there anybody of whom it may only be told?"""
        adopting = (self.entra, self.topdesk)
        return any(rules.adopt == "report" for rules in adopting) or any(
            rules.stage is Stage.REPORT or rules.scope != EVERYONE
            for rules in (*adopting, self.hr)
        )

    @property
    def told(self) -> str | None:
        """How far it is, in a line for who looks after it; None when all of it is written."""
        lines = []
        for target in TargetName:
            rules = self.of(target)
            if rules.stage is Stage.REPORT:
                lines.append(f"{target} is only told about (stage report)")
            elif rules.scope != EVERYONE:
                lines.append(f"{target} is written only for whom the scope names")
            if isinstance(rules, TargetRules) and rules.adopt == "report":
                lines.append(f"what exists in {target} is not taken over (adopt: report)")
        return "; ".join(lines) or None

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

    def matches(self, known: Facts) -> tuple[Match, ...]:
        """By what this person's account may be found; what these facts leave empty finds none."""
        filled = ((rule.by, fill(rule.value, known)) for rule in self.entra.match)
        return tuple(Match(by=by, value=value) for by, value in filled if value)

    def linked(self, known: Facts) -> tuple[Linked, ...]:
        """How this person's further accounts are known."""
        filled = ((rule, fill(rule.value, known)) for rule in self.entra.linked)
        return tuple(
            Linked(kind=rule.kind, by=rule.by, value=value, on_leave=rule.on_leave)
            for rule, value in filled
            if value
        )
