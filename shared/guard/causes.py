"""What brought a harm about? People with one cause are counted, shown and approved as one.

Called by flow with what was decided before and what is decided now; pure. A cause names rules,
codes and dates, and never a person or a name: it stands on lists and in the audit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shared.errors import Permanent
from shared.model.change import Harm
from shared.model.desired import ALIVE, Desired, Reason, State, TargetName
from shared.model.exemption import RULE
from shared.model.harm import Loss
from shared.model.person import Contract, Person, Ties
from shared.policy import lifecycle
from shared.policy.conditions import Condition, holds
from shared.policy.desired import desired
from shared.policy.document import Policy
from shared.policy.fields import Facts, facts
from shared.policy.rule import ReachingRule

_PERSONAL = frozenset({"number", "phone", "mobile"})
_PLACE = re.compile(r"(entra\.groups|entra\.generated|topdesk\.operators)\[(\d+)\]")


@dataclass(frozen=True)
class View:
    """The facts and the rules that a decision was made of, and its moment."""

    person: Person
    policy: Policy
    at: datetime


def cause(
    kind: Harm,
    losses: Iterable[Loss],
    before: View | None,
    now: View,
    *,
    strays: Mapping[TargetName, Collection[str]] | None = None,
) -> str:
    """What makes the difference between the two: the policy, or which of HR's facts.

    `strays` are rights that somebody else gave: it is the policy that takes them.
    """
    match kind:
        case Harm.RIGHT:
            lost = ((loss.target, what) for loss in losses for what in loss.what)
            others = strays or {}
            told = (
                _of_stray(t, what)
                if what in others.get(t, ())
                else _of_right(t, what, before, now)
                for t, what in lost
            )
            return "; ".join(dict.fromkeys(told))
        case Harm.RENAME:
            lost = ((loss.target, what) for loss in losses for what in loss.what)
            return "; ".join(dict.fromkeys(_of_name(t, what, before, now) for t, what in lost))
        case Harm.BLOCK | Harm.DELETE | Harm.JOINER:
            return _of_state(kind, before, now)


# --- states --------------------------------------------------------------------------------


def _of_state(kind: Harm, before: View | None, now: View) -> str:
    standing = lifecycle.standing(now.person, now.policy, now.at)
    if before and before.policy.lifecycle != now.policy.lifecycle:
        by_old_rules = lifecycle.standing(now.person, before.policy, now.at).state
        if _is_spared(kind, by_old_rules):
            return f"policy edited: {', '.join(_edited(before.policy, now.policy))}"
    return standing.why.because.partition(",")[0]


def _is_spared(kind: Harm, state: State) -> bool:
    match kind:
        case Harm.BLOCK:
            return state in ALIVE and state is not State.AWAY
        case Harm.DELETE:
            return state is not State.DELETED
        case _:
            return state not in ALIVE


def _edited(old: Policy, new: Policy) -> Iterator[str]:
    was, now = old.lifecycle.model_dump(), new.lifecycle.model_dump()
    return (f"lifecycle.{key}" for key in now if now[key] != was.get(key))


# --- names ---------------------------------------------------------------------------------


def _of_name(target: TargetName, key: str, before: View | None, now: View) -> str:
    by_old_rules = _desired(before, now)
    if by_old_rules and _values(by_old_rules, target).get(key) != _wanted(target, key, now):
        return f"policy edited: {_section(target)}.{key}"
    return "name changed in HR"


def _wanted(target: TargetName, key: str, now: View) -> str | bool | None:
    want = _by(now)
    return _values(want, target).get(key) if want else None


def _values(want: Desired, target: TargetName) -> dict[str, str | bool | None]:
    wanted = want.entra.attributes if target == TargetName.ENTRA else want.topdesk.card
    return {key: one.value for key, one in wanted.items()}


def _section(target: TargetName) -> str:
    return "entra.attributes" if target == TargetName.ENTRA else "topdesk.card"


# --- rights --------------------------------------------------------------------------------


def _of_right(target: TargetName, right: str, before: View | None, now: View) -> str:
    mine = [one for one in now.person.exceptions if one.is_about(target, right)]
    if any(not one.gives and one.holds_on(_today(now)) for one in mine):
        return f"an exception denies {right}"
    if reasons := _reasons(_desired(before, now), target, right):
        return f"policy edited: {reasons[0].rule} gives it no more"
    if before is None:
        return "no rule gives it now"
    for reason in _reasons(_by(before), target, right):
        if reason.rule == RULE:
            return f"an exception that gave {right} is over"
        rule = _rule(before.policy, reason)
        if rule and (found := _of_facts(rule, before, now)):
            return found
    return "no rule gives it now"


def _today(view: View) -> date:
    return view.at.astimezone(view.policy.zone).date()


def _of_stray(target: TargetName, right: str) -> str:
    return f"{target}: {right} is managed strictly, and no rule explains who is in it"


def _reasons(want: Desired | None, target: TargetName, right: str) -> tuple[Reason, ...]:
    if want is None:
        return ()
    if target == TargetName.ENTRA:
        return want.entra.groups.get(right, ())
    operator = want.topdesk.operator
    if operator is None:
        return ()
    return operator.rights.get(right, (operator.reason,))


def _rule(policy: Policy, reason: Reason) -> ReachingRule | None:
    found = _PLACE.match(reason.rule)
    if found is None:
        return None
    rules: Mapping[str, Sequence[ReachingRule]] = {
        "entra.groups": policy.entra.groups,
        "entra.generated": policy.entra.generated,
        "topdesk.operators": policy.topdesk.operators,
    }
    return rules[found[1]][int(found[2])]


def _of_facts(rule: ReachingRule, before: View, now: View) -> str | None:
    """Which fact that the rule asks for is another one now?"""
    old = lifecycle.standing(before.person, before.policy, before.at).contracts
    new = lifecycle.standing(now.person, now.policy, now.at).contracts
    gave = next((c for c in old if holds(rule.when, _facts(before, c))), None)
    if gave is None:
        return f"days_after ({rule.days_after}) are over" if rule.days_after else None
    took = _successor(gave, old, new)
    if took is None:
        end = next((c.end for c in now.person.contracts if c.key == gave.key), None)
        return f"contract ended {end}" if end else "a contract is no longer there"
    was, is_now = _facts(before, gave), _facts(now, took)
    changes = (_change(field, was, is_now) for field in _fields(rule.when))
    return next((change for change in changes if change), None)


def _facts(view: View, contract: Contract) -> Facts:
    day = lifecycle.standing(view.person, view.policy, view.at).day
    return facts(view.person, contract, day, view.policy.departments)


def _successor(
    gave: Contract, old: tuple[Contract, ...], new: tuple[Contract, ...]
) -> Contract | None:
    """What became of a contract: the same one, or one that came in its place."""
    known = {contract.key for contract in old}
    same = next((contract for contract in new if contract.key == gave.key), None)
    return same or next((contract for contract in new if contract.key not in known), None)


def _change(field: str, was: Facts, now: Facts) -> str | None:
    if was[field] == now[field]:
        return None
    if field.startswith("name."):
        return "name changed in HR"
    if field in _PERSONAL:
        return f"{field} changed in HR"
    return f"{field} {was[field] or 'empty'} became {now[field] or 'empty'}"


def _fields(condition: Condition) -> Iterator[str]:
    """The fields that a condition asks for, in its order."""
    if condition.kind == "is":
        yield condition.field
    for part in condition.parts:
        yield from _fields(part)


# --- what would be -------------------------------------------------------------------------


def _desired(before: View | None, now: View) -> Desired | None:
    """What the old rules make of the new facts; None when there are none, or none but the new."""
    if before is None or before.policy == now.policy:
        return None
    return _by(View(now.person, before.policy, now.at))


def _by(view: View | None) -> Desired | None:
    if view is None:
        return None
    try:
        return desired(view.person, Ties(), view.policy, view.at)
    except Permanent:
        return None  # what these rules cannot decide, they did not decide
