"""Who is behind this HR number: somebody known, somebody new, or is that for a human to say?

Called by collect before a record is decided on. The record is put into the index in the same
write that would fail if another lane had put one there after we looked: whichever of two records
of one human comes second finds the first. Only the identity of a number says whose it is; what
the index says of that is an intention, which a stop may have left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from shared import log
from shared.errors import LostRace
from shared.flow import joining
from shared.flow.service import Service
from shared.intake.match import match, traits
from shared.intake.merge import may_work
from shared.ledger.identities import Identity
from shared.ledger.matches import Entry, Proposal, Shelf
from shared.ledger.people import Dossier
from shared.model.person import PersonId, Record
from shared.model.traits import Alike, Likeness, Traits
from shared.policy.document import Policy

WAITS = "waits"
"""Stands where a record's hash would: each read looks again whether somebody mended the doubt."""


@dataclass(frozen=True)
class Who:
    """Whose number it is, and the records that may be the same human."""

    identity: Identity
    doubts: tuple[str, ...] | None = None
    """`source:number`; None when nothing was looked up, so that the old ones still stand."""
    rules: str = ""
    """By which rules of the policy it was looked up."""


@dataclass(frozen=True)
class _Hits:
    """The people whom a record matches; for each that is doubtful the record that says so."""

    certain: frozenset[PersonId] = frozenset()
    doubtful: Mapping[str, Likeness] = field(default_factory=dict)
    """By `source:number`: one record a person."""


async def whose(service: Service, source: str, number: str, record: Record | None) -> Who:
    """The identity of this number, minted or shared with somebody known if need be."""
    identity = await service.ledger.identities.find(source, number)
    _, policy = await service.active_policy()
    if identity and identity.erased:
        if record is None or not may_work(record, _today(service, policy)):
            return Who(identity)
        # The shelf does not know them any more, and neither does anybody else.
        fresh = PersonId(service.mint())
        identity = await service.ledger.identities.begin_anew(source, identity, fresh)
    if record is None or not policy.sources.alternatives:
        fresh = PersonId(service.mint())
        known = identity or await service.ledger.identities.of(source, number, fresh=fresh)
        who = Who(known, () if record else None)
    elif identity is None:
        who = await _first_seen(service, record, policy)
    else:
        who = await _seen_again(service, identity, record, policy)
    return replace(who, rules=_rules(policy))


def _today(service: Service, policy: Policy) -> date:
    return service.clock.now().astimezone(policy.zone).date()


async def rules(service: Service) -> str:
    """By which rules of the active policy records are matched."""
    _, policy = await service.active_policy()
    return _rules(policy)


def _rules(policy: Policy) -> str:
    return " or ".join(" and ".join(fields) for fields in policy.sources.alternatives)


async def _first_seen(service: Service, record: Record, policy: Policy) -> Who:
    mine = traits(record)
    entered = None
    while entered is None:
        shelves = await service.ledger.matches.shelves(mine)
        hits = await _hits(service, mine, shelves, policy)
        other, intended = _joins(hits), _intended(shelves, mine)
        doubts = () if other else tuple(hits.doubtful)
        if doubts or intended:
            await _propose(service, record, hits, doubts)
        person_id = other or intended or PersonId(service.mint())
        entered = await _entered(service, shelves, mine, person_id, doubts)
    identities = service.ledger.identities
    identity = await identities.of(record.source, record.number, fresh=entered.person_id)
    return Who(identity, entered.doubts)


async def _seen_again(service: Service, identity: Identity, record: Record, policy: Policy) -> Who:
    """A number that is known: index it if need be, and see whether a doubt was mended."""
    mine = traits(record)
    looked = identity.record_hash not in ("", WAITS)
    if looked and await service.ledger.matches.holds(mine):
        return Who(identity)
    dossier = await joining.at_its_end(service, identity.person_id)
    entered = None
    while entered is None:
        shelves = await service.ledger.matches.shelves(mine)
        hits = await _hits(service, mine, shelves, policy, own=dossier)
        other = _joins(hits) if dossier.decision is None else None
        doubts = () if other else tuple(hits.doubtful)
        await _propose(service, record, hits, doubts)
        entered = await _entered(service, shelves, mine, other or dossier.person_id, doubts)
    await _tidy(service, dossier, mine)
    if entered.person_id != dossier.person_id:
        await joining.move(service, dossier.person_id, entered.person_id, who="instroom")
        dossier = await joining.at_its_end(service, entered.person_id)
    return Who(await _repaired(service, identity, record, dossier), entered.doubts)


@dataclass(frozen=True)
class _Entered:
    """What stands in the index by now."""

    person_id: PersonId
    doubts: tuple[str, ...]


async def _entered(
    service: Service,
    shelves: Sequence[Shelf],
    mine: Traits,
    person_id: PersonId,
    doubts: tuple[str, ...],
) -> _Entered | None:
    """Put the record on its shelves; None when another was put there since we looked."""
    try:
        await service.ledger.matches.enter(shelves, mine, person_id)
    except LostRace:
        return None
    return _Entered(person_id, doubts)


async def _repaired(
    service: Service, identity: Identity, record: Record, dossier: Dossier
) -> Identity:
    """The identity, naming those who they turned out to be."""
    if dossier.person_id == identity.person_id:
        return identity
    await service.ledger.identities.move(record.source, record.number, dossier.person_id)
    return await service.ledger.identities.find(record.source, record.number) or identity


async def _tidy(service: Service, dossier: Dossier, mine: Traits) -> None:
    """Take the record out from where it lay before HR changed what it is matched on."""
    old = dossier.records.get(mine.key)
    if old and old.record and (was := traits(old.record)) != mine:
        await service.ledger.matches.leave(was, stays=mine)


def _joins(hits: _Hits) -> PersonId | None:
    """The one person who it certainly is; with several, a human must say."""
    return next(iter(hits.certain)) if len(hits.certain) == 1 else None


def _intended(shelves: Sequence[Shelf], mine: Traits) -> PersonId | None:
    """Who this number was about to become when somebody was stopped."""
    entries = (shelf.entries.get(mine.key) for shelf in shelves)
    return next((entry.person_id for entry in entries if entry), None)


async def _propose(service: Service, record: Record, hits: _Hits, doubts: Sequence[str]) -> None:
    """Ask a human about each pair, and no longer about those that are clear by now."""
    matches = service.ledger.matches
    asked = [one async for one in matches.proposals(record.key)]
    for one in asked:
        if one.known not in doubts:
            await matches.close(one.newcomer, one.known)
    for known in doubts:
        proposal = Proposal(
            newcomer=record.key,
            known=known,
            likeness=hits.doubtful[known],
            since=service.clock.now(),
        )
        if await matches.propose(proposal):
            log.warning("may be one human", source=record.source, mender="operator")


# --- who is hit ---------------------------------------------------------------------------------


async def _hits(
    service: Service,
    mine: Traits,
    shelves: Sequence[Shelf],
    policy: Policy,
    own: Dossier | None = None,
) -> _Hits:
    certain: set[PersonId] = set()
    doubtful: dict[str, Likeness] = {}
    known: dict[PersonId, dict[str, Traits]] = {}
    for entry in _others(shelves, mine):
        dossier = await _dossier_of(service, entry)
        if own is None or dossier.person_id != own.person_id:
            theirs = known.setdefault(dossier.person_id, _traits_of(dossier))
            theirs.setdefault(entry.traits.key, entry.traits)
    for person_id, theirs in known.items():
        key, likeness = await _likeness(service, mine, theirs, policy)
        if likeness.alike == Alike.CERTAIN:
            certain.add(person_id)
        if likeness.alike in (Alike.CERTAIN, Alike.DOUBTFUL):
            doubtful[key] = likeness
    return _Hits(frozenset(certain), doubtful)


def _others(shelves: Sequence[Shelf], mine: Traits) -> list[Entry]:
    found = {key: entry for shelf in shelves for key, entry in shelf.entries.items()}
    return [found[key] for key in sorted(found) if key != mine.key]


async def _dossier_of(service: Service, entry: Entry) -> Dossier:
    source, _, number = entry.traits.key.partition(":")
    identity = await service.ledger.identities.find(source, number)
    person_id = identity.person_id if identity else entry.person_id
    return await joining.at_its_end(service, person_id)


def _traits_of(dossier: Dossier) -> dict[str, Traits]:
    read = (stored.record for stored in dossier.records.values() if stored.record)
    return {record.key: traits(record) for record in read}


async def _likeness(
    service: Service, mine: Traits, theirs: Mapping[str, Traits], policy: Policy
) -> tuple[str, Likeness]:
    """How sure is it that this record is of the person with those; and the record that says so.

    A person is as sure as the surest of the records, unless another says that it cannot be.
    """
    alternatives = policy.sources.alternatives
    found = {key: match(mine, traits_, alternatives) for key, traits_ in theirs.items()}
    told = {key: await service.ledger.matches.verdict(mine.key, key) for key in found}
    for said, alike in (("different", Alike.NEVER), ("same", Alike.CERTAIN)):
        for key, verdict in told.items():
            if verdict and verdict.said == said:
                return key, Likeness(alike=alike)
    order = (Alike.CERTAIN, Alike.DOUBTFUL, Alike.DIFFERENT, Alike.NEVER)
    key = min(found, key=lambda one: (order.index(found[one].alike), one))
    surest = found[key]
    never = [one for one in found.values() if one.alike == Alike.NEVER]
    if never and surest.alike == Alike.CERTAIN:
        against = {field for one in never for field in one.contradict}
        clash = tuple(sorted({*surest.contradict, *against}))
        return key, surest.model_copy(update={"alike": Alike.DOUBTFUL, "contradict": clash})
    return key, surest
