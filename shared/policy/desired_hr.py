"""What should HR know of this person's account, and why? A part of policy/desired.py.

Each record of a source that the policy writes back to gets the same account's facts, under its
own number. What happens to them when somebody leaves is said along, and worked out by plan/hr.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from shared.model.desired import ALIVE, DesiredHr, DesiredRecord, Reason, State, TargetName, Wanted
from shared.model.person import Person, Record, Ties
from shared.policy.choices import Choice, pick
from shared.policy.document import Policy
from shared.policy.fields import ACCOUNT_FIELDS, LOGIN, Facts, fill, names_in
from shared.policy.ground import Ground
from shared.policy.write_back import AfasBack, Part

_NOWHERE = DesiredHr(
    state=State.ABSENT, why=Reason(rule="write_back", because="says nothing of this source")
)


def hr(policy: Policy, person: Person, on: Ground, ties: Ties) -> DesiredHr:
    """Every record that is written to, with what it should say."""
    standing = on.standing
    alive = standing.state in ALIVE
    records = {
        record.key: _record(part, record, on.known[0], ties)
        for record in person.records
        if (part := policy.write_back.part(record.source))
        and (not alive or _counts(record, standing.day))
    }
    if not records:
        return _NOWHERE
    return DesiredHr(
        state=standing.state,
        why=standing.why,
        records=records,
        only_told=policy.targets.only_told(TargetName.HR, on.known),
        waits_for_account=alive and not ties.login and any(_needing_account(policy, records)),
    )


def _counts(record: Record, day: date | None) -> bool:
    """A number whose every contract has ended is another time of theirs; that record rests."""
    return any(day is None or one.end is None or one.end >= day for one in record.contracts)


def _record(part: Part, record: Record, known: Facts, ties: Ties) -> DesiredRecord:
    facts = {
        **known,
        "source": record.source,
        "number": record.number,
        LOGIN: ties.login or "",
    }
    user = part.user if isinstance(part, AfasBack) else None
    return DesiredRecord(
        source=record.source,
        number=record.number,
        fields={
            field: _wanted(place, c, facts) for field, place, c in part.templates(record.source)
        },
        user_id=user.id.replace("{number}", record.number) if user else None,
        makes_user=user is not None and user.make,
        cleared=part.leaver == "clear",
        conflict=part.conflict,
    )


def _wanted(place: str, choices: Sequence[Choice], known: Facts) -> Wanted:
    picked = pick(choices, known)
    if picked is None:
        return Wanted(value=None, reason=Reason(rule=place, because="none of its choices holds"))
    template = str(picked.value)
    names = ", ".join(names_in(template))
    because = picked.because or (f"the account's or HR's {names}" if names else "for everyone")
    return Wanted(
        value=fill(template, known), reason=Reason(rule=f"{place}{picked.place}", because=because)
    )


def _needing_account(policy: Policy, records: Mapping[str, DesiredRecord]) -> Iterable[bool]:
    """Of each template that may be written: is it made of the account?"""
    for source in {record.source for record in records.values()}:
        part = policy.write_back.part(source)
        for _, _, choices in part.templates(source) if part else ():
            yield any(ACCOUNT_FIELDS & set(names_in(str(c.value))) for c in choices)
