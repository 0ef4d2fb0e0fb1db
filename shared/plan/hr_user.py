"""What must happen to the user that somebody signs in to the HR system with? Pure.

It is made for whoever has none, and blocked, let in again and scrubbed with the account. One that
was there is kept right too, and is ours from then on; one that somebody else blocked stays so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.model.account import Applied, HrRecord
from shared.model.change import Change, Harm, Kind
from shared.model.desired import ALIVE, DesiredHr, DesiredRecord, Reason, State
from shared.model.hr_field import BLOCKED, SELF_SERVICE, UNIQUE, USER_ID, Value, field_key
from shared.plan.hr_ours import is_ours

_OUT = frozenset({State.AWAY, State.BLOCKED, State.DELETED})
type Given = Mapping[str, tuple[Value, Reason]]


def user(
    desired: DesiredHr, record: DesiredRecord, has: HrRecord, applied: Applied, given: Given
) -> Iterator[Change]:
    """The changes of one record's user; `given` are its fields that differ and may be written."""
    if not has.fields.get(USER_ID):
        yield from _create(desired, record, given)
    elif desired.state in ALIVE:
        yield from _bring_up(desired, record, has, applied, given)
    elif _is_managed(record, applied):
        yield from _take(desired, record, has)


def _is_managed(record: DesiredRecord, applied: Applied) -> bool:
    """Did we make this user, or keep it right when it was there? Only then is it taken away."""
    key = field_key(record.key, USER_ID)
    return key in applied.written or key in applied.writing


def _create(desired: DesiredHr, record: DesiredRecord, given: Given) -> Iterator[Change]:
    # None before there is something to sign in with, and none for somebody on leave.
    standing = desired.state in (State.PREPARED, State.ACTIVE)
    if record.makes_user and standing and "user.upn" in given:
        values = {USER_ID: record.user_id, SELF_SERVICE: True}
        yield _change(Kind.CREATE_HR_USER, record, given, values, desired.why)


def _bring_up(
    desired: DesiredHr, record: DesiredRecord, has: HrRecord, applied: Applied, given: Given
) -> Iterator[Change]:
    values: dict[str, Value] = {}
    blocked = bool(has.fields.get(BLOCKED))
    if not has.fields.get(SELF_SERVICE):
        values[SELF_SERVICE] = True
    if desired.state is State.AWAY and not blocked:
        values[BLOCKED] = True
    elif desired.state is State.ACTIVE and blocked and is_ours(record.key, BLOCKED, has, applied):
        values[BLOCKED] = False
    if values or given:
        harm = Harm.BLOCK if values.get(BLOCKED) else None
        yield _change(Kind.UPDATE_HR_USER, record, given, values, desired.why, harm)


def _take(desired: DesiredHr, record: DesiredRecord, has: HrRecord) -> Iterator[Change]:
    """Blocked; and of a deleted account what would stand in the way of somebody else."""
    values: dict[str, Value] = {}
    if not has.fields.get(BLOCKED):
        values[BLOCKED] = True
    harm = Harm.BLOCK
    if desired.state is State.DELETED:
        left = [field for field in UNIQUE if has.fields.get(field)]
        values |= dict.fromkeys(left)
        if has.fields.get(SELF_SERVICE):
            values[SELF_SERVICE] = False
        harm = Harm.DELETE if left else harm
    if desired.state in _OUT and values:
        yield _change(Kind.UPDATE_HR_USER, record, {}, values, desired.why, harm)


def _change(
    kind: Kind,
    record: DesiredRecord,
    given: Given,
    values: Mapping[str, Value],
    why: Reason,
    harm: Harm | None = None,
) -> Change:
    return Change(
        kind=kind,
        what=record.key,
        values={**values, **{field: value for field, (value, _) in given.items()}},
        reasons=(*(why for _ in values), *(reason for _, reason in given.values())),
        harm=harm,
    )
