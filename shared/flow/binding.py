"""Put into their groups, twenty a request, those whose memberships wait. Called by the sweep.

A row is claimed before the group is asked, so that nobody takes back what may be arriving. After
the answer the person's row is written, then the waiting row goes: a stop anywhere asks again, and
whoever is a member already is done. One who was refused goes back to the ordinary road, where the
account is read and the reason is heard.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched

from shared import log
from shared.apply.bulk import MOST_BOUND, Bound, Bulk
from shared.errors import LostRace, Permanent, Transient, UnknownReply
from shared.flow.at_once import all_of
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.flow.stop import is_protected
from shared.ledger.history import Told
from shared.ledger.pending import Membership, Waiting
from shared.ledger.people import Dossier, TargetRow
from shared.model.change import Change, Kind
from shared.model.desired import TargetName
from shared.model.person import PersonId

ENTRA = TargetName.ENTRA
YOUNG = timedelta(seconds=60)
"""Entra's replicas may not know an account yet that was made just now: one unknown account and
nobody of the twenty gets in."""
CLAIM = timedelta(minutes=5)
BUDGET_SECONDS = 50.0
"""The sweep comes each minute, and brings back dates and retries too."""
MOST_A_SWEEP = 20_000
GROUPS_AT_ONCE = 8
"""One request at a time to a group, for writes to one object wait for each other."""


type Wish = tuple[str, PersonId, str | None]
"""Group, person and account."""


@dataclass
class _Settling:
    """What has become of whom, until it is written down."""

    rows: list[Waiting] = field(default_factory=list)
    done: dict[PersonId, list[Membership]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[PersonId, list[Membership]] = field(default_factory=lambda: defaultdict(list))

    def give_back(self, row: Waiting) -> None:
        """Nobody wants it any more; it may have arrived by an earlier request all the same."""
        self.rows.append(row)
        self.refused[row.membership.person_id].append(row.membership)

    def note(self, rows: Sequence[Waiting], bound: Bound) -> None:
        """Remember the answer for these rows."""
        for row in rows:
            one = row.membership
            if one.account_id in bound.refused:
                self.refused[one.person_id].append(one)
            else:
                self.done[one.person_id].append(one)
        self.rows += rows


async def bind(service: Service) -> int:
    """Bind what has waited long enough; answers how many memberships were settled."""
    if service.bulk is None:
        return 0
    until = service.clock.monotonic() + BUDGET_SECONDS
    settling = _Settling()
    by_group: dict[str, list[Waiting]] = defaultdict(list)
    async for row in _ripe(service):
        by_group[row.membership.group].append(row)
    stopped = asyncio.Event()
    await all_of(
        (
            _fill(service, service.bulk, group, rows, until, settling, stopped)
            for group, rows in by_group.items()
        ),
        at_once=GROUPS_AT_ONCE,
    )
    people = settling.done.keys() | settling.refused.keys()
    await all_of(_settle(service, person_id, settling) for person_id in people)
    await service.ledger.pending.drop(settling.rows)
    if settling.rows:
        log.info("memberships bound", memberships=len(settling.rows), people=len(people))
    return len(settling.rows)


async def _ripe(service: Service) -> AsyncIterator[Waiting]:
    """What waits, is old enough, and is claimed by nobody."""
    wall, taken = service.clock.wall(), 0
    async for row in service.ledger.pending.everything():
        if not row.membership.is_claimed(wall) and wall - row.written_at >= YOUNG:
            taken += 1
            yield row
        if taken >= MOST_A_SWEEP:
            return


async def _still_wanted(
    service: Service, rows: Sequence[Waiting], settling: _Settling
) -> tuple[Waiting, ...]:
    """Those that the people's own rows still say: a policy may have changed since.

    Asked for twenty at a time, for most of what waits is not bound in this sweep.
    """
    found = await all_of(_wishes(service, row.membership.person_id) for row in rows)
    wishes, wanted_still = frozenset[Wish]().union(*found), list[Waiting]()
    for row in rows:
        one = row.membership
        if (one.group, one.person_id, one.account_id) in wishes:
            wanted_still.append(row)
        else:
            settling.give_back(row)
    return tuple(wanted_still)


async def _wishes(service: Service, person_id: PersonId) -> frozenset[Wish]:
    """The memberships this person waits for and may be given."""
    dossier = await service.ledger.people.read(person_id)
    decision, row = dossier.decision, dossier.target(ENTRA)
    if decision is None or not row.pending:
        return frozenset()
    policy = await service.policy(decision.policy)
    if is_protected(policy, dossier):
        return frozenset()
    want = wanted(dossier, decision, policy).entra
    groups = row.pending & want.groups.keys() if want.only_told is None else ()
    return frozenset((group, person_id, row.applied.account_id) for group in groups)


async def _fill(
    service: Service,
    bulk: Bulk,
    group: str,
    rows: Sequence[Waiting],
    until: float,
    settling: _Settling,
    stopped: asyncio.Event,
) -> None:
    """One group, twenty at a time, until the sweep's time is over or Entra wants a pause."""
    for few in batched(rows, MOST_BOUND, strict=False):
        if stopped.is_set() or service.clock.monotonic() >= until:
            return
        some = await _still_wanted(service, few, settling)
        if not some:
            continue
        try:
            claimed = await service.ledger.pending.claim(some, service.clock.wall() + CLAIM)
        except LostRace:
            continue  # somebody took one back: the others come with the next sweep
        try:
            bound = await bulk.bind(group, [row.membership.account_id for row in claimed])
        except Transient as error:
            log.info("memberships wait", reason=error.reason)
            stopped.set()
            if not isinstance(error, UnknownReply):  # else they may be arriving
                with suppress(LostRace):
                    await service.ledger.pending.release(claimed)
            return
        except Permanent as error:
            log.warning("memberships refused", reason=error.reason)
            refused = {row.membership.account_id: error.reason for row in claimed}
            bound = Bound(refused=refused)
        settling.note(claimed, bound)


async def _settle(service: Service, person_id: PersonId, settling: _Settling) -> None:
    """Write down what this person has now; who was refused is looked at at once."""
    done, refused = settling.done[person_id], settling.refused[person_id]
    while True:
        dossier = await service.ledger.people.read(person_id)
        row = dossier.target(ENTRA)
        groups = frozenset(one.group for one in (*done, *refused)) & row.pending
        if not groups:
            return
        await _tell(service, person_id, row, [one for one in done if one.group in groups])
        singly = groups & {one.group for one in refused}
        after = _after(service, row, groups, singly)
        if not singly and groups - await _given(service, dossier):
            # It came after they had lost it: it is ours, and taken once Entra shows it.
            after = after.model_copy(update={"due_at": service.clock.now() + YOUNG})
        elif not await _watches_licences(service, dossier):
            after = _at_rest(service, after)
        if after.due_at and after.due_at != row.due_at:
            await service.ledger.due.add(after.due_at, person_id, suffix=service.mint())
        try:
            await service.ledger.people.save(dossier, ENTRA, after)
        except LostRace:
            continue
        return


async def _given(service: Service, dossier: Dossier) -> frozenset[str]:
    """The groups that the decision of now gives this person."""
    if dossier.decision is None:
        return frozenset()
    policy = await service.policy(dossier.decision.policy)
    return frozenset(wanted(dossier, dossier.decision, policy).entra.groups)


def _after(
    service: Service, row: TargetRow, groups: frozenset[str], singly: frozenset[str]
) -> TargetRow:
    """The row when these groups wait no longer; whoever was refused is due now."""
    changed = {"pending": row.pending - groups, "singly": row.singly | singly}
    due_at = service.clock.now() if singly else row.due_at
    return row.model_copy(update={**changed, "due_at": due_at})


def _at_rest(service: Service, row: TargetRow) -> TargetRow:
    """The row without the look that was due, when nothing else keeps it open."""
    keeps = row.claim, row.problem, row.attempt, row.tasks, row.report, row.applied.aliases
    if row.pending or row.singly or any(keeps):
        return row
    return row.model_copy(update={"due_at": None, "finished_at": service.clock.now()})


async def _watches_licences(service: Service, dossier: Dossier) -> bool:
    """Will it be looked, when that is due anyway, whether the licences of the groups came?"""
    decision = dossier.decision
    return bool(decision and (await service.policy(decision.policy)).licences.watch)


async def _tell(
    service: Service, person_id: PersonId, row: TargetRow, done: Sequence[Membership]
) -> None:
    """The audit, under the places at which it was begun."""
    at, why = service.clock.now(), row.applied.rights
    lines = [
        (one.place, Told(at=at, what=_line(one), reasons=why.get(one.group, ()))) for one in done
    ]
    await service.ledger.history.tell(person_id, lines)


def _line(one: Membership) -> str:
    return f"{ENTRA}: {Change(kind=Kind.ADD_TO_GROUP, what=one.group)}"
