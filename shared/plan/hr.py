"""What must be written to HR so that its records know the person's account? Pure.

Only fields that the policy names are ever looked at. What we wrote is ours to change and to
empty; what somebody else put there stays, is replaced or is reported, as the policy says. An
empty field is nobody's. Raises nothing; what stands in the way is told as an obstacle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.model.account import Applied, Found, HrRecord, HrRecords
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import (
    ALIVE,
    Conflict,
    DesiredHr,
    DesiredRecord,
    Reason,
    State,
    TargetName,
)
from shared.model.hr_field import USER_ID, Value, field_key, is_of_user, same
from shared.plan import hr_user as plan_user
from shared.plan.hr_ours import is_ours

_LEFT = frozenset({State.BLOCKED, State.DELETED})
_KEPT = 8
"""So many values that may be ours are remembered of a field; a rename makes one."""


def hr(
    desired: DesiredHr,
    found: Found[HrRecords],
    applied: Applied,
    *,
    hold: frozenset[Harm] = frozenset(),
) -> Plan:
    """The changes for one person, one a record; those of a held kind of harm are set apart."""
    changes: list[Change] = []
    obstacles = dict(found.obstacles)
    for key, record in desired.records.items():
        has = found.account.records.get(key) if found.account else None
        if has is None:
            continue
        values = _values(desired, record, has, applied)
        obstacles |= _disputed(desired, record, has, applied)
        of_record = {field: v for field, v in values.items() if not is_of_user(field)}
        if of_record:
            changes.append(_write(desired, record, of_record))
        if record.user_id:
            of_user = {field: v for field, v in values.items() if is_of_user(field)}
            changes.extend(plan_user.user(desired, record, has, applied, of_user))
    return Plan(
        target=TargetName.HR,
        changes=tuple(change for change in changes if change.harm not in hold),
        held=tuple(change for change in changes if change.harm in hold),
        obstacles=obstacles,
    )


def about_to_be_written(applied: Applied, plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """What may stand in HR once this plan has begun, beside what is known to stand there."""
    writing = dict(applied.writing)
    for key, value in _written(plan.changes):
        if value:
            writing[key] = tuple(dict.fromkeys((*writing.get(key, ()), value)))[-_KEPT:]
    return writing


def stands(
    desired: DesiredHr, found: Found[HrRecords], applied: Applied, plan: Plan
) -> Mapping[str, str]:
    """What stands in HR of our making when this plan was carried out."""
    standing = dict(applied.written)
    records = found.account.records if found.account else {}
    for key in desired.records.keys() & records.keys():
        has = records[key]
        for field, value in has.fields.items():
            standing.pop(field_key(key, field), None)
            if value and is_ours(key, field, has, applied):
                standing[field_key(key, field)] = str(value)
        if desired.state in ALIVE:
            standing |= _right(desired.records[key], has)
    for key, value in _written(plan.changes):
        if value:
            standing[key] = value
        else:
            standing.pop(key, None)
    return standing


def _right(record: DesiredRecord, has: HrRecord) -> dict[str, str]:
    """What stands there as it should, whoever put it; and the user, which is ours from now on."""
    right = {
        field: has.fields.get(field)
        for field, wanted in record.fields.items()
        if wanted.value and same(field, wanted.value, has.fields.get(field))
    }
    if record.user_id:
        right[USER_ID] = has.fields.get(USER_ID)
    return {field_key(record.key, field): str(v) for field, v in right.items() if v}


def _written(changes: Iterable[Change]) -> Iterator[tuple[str, str | None]]:
    for change in changes:
        for field, value in change.values.items():
            yield field_key(change.what, field), str(value) if value else None


def _values(
    desired: DesiredHr, record: DesiredRecord, has: HrRecord, applied: Applied
) -> dict[str, tuple[Value, Reason]]:
    """What differs and may be written, with its reason; None empties."""
    if desired.state in ALIVE:
        return {
            field: (wanted.value, wanted.reason)
            for field, wanted in record.fields.items()
            if wanted.value
            and not same(field, wanted.value, has.fields.get(field))
            and _may_write(record, field, has, applied)
        }
    if desired.state not in _LEFT or not record.cleared:
        return {}
    return {
        field: (None, desired.why)
        for field in record.fields
        if not is_of_user(field)
        and has.fields.get(field)
        and is_ours(record.key, field, has, applied)
    }


def _may_write(record: DesiredRecord, field: str, has: HrRecord, applied: Applied) -> bool:
    if not has.fields.get(field) or record.conflict is Conflict.OURS:
        return True
    return is_ours(record.key, field, has, applied)


def _disputed(
    desired: DesiredHr, record: DesiredRecord, has: HrRecord, applied: Applied
) -> dict[str, str]:
    """What somebody else put where ours belongs, where the policy wants to hear of it."""
    if desired.state not in ALIVE or record.conflict is not Conflict.REPORT:
        return {}
    return {
        field_key(record.key, field): (
            f"{record.key} has another {field} in {record.source} than the account gives, and "
            f"Instroom did not write it: empty it there, or say write_back.{record.source}."
            "conflict: ours or theirs in the policy"
        )
        for field, wanted in record.fields.items()
        if wanted.value
        and not same(field, wanted.value, has.fields.get(field))
        and not _may_write(record, field, has, applied)
    }


def _write(
    desired: DesiredHr, record: DesiredRecord, values: Mapping[str, tuple[Value, Reason]]
) -> Change:
    return Change(
        kind=Kind.WRITE_RECORD,
        what=record.key,
        values={field: value for field, (value, _) in values.items()},
        reasons=tuple(reason for _, reason in values.values()),
        # What a leaver's record loses goes with the account: it waits for the same human.
        harm=Harm.BLOCK if desired.state in _LEFT else None,
    )
