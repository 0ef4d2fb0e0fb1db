"""What would happen to this person, and why? The same calculation as the real one, with no write.

Called by the command line. A dry run is a plan that nobody applies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.diff import compare
from shared.errors import Permanent
from shared.flow import seeing
from shared.flow.answer import opened
from shared.flow.lanes import Account, Lane, Want, entra_lane, hr_lane, topdesk_lane
from shared.flow.reporting import only_told, planned
from shared.flow.service import Service
from shared.flow.standing import baseline, wanted
from shared.intake.merge import merge
from shared.ledger.people import Dossier
from shared.model.change import Harm, Plan
from shared.model.desired import ALIVE, Desired, Reason, TargetName
from shared.model.person import BadRecord, Person, PersonId, Ties
from shared.policy import admission
from shared.policy.desired import desired
from shared.policy.document import Policy

UNKNOWN = PersonId("")


@dataclass(frozen=True)
class Preview:
    """What policy wants for a person at a moment, what that would change, and what would hurt."""

    person: Person
    at: datetime
    desired: Desired
    plans: tuple[Plan, ...]
    harms: frozenset[Harm]
    told: tuple[str, ...] = ()
    """Rights that nobody's rule explains and that are only told (`managed: report`)."""
    only_told: Mapping[TargetName, Reason] = field(default_factory=dict)
    """Where nothing of it would be done, and why."""


async def preview(
    service: Service,
    source: str,
    number: str,
    *,
    policy: Policy | None = None,
    at: datetime | None = None,
) -> Preview:
    """Read the person from HR, decide and plan, and write nothing.

    `policy` instead of the active one, `at` instead of now. Raises Permanent when HR does not
    show the number or its record cannot be read.
    """
    now = at or service.clock.now()
    rules = policy or (await service.active_policy())[1]
    known = await service.ledger.identities.find(source, number)
    dossier = await service.ledger.people.read(known.person_id if known else UNKNOWN)
    person = await _person(service, source, number, dossier, rules, now)
    ties = dossier.decision.ties if dossier.decision else Ties()
    want = desired(person, dossier.with_account(ties), rules, now)
    before = None
    if dossier.decision:
        before = wanted(dossier, dossier.decision, await service.policy(dossier.decision.policy))
    entra = await _look(entra_lane(service), dossier, want, now)
    topdesk = await _look(topdesk_lane(service), dossier, want, now)
    back = (await _look(hr_lane(service), dossier, want, now),) if want.hr.records else ()
    looks = (entra, topdesk, *back)
    strays = {seen.plan.target: seen.taken for seen in looks if not seen.only_told}
    return Preview(
        person,
        now,
        want,
        tuple(seen.plan for seen in looks),
        frozenset(compare.harms(baseline(dossier, before, strays), want)),
        (*entra.told, *topdesk.told),
        {seen.plan.target: seen.only_told for seen in looks if seen.only_told},
    )


async def _person(
    service: Service, source: str, number: str, dossier: Dossier, policy: Policy, now: datetime
) -> Person:
    """What HR says now; of someone HR does not show, what it last said."""
    sighting = await service.sources[source].one(number)
    reading = opened(sighting) if sighting else None
    if isinstance(reading, BadRecord):
        raise Permanent(reading.reason, mender="hr")
    key = f"{source}:{number}"
    stored = {k: r.record for k, r in dossier.records.items() if r.record}
    last = stored.get(key)
    shown = reading is not None and (bool(reading.contracts) or last is None)
    today = now.astimezone(policy.zone).date()
    if reading and shown:
        others = [record for other, record in stored.items() if other != key]
        if refused := admission.refusal(reading, others, policy, today):
            raise Permanent(refused.reason, mender="hr")
        stored[key] = reading
    missing = not shown and seeing.is_silent(dossier.records, policy, now)
    person = merge(
        map(policy.write_back.heard, stored.values()),
        today=today,
        missing=missing,
        stop=dossier.stop,
        numbered=seeing.numbered(dossier),
        exceptions=seeing.excepted(dossier, today),
    )
    if person is None:
        raise Permanent(f"{source} does not show {number}, and Instroom does not know it either")
    return person if shown else seeing.awaited(person, dossier.records, policy)


@dataclass(frozen=True)
class _Seen:
    """What one target shows of a person, and what would be done about it."""

    plan: Plan
    taken: Mapping[str, datetime] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    only_told: Reason | None = None


async def _look[D: Want, A: Account](
    lane: Lane[D, A], dossier: Dossier, desired_all: Desired, now: datetime
) -> _Seen:
    want, row = lane.wanted(desired_all), dossier.target(lane.target.name)
    if want.state not in ALIVE and not row.applied.account_id:
        return _Seen(Plan(target=lane.target.name))
    found = await lane.target.read(want, row.applied)
    all_strays, taken, plan = planned(lane, want, found, row.applied, now)
    left = sorted(all_strays - taken.keys())
    told = tuple(f"{lane.target.name}: {right}" for right in left)
    return _Seen(plan, taken, told, only_told(lane.target.name, want, row, found))
