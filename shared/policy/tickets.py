"""Which tickets does TOPdesk get when somebody joins, moves or leaves? `topdesk.tickets`.

Level, not edge: a rule says what is true of a person, and the ledger remembers what it has seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.model.desired import ALIVE, State
from shared.model.ticket import Ticket
from shared.policy.choices import Choices, PersonChoice, pick
from shared.policy.conditions import holds
from shared.policy.fields import Facts, check_field, fill
from shared.policy.rule import Rule

BRIEF = "briefDescription"
BRIEF_LENGTH = 80  # Incident API 4.2.6 and Change API 1.4.0
_OF_INCIDENT = frozenset(
    {
        "status",
        "category",
        "subcategory",
        "callType",
        "entryType",
        "impact",
        "urgency",
        "priority",
        "duration",
        "processingStatus",
        "operatorGroup",
    }
)
_OF_CHANGE = frozenset({"changeType", "category", "subcategory", "impact", "priority", "benefit"})


def _field(name: str) -> str:
    check_field(name)
    return name


class TicketRule(Rule):
    """A ticket that is made once for each joiner, mover or leaver whom the rule fits."""

    name: str = Field(min_length=1, max_length=24)
    """Its own name, which is part of the ticket's external number: do not change it."""
    on: Literal["joiner", "mover", "leaver"]
    """When."""
    since: date
    """No ticket for who joined, moved or left before this day: going live makes none."""
    kind: Literal["incident", "change"] = "incident"
    """A call, or a request for change."""
    brief: Choices[PersonChoice]
    """The brief description, a template; cut at 80 characters."""
    request: Choices[PersonChoice] = ()
    """The text, a template of several lines."""
    fields: Mapping[str, str] = {}
    """Further fields by TOPdesk's names, such as `category: Middelen`."""
    assets: bool = False
    """List below the text what the person has, where TOPdesk has Asset Management."""
    template: str = ""
    """Number or name of the change template; for changes only."""
    changed: tuple[Annotated[str, AfterValidator(_field)], ...] = ("department.code", "job.code")
    """For movers: another value of one of these is a move."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        known = _OF_CHANGE if self.kind == "change" else _OF_INCIDENT
        if unknown := self.fields.keys() - known:
            kind = "a change" if self.kind == "change" else "an incident"
            raise ValueError(
                f"{', '.join(sorted(unknown))}: no field of {kind}; "
                f"known are {', '.join(sorted(known))}"
            )
        if self.template and self.kind != "change":
            raise ValueError("only a change is made from a template")
        return self


def tickets(
    rules: Sequence[TicketRule], state: State, known: Sequence[Facts], day: date
) -> dict[str, Ticket]:
    """What each rule has to say of somebody in this state; `day` is that of joining or leaving.

    A rule that does not fit is there all the same, without values: it has seen them.
    """
    found = {}
    for rule in rules:
        key = _key(rule, state, known[0])
        fits = day >= rule.since and any(holds(rule.when, fact) for fact in known)
        found[rule.name] = Ticket(
            key=key,
            values=_values(rule, known[0]) if key and fits else {},
            from_nothing=rule.on != "mover",
        )
    return found


def _key(rule: TicketRule, state: State, primary: Facts) -> str:
    """What is true now; empty for nothing that the rule is about."""
    alive = state in ALIVE
    match rule.on:
        case "joiner":
            return "in" if alive else ""
        case "leaver":
            return "out" if state in (State.BLOCKED, State.DELETED) else ""
        case "mover":
            values = (primary[field] for field in rule.changed)
            return f"{_digest(rule.changed)}:{_digest(values)}" if alive else ""


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _values(rule: TicketRule, primary: Facts) -> dict[str, str]:
    brief = pick(rule.brief, primary)
    request = pick(rule.request, primary)
    told = {
        "kind": rule.kind,
        "template": rule.template,
        "assets": "listed" if rule.assets else "",
        BRIEF: (fill(str(brief.value), primary) or "" if brief else "")[:BRIEF_LENGTH],
        "request": _lines(str(request.value), primary) if request else "",
        **rule.fields,
    }
    return {field: text for field, text in told.items() if text}


def _lines(text: str, primary: Facts) -> str:
    return "\n".join(fill(line, primary) or "" for line in text.strip().splitlines())
