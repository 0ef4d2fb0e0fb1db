"""Can what HR says of one person be used? If not: which field, and how is it mended?

Called by flow before anything is decided. One person is parked and the rest goes on; nothing here
judges an answer as a whole. Pure. Messages name the field and never repeat a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from shared.model.person import BadRecord, Contract, Person, Record
from shared.policy.conditions import holds
from shared.policy.document import Policy
from shared.policy.fields import facts

_DAY = timedelta(days=1)
_CORRECT = "correct one of the dates in HR"
_WITHDRAWN = ", or end it the day before its start if it was withdrawn"
_SHORTER = "state an earlier last day in HR, or raise externals.max_days in the policy"
_WHO = "state in HR which employee answers for it"

type Wrong = tuple[str, str]
"""The field, and what is wrong with it and how it is mended."""


def refusal(
    record: Record, others: Iterable[Record], policy: Policy, today: date
) -> BadRecord | None:
    """The first thing that is wrong with this record; None when it can be used.

    `others` are the same human's: who is employed by one of them is no external.
    """
    wrongs = (*_contradictions(record), *_external(record, others, policy, today))
    field, problem = next(iter(wrongs), ("", ""))
    if not problem:
        return None
    return BadRecord(source=record.source, number=record.number, field=field, problem=problem)


def sponsors(
    record: Record, others: Iterable[Record], policy: Policy, today: date
) -> tuple[str, ...]:
    """Who must answer for this external, as `source:number`; nobody for an employee."""
    if policy.externals.sponsor == "optional" or not _is_external(record, others, policy, today):
        return ()
    contracts = _to_come(record, today)
    named = (contract.sponsor or contract.manager for contract in contracts)
    return tuple(dict.fromkeys(f"{record.source}:{number}" for number in named if number))


def _contradictions(record: Record) -> Iterator[Wrong]:
    keys = [contract.key for contract in record.contracts]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        yield "contract.key", f"two contracts have the key {twice}; give each its own in HR"
    if record.died_on and record.birth_date and record.died_on < record.birth_date:
        yield "died_on", f"the day of death lies before the day of birth; {_CORRECT}"
    for contract in record.contracts:
        named = f"contract {contract.key}"
        if contract.end and contract.end < contract.start - _DAY:
            yield "contract.end", f"{named} ends before it starts; {_CORRECT}{_WITHDRAWN}"
        if any(leave.end and leave.end < leave.start for leave in contract.leaves):
            yield "leave.end", f"a leave on {named} ends before it begins; {_CORRECT}"


def _external(
    record: Record, others: Iterable[Record], policy: Policy, today: date
) -> Iterator[Wrong]:
    if not _is_external(record, others, policy, today):
        return
    most, needs_sponsor = policy.externals.max_days, policy.externals.sponsor == "required"
    for contract in _to_come(record, today):
        named = f"the external contract {contract.key}"
        answers = contract.sponsor or contract.manager
        if contract.end is None:
            yield "contract.end", f"{named} has no last day; state one in HR"
        elif most and (contract.end - contract.start).days >= most:
            yield "contract.end", f"{named} lasts longer than {most} days; {_SHORTER}"
        if needs_sponsor and not answers:
            yield "contract.sponsor", f"{named} names no sponsor and no manager; {_WHO}"
        if needs_sponsor and answers == record.number:
            yield "contract.sponsor", f"{named} is its own sponsor; {_WHO}"


def _is_external(record: Record, others: Iterable[Record], policy: Policy, today: date) -> bool:
    """Is there work that is not over, and none of it an employment?"""
    work = [
        holds(
            policy.externals.when,
            facts(Person(records=(one,)), contract, today, policy.departments),
        )
        is not None
        for one in (record, *others)
        for contract in _to_come(one, today)
    ]
    return bool(work) and all(work)


def _to_come(record: Record, today: date) -> list[Contract]:
    """The contracts that are not over."""
    real = (contract for contract in record.contracts if not contract.is_withdrawn)
    return [contract for contract in real if contract.end is None or contract.end >= today]
