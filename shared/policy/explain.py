"""Why has someone a right, and why has someone not? Every rule of the policy answers.

Called by flow.explain. What is given comes from `desired`, the calculation that everything is
done by; only why a rule does not hold is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from shared.model.desired import Desired, Reason, State, TargetName
from shared.model.exemption import RULE, Exemption
from shared.model.frozen import Frozen
from shared.model.person import Person
from shared.model.right import called, folded
from shared.policy.conditions import holds, lacks
from shared.policy.document import Policy
from shared.policy.generated import GeneratedRule
from shared.policy.ground import Ground, ground
from shared.policy.offsets import Near
from shared.policy.rule import ReachingRule


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
    on = ground(person, policy, at)
    given = {
        TargetName.ENTRA: want.entra.groups,
        TargetName.TOPDESK: want.topdesk.operator.rights if want.topdesk.operator else {},
    }
    answers = (
        _answer(target, right, place, rule, given[target].get(right, ()), on)
        for target, right, place, rule in _rules(policy)
    )
    made = (
        answer
        for place, rule in enumerate(policy.entra.generated)
        for answer in _of_generated(f"entra.generated[{place}]", rule, want, on)
    )
    return (*answers, *made, *(_excepted(one, given[one.target]) for one in on.exceptions))


def _of_generated(place: str, rule: GeneratedRule, want: Desired, on: Ground) -> Iterator[Answer]:
    """Each group of its making that somebody should be in; none: what that would take."""
    called, given = want.entra.generated, want.entra.groups
    mine = {right: _by(place, given[right]) for right in called if right in given}
    for right, because in mine.items():
        if because:
            label = f"{place} ({rule.name}): {called[right]}"
            yield _told(right, label, given=True, because=because)
    if not any(mine.values()):
        because = _lacking(TargetName.ENTRA, rule, on)
        yield _told(
            f"{rule.name} (generated)", f"{place} ({rule.name})", given=False, because=because
        )


def _told(right: str, rule: str, *, given: bool, because: str) -> Answer:
    return Answer(target=TargetName.ENTRA, right=right, rule=rule, given=given, because=because)


def _by(place: str, reasons: Sequence[Reason]) -> str | None:
    """What this rule's reason is, if it is among them."""
    return next((why.because for why in reasons if why.rule.startswith(f"{place} ")), None)


def _excepted(one: Exemption, given: Mapping[str, object]) -> Answer:
    """What an exception says; before the first day, or after the last, it gives nothing either."""
    has = folded(one.right) in set(map(folded, given))
    return Answer(
        target=one.target, right=one.right, rule=RULE, given=has and one.gives, because=one.told
    )


def _rules(policy: Policy) -> Iterator[tuple[TargetName, str, str, ReachingRule]]:
    for place, group in enumerate(policy.entra.groups):
        yield TargetName.ENTRA, group.group, f"entra.groups[{place}]", group
    for place, operator in enumerate(policy.topdesk.operators):
        for kind, name in operator.rights():
            yield TargetName.TOPDESK, called(kind, name), f"topdesk.operators[{place}]", operator


def _answer(
    target: TargetName,
    right: str,
    place: str,
    rule: ReachingRule,
    reasons: Sequence[Reason],
    on: Ground,
) -> Answer:
    label = f"{place} ({rule.name})" if rule.name else place
    mine = _by(place, reasons)
    denial = next((e for e in on.exceptions if not e.gives and e.is_about(target, right)), None)
    because = mine or (denial.told if denial else _lacking(target, rule, on))
    return Answer(target=target, right=right, rule=label, given=bool(mine), because=because)


def _lacking(target: TargetName, rule: ReachingRule, on: Ground) -> str:
    """What keeps the rule from giving its right; of several contracts what each of them lacks."""
    standing = on.standing
    missing = [lacks(rule.when, fact) for fact in on.known] if standing.contracts else []
    told = "; ".join(dict.fromkeys(why for why in missing if why))
    if told and None not in missing:
        over = (_over(rule, one) for one in on.beside if holds(rule.when, one.known))
        return "; ".join((told, *filter(None, over)))
    if leave := next(filter(None, standing.shrunk), None):
        return f"{leave.told}, and the rule does not say during_leave"
    if target is TargetName.TOPDESK and standing.state is State.PREPARED:
        return f"operators begin on the first day ({standing.why.because})"
    return f"the account is {standing.state} ({standing.why.because})"


def _over(rule: ReachingRule, one: Near) -> str | None:
    """That the rule would reach from this contract, on another day."""
    key = f"contract {one.contract.key}"
    if one.days_before and rule.days_before:
        return f"{key} begins on {one.contract.start}, days_before is {rule.days_before}"
    if one.days_after and rule.days_after:
        return f"{key} ended on {one.contract.end}, days_after was {rule.days_after}"
    return None
