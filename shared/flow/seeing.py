"""What is kept of what HR said about one person, and since when is HR silent?

Called by decide. An older observation never overwrites a newer one; absence is not departure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared import log
from shared.errors import LostRace, Permanent
from shared.flow.service import LEASE, Service
from shared.intake.merge import may_work, merge
from shared.ledger.people import Dossier, StoredRecord
from shared.model.desired import TargetName
from shared.model.exemption import Exemption
from shared.model.person import Person, PersonId, Record
from shared.policy.document import Policy


@dataclass(frozen=True)
class Observation:
    """What one HR read said about one number; no record and no problem: HR did not show it."""

    key: str
    """`source:number`."""
    observed_at: datetime
    """When the read began."""
    record: Record | None = None
    problem: str | None = None
    doubts: tuple[str, ...] | None = None
    """Records that may be the same human; None when nobody looked."""
    cause: str | None = None
    """Why harm that follows from this answer must wait for a human; None when it need not."""
    changes: Record | None = None
    """The record that this one was made from: it must still be the one that is held."""


def observed(dossier: Dossier, seen: Observation) -> dict[str, StoredRecord] | None:
    """The record row that this observation makes; None when a newer one was written already.

    Raises LostRace when it changes a record that is no longer held.
    """
    old = dossier.records.get(seen.key)
    if old and seen.observed_at < old.observed_at:
        return None
    if seen.changes and (old is None or old.newest != seen.changes):
        raise LostRace(f"{seen.key} is another record by now")
    # Contracts that disappear are absence, not departure: the last known ones live on.
    vanished = (
        seen.record is not None
        and not seen.record.contracts
        and bool(old and old.record and old.record.contracts)
    )
    absent = vanished or (seen.record is None and seen.problem is None)
    kept = old.record if old else None
    return {
        seen.key: StoredRecord(
            key=seen.key,
            record=kept if vanished else seen.record or kept,
            observed_at=seen.observed_at,
            missing_since=((old and old.missing_since) or seen.observed_at) if absent else None,
            problem=seen.problem,
            mender="hr" if seen.problem else None,
            doubts=(old.doubts if old else ()) if seen.doubts is None else seen.doubts,
            refused=old.refused if absent and old else None,
        )
    }


def person_of(
    dossier: Dossier, records: Mapping[str, StoredRecord], policy: Policy, now: datetime
) -> Person | None:
    """The one whom this dossier is of, with newer records; None when HR said nothing usable."""
    known = {**dossier.records, **records}
    heard = policy.write_back.heard
    read = [heard(stored.record) for stored in known.values() if stored.record]
    today = now.astimezone(policy.zone).date()
    person = merge(
        read,
        today=today,
        missing=is_silent(known, policy, now),
        stop=dossier.stop,
        numbered=numbered(dossier),
        exceptions=excepted(dossier, today),
    )
    return person and awaited(person, known, policy)


def excepted(dossier: Dossier, today: date) -> tuple[Exemption, ...]:
    """The exceptions of this person that are in force and not over."""
    kept = (dossier.exceptions[about].current for about in sorted(dossier.exceptions))
    return tuple(one for one in kept if one and one.holds_on(today))


def awaited(person: Person, records: Mapping[str, StoredRecord], policy: Policy) -> Person:
    """The person, with the day since when HR is silent if a contract of theirs begins after it."""
    since = [stored.missing_since for stored in records.values() if stored.record]
    moments = [moment for moment in since if moment]
    if not moments or len(moments) < len(since):
        return person
    day = max(moments).astimezone(policy.zone).date()
    begins = any(contract.start > day for contract in person.contracts)
    return person.model_copy(update={"silent_since": day}) if begins else person


def numbered(dossier: Dossier) -> str | None:
    """The record whose number the accounts carry, or may be about to get."""
    decision = dossier.decision
    if decision is None:
        return None
    began = any(
        row.applied.account_id or row.trying or row.served < decision.wakes(name)
        for name in TargetName
        for row in (dossier.target(name),)
    )
    return decision.person.numbered_record.key if began else None


def is_silent(records: Mapping[str, StoredRecord], policy: Policy, now: datetime) -> bool:
    """Has HR been silent, for longer than the policy's grace, about all that makes them work here?

    One source that still names them speaks for all; one that says that they left does not.
    """
    grace = timedelta(days=policy.lifecycle.missing_grace_days)
    today = now.astimezone(policy.zone).date()
    read = [(stored, stored.record) for stored in records.values() if stored.record]
    working = [stored for stored, record in read if may_work(record, today)]
    return all(
        stored.missing_since is not None and stored.missing_since + grace <= now
        for stored in working or [stored for stored, _ in read]
    )


def doubt(
    dossier: Dossier, records: Mapping[str, StoredRecord], policy: Policy
) -> Permanent | None:
    """Why a newcomer must wait for a human: they may be somebody who is known."""
    if dossier.decision or policy.sources.doubtful == "apart" or policy.sources.match == "off":
        return None
    told = [
        f"{stored.key} may be the same human as {other}: say `instroom people same {stored.key} "
        f"{other}` or `instroom people different {stored.key} {other}`"
        for stored in {**dossier.records, **records}.values()
        for other in stored.doubts
    ]
    return Permanent("; ".join(told), mender="operator") if told else None


def mended(dossier: Dossier) -> dict[str, StoredRecord]:
    """Records that were parked for another reason than HR's rows: they can be used now."""
    return {
        key: stored.model_copy(update={"problem": None, "mender": None})
        for key, stored in dossier.records.items()
        if stored.mender not in (None, "hr")
    }


def is_news(dossier: Dossier, records: Mapping[str, StoredRecord]) -> bool:
    """Is anything in these records worth a write beyond that they were seen again?"""
    for key, stored in records.items():
        old = dossier.records.get(key)
        if old is None or _seen_like(old, stored) != stored:
            return True
    return False


def _seen_like(old: StoredRecord, new: StoredRecord) -> StoredRecord:
    """The old row as if it had been read when the new one was."""
    return old.model_copy(update={"observed_at": new.observed_at})


async def park(
    service: Service, dossier: Dossier, records: Mapping[str, StoredRecord], error: Permanent
) -> None:
    """Facts that policy cannot work with: kept with the reason; the last decision lives on."""
    kept = {**dossier.records, **records}
    noted = {
        key: stored.model_copy(update={"problem": error.reason, "mender": error.mender})
        for key, stored in kept.items()
        if stored.problem != error.reason
    }
    if noted:
        await service.ledger.notices.note_parked(dossier.person_id)
        # A lane that still has the old policy parks behind the back of the new one's activation.
        await remind(service, dossier.person_id, service.clock.now() + LEASE)
        await service.ledger.people.note_records(dossier, noted)
    log.warning("parked", person=dossier.person_id, mender=error.mender, reason=error.reason)


async def remind_of_grace(
    service: Service, person_id: PersonId, records: Mapping[str, StoredRecord], policy: Policy
) -> None:
    """HR has become silent about someone: look again when the policy's grace is over."""
    grace = timedelta(days=policy.lifecycle.missing_grace_days)
    since = {stored.missing_since for stored in records.values() if stored.missing_since}
    for moment in sorted(since):
        await remind(service, person_id, moment + grace)


async def remind(service: Service, person_id: PersonId, moment: datetime) -> None:
    """Look at this person at `moment`."""
    await service.ledger.due.add(moment, person_id, suffix=service.mint())
