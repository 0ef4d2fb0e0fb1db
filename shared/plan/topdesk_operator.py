"""What must happen to the operator card that stands on somebody's person card? Pure.

Called by plan/topdesk.py. The card is ours when a rule gave it; then its fields follow HR as the
person card's do, and its rights follow the rules. Rights that a human gave to an operator who
stays are left, but for `applied.strays`, which the caller was let to take; a card that is
archived keeps none, whoever gave them, or a return would bring them back. Filters go on before
rights come and off after they went: nobody sees more meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.model.account import Applied, OperatorCard, TopdeskCard
from shared.model.change import Change, Harm, Kind
from shared.model.desired import DesiredTopdesk, Operator, Reason, State, renamed
from shared.model.right import RightKind, is_filter, parted
from shared.plan.topdesk_values import Given, update, wanted_of, write
from shared.vendors.topdesk.fields import (
    LOGIN_NAME,
    LOGIN_PERMISSION,
    MARK_FIELD,
    OPERATOR_FIELDS,
    Value,
    about,
    folded,
    same,
)

_RETURNED = Reason(rule="topdesk.removal", because="the card is in use again")
_NO_RIGHT = Reason(rule="topdesk.operators", because="no rule gives this right now")
_STRICT = Reason(
    rule="topdesk.operators, managed: strict", because="no rule explains who has this right"
)
_COMES_BACK = Reason(rule="topdesk.operators", because="it came back with the archived card")
_NO_OPERATOR = Reason(rule="topdesk.operators", because="no rule gives an operator card now")


def operator_changes(
    desired: DesiredTopdesk,
    card: TopdeskCard | None,
    obstacles: Mapping[str, str],
    applied: Applied,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    """The operator card of somebody whose person card is in use."""
    # An operator costs a licence and may be assigned work: none before the first day.
    wanted = desired.operator if desired.state is State.ACTIVE else None
    operator = card.operator if card else None
    if wanted is None:
        if card and operator:
            yield from _retire(desired, card, operator, applied)
        return
    differing: Given = {}
    if operator is None:
        yield _create(desired, wanted, obstacles)
    else:
        if operator.archived:
            yield Change(kind=Kind.UNARCHIVE_OPERATOR, reasons=(wanted.reason,))
        differing = _fields_that_differ(desired, operator, obstacles)
        if operator.scrubbed:
            differing[MARK_FIELD] = (None, _RETURNED)
    login = {key: differing.pop(key) for key in (LOGIN_NAME,) if key in differing}
    renames = {OPERATOR_FIELDS.get(key, key) for key in renamed(applied.names, desired.card)}
    yield from update(Kind.UPDATE_OPERATOR, differing, frozenset(renames), hold)
    yield from _rights(wanted, operator, obstacles, applied)
    if login:
        # At the end, for TOPdesk may refuse it alone: some ask for a password with it.
        yield write(Kind.UPDATE_OPERATOR, _with_permission(login), what="login name")


def archive(desired: DesiredTopdesk, why: Reason, harm: Harm) -> Change:
    """Archive the operator card."""
    return Change(
        kind=Kind.ARCHIVE_OPERATOR, what=desired.archive_reason, reasons=(why,), harm=harm
    )


def brought_back(card: TopdeskCard, changes: Iterable[Change]) -> Mapping[str, tuple[Reason, ...]]:
    """The rights that come back with an archived operator card: ours to take, stop or no stop."""
    revives = any(change.kind is Kind.UNARCHIVE_OPERATOR for change in changes)
    rights = card.operator.rights if card.operator and revives else ()
    return dict.fromkeys(sorted(rights), (_COMES_BACK,))


# --- fields ----------------------------------------------------------------------------------


def _wanted(desired: DesiredTopdesk, obstacles: Mapping[str, str]) -> Given:
    return {
        OPERATOR_FIELDS[field]: given
        for field, given in wanted_of(desired).items()
        if field in OPERATOR_FIELDS and about(field) not in obstacles
    }


def _create(desired: DesiredTopdesk, wanted: Operator, obstacles: Mapping[str, str]) -> Change:
    values: dict[str, Value] = {
        field: value
        for field, (value, _) in _wanted(desired, obstacles).items()
        if value is not None
    }
    if LOGIN_NAME in values:
        # TOPdesk refuses the permission without the name.
        values[LOGIN_PERMISSION] = True
    return Change(kind=Kind.CREATE_OPERATOR, values=values, reasons=(wanted.reason,))


def _fields_that_differ(
    desired: DesiredTopdesk, operator: OperatorCard, obstacles: Mapping[str, str]
) -> Given:
    wanted = _wanted(desired, obstacles)
    differing = {
        field: (value, reason)
        for field, (value, reason) in wanted.items()
        if field in operator.fields and not same(field, value, operator.fields[field])
    }
    if "branch" in differing and "location" in wanted:
        # A location belongs to a branch: one of the same name is another one there.
        differing["location"] = wanted["location"]
    return differing


def _with_permission(login: Given) -> Given:
    """Who has a login name may log in, and TOPdesk lets nobody log in without."""
    value, reason = login[LOGIN_NAME]
    return {**login, LOGIN_PERMISSION: (value is not None, reason)}


# --- rights ----------------------------------------------------------------------------------


def _rights(
    wanted: Operator,
    operator: OperatorCard | None,
    obstacles: Mapping[str, str],
    applied: Applied,
) -> Iterator[Change]:
    has = operator.rights if operator else frozenset[str]()
    kept = {folded(right) for right in wanted.rights}
    ours = {folded(right) for right in (*applied.rights, *applied.strays)}
    # What an archived card brings back was not given for this return.
    comes_back = operator is not None and operator.archived
    lost = [r for r in has if folded(r) not in kept and (comes_back or folded(r) in ours)]
    by_others = {folded(right) for right in applied.strays}
    left = [right for right in lost if folded(right) in by_others]
    lost = [right for right in lost if right not in left]
    present = {folded(right) for right in has}
    gained = {
        right: reasons
        for right, reasons in wanted.rights.items()
        if folded(right) not in present and right not in obstacles
    }
    yield from (_give(right, why) for right, why in gained.items() if is_filter(right))
    for rights, why in ((lost, _NO_RIGHT), (left, _STRICT)):
        yield from strip((right for right in rights if not is_filter(right)), why, Harm.RIGHT)
    yield from (_give(right, why) for right, why in gained.items() if not is_filter(right))
    for rights, why in ((lost, _NO_RIGHT), (left, _STRICT)):
        yield from strip((right for right in rights if is_filter(right)), why)


def _give(right: str, reasons: tuple[Reason, ...]) -> Change:
    kind = Kind.ADD_PERMISSION_GROUP if _is_group(right) else Kind.ADD_OPERATOR_RIGHT
    return Change(kind=kind, what=right, reasons=reasons)


def strip(rights: Iterable[str], why: Reason, harm: Harm | None = None) -> Iterator[Change]:
    """Take these away; filters last."""
    for right in sorted(rights, key=lambda right: (is_filter(right), right)):
        kind = Kind.REMOVE_PERMISSION_GROUP if _is_group(right) else Kind.REMOVE_OPERATOR_RIGHT
        yield Change(kind=kind, what=right, reasons=(why,), harm=harm)


def _is_group(right: str) -> bool:
    return parted(right)[0] is RightKind.PERMISSION_GROUP


def _retire(
    desired: DesiredTopdesk, card: TopdeskCard, operator: OperatorCard, applied: Applied
) -> Iterator[Change]:
    """The person stays, or is away; the operator card goes when it is ours."""
    active = desired.state is State.ACTIVE
    why, harm = (_NO_OPERATOR, Harm.RIGHT) if active else (desired.why, Harm.BLOCK)
    if operator.archived:
        # Newer products (16.06.007) may bring it back together with the person card.
        if card.archived:
            yield archive(desired, why, harm)
    elif _is_ours(operator, applied):
        yield from strip(operator.rights, why, harm)
        yield archive(desired, why, harm)
    elif active:
        by_others = {folded(right) for right in applied.strays}
        left = [right for right in operator.rights if folded(right) in by_others]
        yield from strip((right for right in left if not is_filter(right)), _STRICT, Harm.RIGHT)
        yield from strip((right for right in left if is_filter(right)), _STRICT)


def _is_ours(operator: OperatorCard, applied: Applied) -> bool:
    """Did a rule of ours give this card? A right of ours on it says so too, id recorded or not."""
    given = {folded(right) for right in applied.rights}
    return operator.id == applied.operator_id or any(
        folded(right) in given for right in operator.rights
    )
