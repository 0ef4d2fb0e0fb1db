"""What must happen at a SCIM service so that one person's user is as it should be? Pure.

In the place of plan/topdesk.py when TOPDESK_INTERFACE is `scim`: the same desired card and the
same permission groups, which are groups, roles or entitlements there. Touches only what Instroom
manages: the fields that `desired` names, the user it recorded, found or adopted, and rights it
gave. Blocked is `active=false`, deleted is a DELETE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import (
    ALIVE,
    DesiredTopdesk,
    Reason,
    State,
    renamed,
)
from shared.plan.topdesk_held import set_apart
from shared.plan.topdesk_values import Given, update, write
from shared.vendors.scim.attributes import (
    EMPLOYEE_NUMBER,
    EXTERNAL_ID,
    MANAGER,
    Value,
    attribute,
    same,
    written,
)

_NUMBER = Reason(rule="employee_id", because="HR's source, number")
_MANAGER = Reason(rule="topdesk.manager", because="HR's manager.number")
_NO_RULE = Reason(rule="topdesk.operators", because="no rule gives this right now")
_STRICT = Reason(
    rule="topdesk.operators, managed: strict", because="no rule explains who has this right"
)
_LIVED = ALIVE | {State.BLOCKED}


def scim(
    desired: DesiredTopdesk,
    found: Found[TopdeskCard],
    applied: Applied,
    *,
    hold: frozenset[Harm] = frozenset(),
) -> Plan:
    """The ordered changes for one person; those of a held kind of harm are set apart.

    `values` and `reasons` of a user's change run parallel: one reason for each value, in order.
    """
    changes = tuple(_changes(desired, found, applied, hold))
    return set_apart(changes, found, applied, hold)


def _changes(
    desired: DesiredTopdesk,
    found: Found[TopdeskCard],
    applied: Applied,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    user, obstacles = found.account, found.obstacles
    if desired.state in ALIVE:
        if user is None:
            yield _create(desired, obstacles)
        else:
            yield from _bring_up(desired, user, obstacles, applied, hold)
        yield from _give(desired, user, obstacles)
    elif user is not None and (desired.state is not State.ABSENT or applied.account_id):
        yield from _take(desired, user, applied, desired.why, Harm.BLOCK)
        if not user.archived:
            yield _deactivate(desired)
        if desired.state is State.DELETED and _is_managed(applied):
            yield Change(kind=Kind.DELETE_USER, reasons=(desired.why,), harm=Harm.DELETE)


def _is_managed(applied: Applied) -> bool:
    """Did we bring this user to where it is? Only then may it ever be deleted."""
    return applied.account_id is not None and applied.state in _LIVED


def _create(desired: DesiredTopdesk, obstacles: Mapping[str, str]) -> Change:
    given = {field: (value, why) for field, (value, why) in _wanted(desired).items()}
    if desired.manager_id:
        given[MANAGER] = (desired.manager_id, _MANAGER)
    return write(
        Kind.CREATE_USER,
        {
            # Prepared for a first day: it stands ready and lets nobody in.
            "active": (desired.state is State.ACTIVE, desired.why),
            **{
                field: (value, why)
                for field, (value, why) in given.items()
                if value is not None and f"card.{field}" not in obstacles
            },
        },
    )


def _bring_up(
    desired: DesiredTopdesk,
    user: TopdeskCard,
    obstacles: Mapping[str, str],
    applied: Applied,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    """What may not stay goes first: nobody comes back with yesterday's rights."""
    leaving = desired.state is not State.ACTIVE
    why = desired.why if leaving else _NO_RULE
    yield from _take(desired, user, applied, why, Harm.BLOCK if leaving else Harm.RIGHT)
    moved_back = desired.state is State.PREPARED and applied.state is State.ACTIVE
    if (moved_back or desired.state is State.AWAY) and not user.archived:
        # The first day was moved into the future, or a leave has begun: behind the door till then.
        yield _deactivate(desired)
    given = _that_differ(desired, user, obstacles, applied)
    yield from update(Kind.UPDATE_USER, given, renamed(applied.names, desired.card), hold)
    if desired.state is State.ACTIVE and user.archived:
        yield Change(kind=Kind.ACTIVATE_USER, reasons=(desired.why,))


def _deactivate(desired: DesiredTopdesk) -> Change:
    return Change(kind=Kind.DEACTIVATE_USER, reasons=(desired.why,), harm=Harm.BLOCK)


def _that_differ(
    desired: DesiredTopdesk,
    user: TopdeskCard,
    obstacles: Mapping[str, str],
    applied: Applied,
) -> Given:
    given = {
        field: (value, why)
        for field, (value, why) in _wanted(desired).items()
        if f"card.{field}" not in obstacles and _differs(field, value, user.fields.get(field))
    }
    if f"card.{MANAGER}" in obstacles:
        return given
    if desired.manager_id and desired.manager_id != user.manager_id:
        given[MANAGER] = (desired.manager_id, _MANAGER)
    elif user.manager_id and not desired.manager_id and MANAGER in applied.values:
        given[MANAGER] = (None, _MANAGER)
    return given


def _differs(field: str, value: Value, has: Value) -> bool:
    where = attribute(field)
    return where is not None and not same(where, value, has)


def _wanted(desired: DesiredTopdesk) -> Given:
    card: Given = {
        field: (_fit(desired.card[field].value), desired.card[field].reason)
        for field in written(desired.card)
    }
    # The number is how the user is found again: no policy can leave it out or make it another.
    number = (desired.employee_number, _NUMBER)
    return {**card, EXTERNAL_ID: number, EMPLOYEE_NUMBER: number}


def _fit(value: Value) -> Value:
    """SCIM has no empty text (RFC 7643, 2.5); what is yes or no in TOPdesk is a word here."""
    if isinstance(value, bool):
        return str(value).lower()
    return (value or "").strip() or None


# --- rights ----------------------------------------------------------------------------------


def _rights(desired: DesiredTopdesk) -> Mapping[str, tuple[Reason, ...]]:
    # None before the first day, and none during a leave that closes the door.
    wanted = desired.operator if desired.state is State.ACTIVE else None
    return wanted.permission_groups if wanted else {}


def _give(
    desired: DesiredTopdesk, user: TopdeskCard | None, obstacles: Mapping[str, str]
) -> Iterator[Change]:
    has = {right.casefold() for right in _held(user)}
    for right, reasons in _rights(desired).items():
        if right.casefold() not in has and right not in obstacles:
            yield Change(kind=Kind.GIVE_RIGHT, what=right, reasons=reasons)


def _take(
    desired: DesiredTopdesk, user: TopdeskCard, applied: Applied, why: Reason, harm: Harm
) -> Iterator[Change]:
    """Take back those that we gave, and of others' what the caller was let to take."""
    kept = {right.casefold() for right in _rights(desired)}
    given = {right.casefold() for right in applied.rights}
    strays = {right.casefold() for right in applied.strays}
    for right in sorted(_held(user)):
        if right.casefold() in given - kept:
            yield Change(kind=Kind.TAKE_RIGHT, what=right, reasons=(why,), harm=harm)
        elif right.casefold() in strays - kept:
            yield Change(kind=Kind.TAKE_RIGHT, what=right, reasons=(_STRICT,), harm=harm)


def _held(user: TopdeskCard | None) -> frozenset[str]:
    return user.operator.permission_groups if user and user.operator else frozenset()
