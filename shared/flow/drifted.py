"""Is this person's account still as it was left, and what is done about it? Called by drift.py.

Only a person on whom nobody works is looked at: whatever is under way puts the account right by
itself. A difference is looked at again with a fresh read before it counts, for what is told of
changes lags behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from shared import log
from shared.apply.changes import ChangedAccount, ChangedMember
from shared.errors import LostRace, Permanent, Transient
from shared.flow import strays
from shared.flow.lanes import entra_lane
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.ledger.history import Told
from shared.ledger.people import Dossier, TargetRow
from shared.model.account import EntraAccount, Found
from shared.model.change import Change, Kind
from shared.model.desired import DesiredEntra, TargetName
from shared.model.drift import Drift, DriftKind
from shared.model.person import PersonId
from shared.model.right import folded
from shared.policy.document import Policy

REMEMBERED = timedelta(days=7)
MOST_HEALS = 3
"""Who undoes us oftener in a week writes there too: it is told, and no longer put right."""
_KINDS: Mapping[Kind, DriftKind] = {
    Kind.SET_ATTRIBUTES: DriftKind.ATTRIBUTES,
    Kind.RENAME_ACCOUNT: DriftKind.ATTRIBUTES,
    Kind.SET_MANAGER: DriftKind.ATTRIBUTES,
    Kind.CLEAR_MANAGER: DriftKind.ATTRIBUTES,
    Kind.ADD_TO_GROUP: DriftKind.MEMBERSHIPS,
    Kind.REMOVE_FROM_GROUP: DriftKind.MEMBERSHIPS,
    Kind.ENABLE_SIGN_IN: DriftKind.DISABLED,
    Kind.BLOCK_SIGN_IN: DriftKind.ENABLED,
    Kind.REVOKE_SESSIONS: DriftKind.ENABLED,
    Kind.BLOCK_IN_CLOUD: DriftKind.ENABLED,
    Kind.RESTORE_ACCOUNT: DriftKind.DELETED,
    Kind.CREATE_ACCOUNT: DriftKind.DELETED,
}


class Seen(Enum):
    """What a look came to."""

    RIGHT = auto()
    TOLD = auto()
    HEALED = auto()


@dataclass(frozen=True)
class _Wrong:
    """What of an account is not as it was left."""

    kinds: set[DriftKind]
    changes: tuple[str, ...]
    groups: tuple[str, ...] = ()


async def look(service: Service, person_id: PersonId, item: ChangedAccount | None = None) -> Seen:
    """Look at this person's account; `item` is what was told of it, and may be enough."""
    dossier = await service.ledger.people.read(person_id)
    want = await _settled(service, dossier)
    if want is None:
        return Seen.RIGHT
    as_told = item.as_account(want) if item and item.as_account else None
    if as_told and not _differing(service, dossier, want, Found(account=as_told)):
        return Seen.RIGHT
    try:
        found = await service.entra.read(want, dossier.target(TargetName.ENTRA).applied)
    except Permanent as error:
        wrong = _Wrong({DriftKind.DELETED}, (error.reason,))
    except Transient:
        await service.ledger.drift.look_again(person_id)
        return Seen.RIGHT
    else:
        changes = _differing(service, dossier, want, found)
        if not changes:
            await _right_again(service, person_id)
            return Seen.RIGHT
        wrong = _wrong(changes)
    if await _was_worked_on(service, dossier):
        await service.ledger.drift.look_again(person_id)
        return Seen.RIGHT
    return await _judge(service, dossier, wrong)


async def look_at_member(service: Service, person_id: PersonId, item: ChangedMember) -> Seen:
    """Somebody came into a group or went out: look, unless it is as a rule has it."""
    dossier = await service.ledger.people.read(person_id)
    want = await _settled(service, dossier)
    if want is None:
        return Seen.RIGHT
    given = bool(item.names & set(map(folded, want.groups)))
    watched = bool(item.names & set(map(folded, want.managed)))
    if item.removed and given:
        return await look(service, person_id)
    if not item.removed and watched and not given:
        # A look writes down since when; the next decision asks the guard before it is taken.
        await _wake(service, dossier)
    return Seen.RIGHT


async def _settled(service: Service, dossier: Dossier) -> DesiredEntra | None:
    """What should be, for somebody on whom nobody works; None for everybody else."""
    decision, row = dossier.decision, dossier.target(TargetName.ENTRA)
    if decision is None or row.applied.account_id is None or row.problem or row.claim:
        return None
    if row.is_open(decision.wakes(TargetName.ENTRA), service.clock.now()):
        return None
    want = wanted(dossier, decision, await service.policy(decision.policy)).entra
    return None if want.only_told else want


def _differing(
    service: Service, dossier: Dossier, want: DesiredEntra, found: Found[EntraAccount]
) -> tuple[Change, ...]:
    """What would put it right; what waits to be bound with others' is on its way already."""
    decision, row = dossier.decision, dossier.target(TargetName.ENTRA)
    if decision is None:
        return ()
    applied = strays.decided(decision, TargetName.ENTRA, row.applied)
    hold, login = frozenset(decision.hold), applied.login or ""
    plan = entra_lane(service).plan(want, found, applied, login, hold)
    return tuple(
        change
        for change in (*plan.changes, *plan.for_ad)
        if not (change.kind is Kind.ADD_TO_GROUP and change.what in row.pending)
    )


def _wrong(changes: tuple[Change, ...]) -> _Wrong:
    kinds = {_KINDS[change.kind] for change in changes if change.kind in _KINDS}
    groups = [c.what for c in changes if _KINDS.get(c.kind) is DriftKind.MEMBERSHIPS]
    return _Wrong(kinds, tuple(map(str, changes)), tuple(groups))


async def _was_worked_on(service: Service, before: Dossier) -> bool:
    """Since it was read what should be: then the difference may be what we wrote ourselves."""
    dossier, name = await service.ledger.people.read(before.person_id), TargetName.ENTRA
    return (dossier.decision, dossier.target(name)) != (before.decision, before.target(name))


async def _judge(service: Service, dossier: Dossier, wrong: _Wrong) -> Seen:
    kinds, changes = wrong.kinds, wrong.changes
    _, policy = await service.active_policy()
    was, now = await service.ledger.drift.of(dossier.person_id), service.clock.now()
    heals = tuple(at for at in (was.heals if was else ()) if now - at < REMEMBERED)
    why = _why_not(policy, kinds, heals)
    if was and not was.healed and why and (was.changes, was.why) == (changes, why):
        return Seen.TOLD
    drift = Drift(
        person_id=dossier.person_id,
        seen_at=now,
        kinds=tuple(sorted(kinds)),
        changes=changes,
        groups=wrong.groups,
        healed=not why,
        why=why,
        heals=heals if why else (*heals, now),
    )
    await _write_down(service, dossier, drift)
    if why:
        log.warning("drift told", person=dossier.person_id, kinds=",".join(drift.kinds))
        return Seen.TOLD
    log.warning("drift healed", person=dossier.person_id, kinds=",".join(drift.kinds))
    await _wake(service, dossier)
    return Seen.HEALED


def _why_not(policy: Policy, kinds: set[DriftKind], heals: tuple[object, ...]) -> str:
    """Why it is only told; empty when it is put right."""
    told = sorted(kind for kind in kinds if policy.drift.of(kind) == "report")
    if told:
        return f"the policy says report for {', '.join(told)}"
    if len(heals) >= MOST_HEALS:
        return f"it was put right {len(heals)} times in a week: somebody else writes it too"
    return ""


async def _write_down(service: Service, dossier: Dossier, drift: Drift) -> None:
    """The finding and the audit, before anything is done about it."""
    await service.ledger.drift.keep(drift)
    wakes = sum(dossier.decision.wake.values()) if dossier.decision else 0
    doing = "told" if drift.why else "put right"
    what = f"drift in entra, {doing}: {'; '.join(drift.changes)}"
    key = f"{wakes:08d}|~drift {drift.seen_at:%Y%m%dT%H%M%S.%f}"
    line = Told(at=drift.seen_at, what=what)
    await service.ledger.history.tell(dossier.person_id, [(key, line)])


async def _wake(service: Service, dossier: Dossier) -> None:
    """Let the target be looked at, by the sweep; whoever works on the person does it anyhow."""
    now = service.clock.now()
    await service.ledger.due.add(now, dossier.person_id, suffix=service.mint())
    row: TargetRow = dossier.target(TargetName.ENTRA).model_copy(update={"due_at": now})
    try:
        await service.ledger.people.save(dossier, TargetName.ENTRA, row)
    except LostRace:
        log.info("drift: somebody works on this person", person=dossier.person_id)


async def _right_again(service: Service, person_id: PersonId) -> None:
    """What was found is no more; how often it was put right is remembered for a week."""
    was = await service.ledger.drift.of(person_id)
    if was is None:
        return
    if not any(service.clock.now() - at < REMEMBERED for at in was.heals):
        await service.ledger.drift.forget(person_id)
    elif not was.healed:
        await service.ledger.drift.keep(was.model_copy(update={"healed": True, "why": ""}))
