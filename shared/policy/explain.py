"""Why has someone a right, and why has someone not? Every rule of the policy answers.

Called by flow.explain. What is given comes from `desired`, the calculation that everything is
done by; only why a rule does not hold is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from shared.model.desired import Desired, Reason, State, TargetName
from shared.model.frozen import Frozen
from shared.model.person import Person
from shared.model.right import called
from shared.policy import lifecycle
from shared.policy.conditions import lacks
from shared.policy.document import Policy
from shared.policy.fields import Facts, facts
from shared.policy.rule import Rule


class Answer(Frozen):
    """What one rule says about one right of one person."""

    target: TargetName
    right: str
    """The group, or the operator's right."""
    rule: str
    """Its place in the policy, with its name."""
    given: bool
    because: str
    """The fact that gave it, or what it would take."""


def explain(person: Person, want: Desired, policy: Policy, at: datetime) -> tuple[Answer, ...]:
    """Each right that the policy knows, in its order; `want` is what `desired` says at `at`."""
    standing = lifecycle.standing(person, policy, at)
    known = [facts(person, contract, standing.day) for contract in standing.contracts]
    given = {
        TargetName.ENTRA: want.entra.groups,
        TargetName.TOPDESK: want.topdesk.operator.rights if want.topdesk.operator else {},
    }
    return tuple(
        _answer(target, right, place, rule, given[target].get(right, ()), standing, known)
        for target, right, place, rule in _rules(policy)
    )


def _rules(policy: Policy) -> Iterator[tuple[TargetName, str, str, Rule]]:
    for place, group in enumerate(policy.entra.groups):
        yield TargetName.ENTRA, group.group, f"entra.groups[{place}]", group
    for place, operator in enumerate(policy.topdesk.operators):
        for kind, name in operator.rights():
            yield TargetName.TOPDESK, called(kind, name), f"topdesk.operators[{place}]", operator


def _answer(
    target: TargetName,
    right: str,
    place: str,
    rule: Rule,
    reasons: Sequence[Reason],
    standing: lifecycle.Standing,
    known: Sequence[Facts],
) -> Answer:
    label = f"{place} ({rule.name})" if rule.name else place
    mine = next((reason for reason in reasons if reason.rule.startswith(f"{place} ")), None)
    because = mine.because if mine else _lacking(target, rule, standing, known)
    return Answer(target=target, right=right, rule=label, given=bool(mine), because=because)


def _lacking(
    target: TargetName, rule: Rule, standing: lifecycle.Standing, known: Sequence[Facts]
) -> str:
    """What keeps the rule from giving its right; of several contracts what each of them lacks."""
    missing = [lacks(rule.when, fact) for fact in known]
    told = "; ".join(dict.fromkeys(why for why in missing if why))
    if told and None not in missing:
        return told
    if leave := next(filter(None, standing.shrunk), None):
        return f"{leave.told}, and the rule does not say during_leave"
    if target is TargetName.TOPDESK and standing.state is State.PREPARED:
        return f"operators begin on the first day ({standing.why.because})"
    return f"the account is {standing.state} ({standing.why.because})"
