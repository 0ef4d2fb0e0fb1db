"""Which of what HR said is decided on: the newest, or the last that could be used?

Called by decide, whoever wakes the person: what was refused is judged anew each time, so that
somebody continues by himself when HR, the policy or a sponsor has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.flow.seeing import remind
from shared.flow.service import LEASE, Service
from shared.ledger.people import Decision, Dossier, StoredRecord
from shared.model.desired import ALIVE
from shared.model.person import BadRecord, Record
from shared.policy import admission, lifecycle
from shared.policy.document import Policy


@dataclass(frozen=True)
class Admission:
    """The record rows that differ from the ledger's, and whether a sponsor has left."""

    records: Mapping[str, StoredRecord]
    unsponsored: bool = False


async def admit(
    service: Service,
    dossier: Dossier,
    seen: Mapping[str, StoredRecord],
    policy: Policy,
    now: datetime,
) -> Admission:
    """Judge the newest record of each source; one that is refused leaves the last good one."""
    rows = {**dossier.records, **seen}
    newest = {key: row.newest for key, row in rows.items() if row.newest}
    found, unsponsored = dict(seen), False
    for key, record in newest.items():
        row, was = rows[key], dossier.records.get(key)
        if row.problem and row.mender == "hr" and not row.refused:
            continue  # HR's newest row could not even be read: that is told already
        others = [other for at, other in newest.items() if at != key]
        bad = admission.refusal(record, others, policy, now.astimezone(policy.zone).date())
        held = was.record if was else None
        if bad is None and (bad := await _sponsor_lacks(service, dossier, record, others, now)):
            left = bad.problem.startswith(_LEFT)
            held = record if left and held else held
            unsponsored = unsponsored or left
        if (judged := _judged(row, record, held, bad)) != row:
            found[key] = judged
    return Admission(found, unsponsored)


_LEFT = "the sponsor has left"


def _judged(
    row: StoredRecord, newest: Record, held: Record | None, bad: BadRecord | None
) -> StoredRecord:
    if bad:
        told = {"problem": bad.reason, "mender": "hr"}
        return row.model_copy(update={"record": held, "refused": newest, **told})
    if row.refused is None:
        return row
    cleared = {"refused": None, "problem": None, "mender": None}
    return row.model_copy(update={"record": newest, **cleared})


async def _sponsor_lacks(
    service: Service, dossier: Dossier, record: Record, others: list[Record], now: datetime
) -> BadRecord | None:
    """Whether somebody answers for an external; who is named is remembered, to hear of them."""
    _, policy = await service.active_policy()
    today = now.astimezone(policy.zone).date()
    for sponsor in admission.sponsors(record, others, policy, today):
        await service.ledger.relations.sponsor(sponsor, dossier.person_id)
        problem = await _problem(service, sponsor, policy, now)
        if problem:
            return BadRecord(
                source=record.source,
                number=record.number,
                field="contract.sponsor",
                problem=problem,
            )
    return None


async def _problem(service: Service, sponsor: str, policy: Policy, now: datetime) -> str | None:
    source, _, number = sponsor.partition(":")
    known = await service.ledger.identities.find(source, number)
    dossier = await service.ledger.people.read(known.person_id) if known else None
    if dossier is None or dossier.decision is None:
        return "the sponsor is nobody whom this HR system names; state in HR who answers for it"
    if lifecycle.standing(dossier.decision.person, policy, now).state in ALIVE:
        return None
    return f"{_LEFT}; state in HR who answers for this external now"


async def tell_sponsored(
    service: Service, old: Decision | None, new: Decision, now: datetime
) -> None:
    """Somebody came or left: look at the externals they answer for, once now and once later.

    Before the decision is written, so that a stop in between loses nobody; the later look is for
    whoever was looked at before it stood.
    """
    was = await _lives(service, old) if old else None
    if was == await _lives(service, new):
        return
    for record in new.person.records:
        async for person_id in service.ledger.relations.sponsored_by(record.key):
            await remind(service, person_id, now)
            await remind(service, person_id, now + LEASE)


async def _lives(service: Service, decision: Decision) -> bool:
    policy = await service.policy(decision.policy)
    return lifecycle.standing(decision.person, policy, decision.as_of).state in ALIVE
