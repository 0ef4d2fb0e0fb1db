"""What must happen in TOPdesk so that one person's cards are as they should be? Pure.

Called by flow, preview and drift with what policy wants and what the target read. Touches only
what Instroom manages: the fields that `desired` names, the card it recorded or found by number,
permission groups it gave, and an operator card that a rule gave. There is no delete in TOPdesk:
blocked is archived, deleted is archived with login names and contact data emptied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.model.account import Applied, Found, OperatorCard, TopdeskCard
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import (
    ALIVE,
    DesiredTopdesk,
    Operator,
    Reason,
    State,
    TargetName,
    renamed,
)
from shared.vendors.topdesk.fields import (
    EMPLOYEE_NUMBER,
    IS_MANAGER,
    MANAGER,
    MARK_FIELD,
    OPERATOR_FIELDS,
    REMOVED,
    REMOVED_MARK,
    Value,
    about,
    fit,
    folded,
    same,
)

type Given = dict[str, tuple[Value, Reason]]
"""A value to write for each field, with the reason for it."""

_NUMBER = Reason(rule="employee_id", because="HR's source, number")
_IS_MANAGER = Reason(rule="topdesk.is_manager", because="who is somebody's manager in HR")
_MANAGER = Reason(rule="topdesk.manager", because="HR's manager.number")
_NO_GROUP = Reason(rule="topdesk.operators", because="no rule gives this permission group now")
_NO_OPERATOR = Reason(rule="topdesk.operators", because="no rule gives an operator card now")
_RETURNED = Reason(rule="topdesk.removal", because="the card is in use again")


def topdesk(
    desired: DesiredTopdesk,
    found: Found[TopdeskCard],
    applied: Applied,
    *,
    hold: frozenset[Harm] = frozenset(),
) -> Plan:
    """The ordered changes for one person; those of a held kind of harm are set apart.

    `values` and `reasons` of a card's change run parallel: one reason for each value, in order.
    """
    changes = tuple(_changes(desired, found, applied, hold))
    if Harm.JOINER in hold and found.account is None and applied.account_id is None:
        # What would follow on the new card waits with it.
        return Plan(target=TargetName.TOPDESK, held=changes, obstacles=found.obstacles)
    blocks = any(change.harm is Harm.BLOCK for change in changes)
    if blocks and Harm.BLOCK in hold:
        # Removing someone who may not even be blocked would be the greater harm.
        hold |= {Harm.DELETE}
    return Plan(
        target=TargetName.TOPDESK,
        changes=tuple(change for change in changes if change.harm not in hold),
        held=tuple(change for change in changes if change.harm in hold),
        obstacles=found.obstacles,
    )


def _changes(
    desired: DesiredTopdesk,
    found: Found[TopdeskCard],
    applied: Applied,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    card = found.account
    if desired.state in ALIVE:
        if card is None:
            yield _create(desired, found.obstacles)
        else:
            yield from _bring_up(desired, card, found.obstacles, applied, hold)
        yield from _operator(desired, card, found.obstacles, applied)
    elif card is not None:
        recorded = applied.account_id is not None
        if desired.state is not State.ABSENT or recorded:
            yield from _block(desired, card, applied)
        # A card of someone long gone, that we never managed, is left as it lies.
        if desired.state is State.DELETED and recorded:
            yield from _scrub(desired, card)


# --- alive ---------------------------------------------------------------------------------


def _create(desired: DesiredTopdesk, obstacles: Mapping[str, str]) -> Change:
    given: Given = {
        field: (value, reason)
        for field, (value, reason) in _wanted(desired).items()
        # Without its branch a card cannot be made: sending it brings the refusal to light.
        if value is not None and (about(field) not in obstacles or field == "branch")
    }
    if desired.is_manager:
        given[IS_MANAGER] = (True, _IS_MANAGER)
    if desired.manager_id:
        given[MANAGER] = (desired.manager_id, _MANAGER)
    return _write(Kind.CREATE_CARD, given)


def _bring_up(
    desired: DesiredTopdesk,
    card: TopdeskCard,
    obstacles: Mapping[str, str],
    applied: Applied,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    if card.archived:
        yield Change(kind=Kind.UNARCHIVE_CARD, reasons=(desired.why,))
    given = {
        **_fields_that_differ(desired, card, obstacles),
        **_managing_that_differs(desired, card, applied),
    }
    if card.scrubbed:
        given[MARK_FIELD] = (None, _RETURNED)
    yield from _update(given, renamed(applied.names, desired.card), hold)


def _update(given: Given, renames: frozenset[str], hold: frozenset[Harm]) -> Iterator[Change]:
    """One call; when a rename is held, it alone is set apart."""
    new_names = given.keys() & renames
    apart = new_names if Harm.RENAME in hold else frozenset[str]()
    if rest := {field: value for field, value in given.items() if field not in apart}:
        harm = Harm.RENAME if new_names and not apart else None
        yield _write(Kind.UPDATE_CARD, rest, harm)
    if apart:
        names = {field: value for field, value in given.items() if field in apart}
        yield _write(Kind.UPDATE_CARD, names, Harm.RENAME)


def _fields_that_differ(
    desired: DesiredTopdesk, card: TopdeskCard, obstacles: Mapping[str, str]
) -> Given:
    wanted = {
        field: given for field, given in _wanted(desired).items() if about(field) not in obstacles
    }
    has = {**card.fields, EMPLOYEE_NUMBER: card.employee_number}
    differing = {
        field: (value, reason)
        for field, (value, reason) in wanted.items()
        if not same(field, value, has.get(field))
    }
    if "branch" in differing and "location" in wanted:
        # A location belongs to a branch: one of the same name is another one there.
        differing["location"] = wanted["location"]
    return differing


def _managing_that_differs(desired: DesiredTopdesk, card: TopdeskCard, applied: Applied) -> Given:
    given: Given = {}
    if desired.is_manager and not card.is_manager:
        given[IS_MANAGER] = (True, _IS_MANAGER)
    elif card.is_manager and not desired.is_manager and applied.is_manager:
        given[IS_MANAGER] = (False, _IS_MANAGER)
    if desired.manager_id and desired.manager_id != card.manager_id:
        given[MANAGER] = (desired.manager_id, _MANAGER)
    elif card.manager_id and not desired.manager_id and MANAGER in applied.values:
        given[MANAGER] = (None, _MANAGER)
    return given


def _wanted(desired: DesiredTopdesk) -> Given:
    card: Given = {
        field: (fit(field, wanted.value), wanted.reason) for field, wanted in desired.card.items()
    }
    # The number is how the card is found again: no policy can leave it out or make it another.
    return {**card, EMPLOYEE_NUMBER: (desired.employee_number, _NUMBER)}


def _write(kind: Kind, given: Given, harm: Harm | None = None) -> Change:
    return Change(
        kind=kind,
        values={field: value for field, (value, _) in given.items()},
        reasons=tuple(reason for _, reason in given.values()),
        harm=harm,
    )


# --- the operator card -----------------------------------------------------------------------


def _operator(
    desired: DesiredTopdesk,
    card: TopdeskCard | None,
    obstacles: Mapping[str, str],
    applied: Applied,
) -> Iterator[Change]:
    # An operator costs a licence and may be assigned work: none before the first day.
    wanted = desired.operator if desired.state is State.ACTIVE else None
    operator = card.operator if card else None
    if wanted is None:
        if card and operator:
            yield from _retire(desired, card, operator, applied)
        return
    if operator is None:
        yield _create_operator(desired, wanted, obstacles)
    elif operator.archived:
        yield Change(kind=Kind.UNARCHIVE_OPERATOR, reasons=(wanted.reason,))
    yield from _groups(wanted, operator, obstacles, applied)


def _create_operator(
    desired: DesiredTopdesk, wanted: Operator, obstacles: Mapping[str, str]
) -> Change:
    values: dict[str, Value] = {
        OPERATOR_FIELDS[field]: value
        for field, (value, _) in _wanted(desired).items()
        if field in OPERATOR_FIELDS and value is not None and about(field) not in obstacles
    }
    if "loginName" in values:
        # TOPdesk refuses the permission without the name.
        values["loginPermission"] = True
    return Change(kind=Kind.CREATE_OPERATOR, values=values, reasons=(wanted.reason,))


def _groups(
    wanted: Operator,
    operator: OperatorCard | None,
    obstacles: Mapping[str, str],
    applied: Applied,
) -> Iterator[Change]:
    has = operator.permission_groups if operator else frozenset[str]()
    kept = {folded(group) for group in wanted.permission_groups}
    lost = (group for group in has if folded(group) not in kept)
    yield from _strip(lost, applied, _NO_GROUP, Harm.RIGHT)
    present = {folded(group) for group in has}
    for group, reasons in wanted.permission_groups.items():
        if folded(group) not in present and group not in obstacles:
            yield Change(kind=Kind.ADD_PERMISSION_GROUP, what=group, reasons=reasons)


def _retire(
    desired: DesiredTopdesk, card: TopdeskCard, operator: OperatorCard, applied: Applied
) -> Iterator[Change]:
    active = desired.state is State.ACTIVE
    why, harm = (_NO_OPERATOR, Harm.RIGHT) if active else (desired.why, Harm.BLOCK)
    archive = Change(
        kind=Kind.ARCHIVE_OPERATOR, what=desired.archive_reason, reasons=(why,), harm=harm
    )
    if operator.archived:
        # Newer products (16.06.007) may bring it back together with the person card.
        if card.archived:
            yield archive
    elif _is_ours(operator, applied):
        yield from _strip(operator.permission_groups, applied, why, harm)
        yield archive


def _is_ours(operator: OperatorCard, applied: Applied) -> bool:
    """Did a rule of ours give this card? A group of ours on it says so too, id recorded or not."""
    given = {folded(group) for group in applied.rights}
    return operator.id == applied.operator_id or any(
        folded(group) in given for group in operator.permission_groups
    )


def _strip(groups: Iterable[str], applied: Applied, why: Reason, harm: Harm) -> Iterator[Change]:
    """Take back those of the groups that we gave."""
    given = {folded(group) for group in applied.rights}
    for group in sorted(groups):
        if folded(group) in given:
            yield Change(kind=Kind.REMOVE_PERMISSION_GROUP, what=group, reasons=(why,), harm=harm)


# --- gone ------------------------------------------------------------------------------------


def _block(desired: DesiredTopdesk, card: TopdeskCard, applied: Applied) -> Iterator[Change]:
    """Archive both cards, whoever made the operator: the human behind it has left."""
    operator = card.operator
    if operator and not operator.archived:
        # An archived operator comes back with whatever groups it still has: take ours first.
        yield from _strip(operator.permission_groups, applied, desired.why, Harm.BLOCK)
        yield _archive(Kind.ARCHIVE_OPERATOR, desired)
    if not card.archived:
        yield _archive(Kind.ARCHIVE_CARD, desired)


def _archive(kind: Kind, desired: DesiredTopdesk) -> Change:
    return Change(kind=kind, what=desired.archive_reason, reasons=(desired.why,), harm=Harm.BLOCK)


def _scrub(desired: DesiredTopdesk, card: TopdeskCard) -> Iterator[Change]:
    left = {field: None for field in REMOVED if card.fields.get(field) is not None}
    if left or not card.scrubbed:
        yield Change(
            kind=Kind.SCRUB_CARD,
            what=desired.archive_reason,
            values={**left, MARK_FIELD: REMOVED_MARK},
            reasons=(desired.why,),
            harm=Harm.DELETE,
        )
