"""Does somebody else undo what we write, again and again? Then one of the two has to stop.

provision.py hands over each plan before it is carried out; finish.py keeps what was written. An
attribute or right that was changed back twice within some days is written no more, and that is
said with its name and the times, until a human says `instroom resume` or the policy wants another
value. What takes sign-in or rights is never held back here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

from shared import log
from shared.diff import compare
from shared.errors import LostRace, Misconfigured
from shared.flow.service import Service
from shared.flow.work import Work
from shared.ledger.history import Told
from shared.model.account import Wrote
from shared.model.change import Change, Kind, Plan
from shared.model.desired import ALIVE, WITH_ACCOUNTS, TargetName
from shared.model.harm import mark

TIMES = 2
"""Changed back so often, it is no accident."""
SETTLES = timedelta(minutes=30)
"""Sooner than this after a write what is read may be older than it."""
_BY_FIELD = frozenset({Kind.SET_ATTRIBUTES, Kind.UPDATE_CARD, Kind.UPDATE_USER, Kind.SET_MANAGER})
_GIVES = frozenset(
    {
        Kind.ADD_TO_GROUP,
        Kind.ADD_PERMISSION_GROUP,
        Kind.ADD_OPERATOR_RIGHT,
        Kind.GIVE_RIGHT,
    }
)


def less_undone(work: Work[Any, Any], plan: Plan) -> Plan:
    """The plan without what somebody else keeps changing back; that becomes an obstacle."""
    days = _days(work)
    work.stopped = {
        key: seen
        for change in plan.changes
        for key, value in _written(change)
        if days and (seen := _undone(work, key, value, days)) and seen.stopped
    }
    if not work.stopped:
        return plan
    changes = (_without(change, work.stopped.keys()) for change in plan.changes)
    told = {key: _told(work, key, seen) for key, seen in work.stopped.items()}
    return plan.model_copy(
        update={
            "changes": tuple(change for change in changes if change),
            "obstacles": {**plan.obstacles, **told},
        }
    )


def _told(work: Work[Any, Any], key: str, seen: Wrote) -> str:
    what = (
        f"{key} was taken away {len(seen.undone)} times after Instroom gave it"
        if key in work.lane.rights(work.want)
        else f"{key} was changed back {len(seen.undone)} times after Instroom wrote it"
    )
    zone = work.policy.zone
    moments = " and ".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in seen.undone)
    return (
        f"{what}, seen on {moments}: somebody else writes it too, or {work.name} keeps it "
        "otherwise. It is left as it is; let one of the two stop, then `instroom resume` with "
        "this person's number"
    )


def remembered(work: Work[Any, Any]) -> Mapping[str, Wrote]:
    """What we wrote, and what was changed back of it: of what is still wanted.

    What we took or emptied ourselves was undone by nobody else: it begins anew.
    """
    now, days = work.service.clock.now(), _days(work)
    if not days or work.want.state not in ALIVE:
        return {}
    wanted = {*compare.attributes(work.want), *work.lane.rights(work.want), "manager"}
    was = {key: one for key, one in work.row.applied.wrote.items() if key in wanted}
    written = {
        key: _undone(work, key, value, days) or Wrote(mark=_mark(value), at=now)
        for change in work.done.values()
        for key, value in _written(change)
    }
    fresh = {key: wrote.model_copy(update={"at": now}) for key, wrote in written.items()}
    return {**was, **fresh, **work.stopped}


async def resume(service: Service, source: str, number: str, *, who: str) -> tuple[str, ...]:
    """Write again what was left because somebody else changed it back; answers what that is.

    Raises Misconfigured for somebody unknown, or of whom nothing was left.
    """
    known = await service.ledger.identities.find(source, number)
    if known is None:
        raise Misconfigured(f"{source}:{number}", "is not known here", "See `instroom people`")
    resumed: tuple[str, ...] = ()
    for target in WITH_ACCOUNTS:
        while True:
            dossier = await service.ledger.people.read(known.person_id)
            row = dossier.target(target)
            left = tuple(key for key, wrote in row.applied.wrote.items() if wrote.stopped)
            if not left:
                break
            now = service.clock.now()
            told = Told(at=now, what=f"{target}: {', '.join(left)} is written again", who=who)
            wakes = sum(dossier.decision.wake.values()) if dossier.decision else 0
            line = (f"{wakes:08d}|~resume {target} {now:%Y%m%dT%H%M%S.%f}", told)
            await service.ledger.history.tell(known.person_id, [line])
            await service.ledger.due.add(now, known.person_id, suffix=service.mint())
            kept = {key: one for key, one in row.applied.wrote.items() if key not in left}
            applied = row.applied.model_copy(update={"wrote": kept})
            cleared = {"applied": applied, "due_at": now, "problem": None, "mender": None}
            try:
                await service.ledger.people.save(dossier, target, row.model_copy(update=cleared))
            except LostRace:
                continue
            log.info("resumed", person=known.person_id, target=target)
            resumed = (*resumed, *(f"{target}: {key}" for key in left))
            break
    if not resumed:
        raise Misconfigured(
            f"{source}:{number}", "has nothing that was left to somebody else", "Nothing to do"
        )
    return resumed


def _days(work: Work[Any, Any]) -> int:
    if work.name is TargetName.HR:
        return 0
    return work.policy.targets.undone_days(work.name)


def _undone(work: Work[Any, Any], key: str, value: object, days: int) -> Wrote | None:
    """What is known of a value that is to be written, when it is one that we wrote before."""
    was, now = work.row.applied.wrote.get(key), work.service.clock.now()
    if was is None or was.mark != _mark(value):
        return None
    if was.stopped or now - was.at < SETTLES:
        return was
    lately = (*(at for at in was.undone if now - at < timedelta(days=days)), now)
    return was.model_copy(update={"undone": lately, "stopped": len(lately) >= TIMES})


def _written(change: Change) -> Iterator[tuple[str, object]]:
    """Each thing that a change writes, by the name that it is told under."""
    if change.kind in _BY_FIELD:
        yield from change.values.items()
    elif change.kind in _GIVES:
        yield change.what, True


def _without(change: Change, names: AbstractSet[str]) -> Change | None:
    if change.kind in _GIVES:
        return None if change.what in names else change
    if change.kind not in _BY_FIELD or not names & change.values.keys():
        return change
    kept = [
        (key, value, reason)
        for (key, value), reason in zip(change.values.items(), change.reasons, strict=True)
        if key not in names
    ]
    if not kept:
        return None
    values = {key: value for key, value, _ in kept}
    reasons = tuple(reason for *_, reason in kept)
    entries = {key: entry for key, entry in change.entries.items() if key in values}
    return change.model_copy(update={"values": values, "reasons": reasons, "entries": entries})


def _mark(value: object) -> str:
    return mark([str(value)])
