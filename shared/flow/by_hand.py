"""What must somebody do by hand before this person is done, and what do we say meanwhile?

Called when work on a target ends, and by `instroom ad tasks`. Active Directory is asked with
exact values and looked at after each synchronisation; nothing is done before a read shows it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared import log
from shared.errors import Permanent
from shared.flow import noticing
from shared.flow.service import Service
from shared.flow.work import Work
from shared.model.account import Applied, CloudBlock, EntraAccount, Found, SeenBlocked
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import ALIVE, DesiredEntra, State, TargetName
from shared.model.harm import mark
from shared.model.notice import Cause, NoticeKind
from shared.model.person import PersonId
from shared.model.task import Place, Task, carried_on
from shared.plan.leaver import ONCE

LOOK = timedelta(minutes=30)
"""Entra Connect synchronises every half hour (Microsoft Learn, "Microsoft Entra Connect Sync:
Scheduler")."""
_GOES_ON = ONCE | {
    Kind.CREATE_TICKET,
    Kind.BLOCK_SIGN_IN,
    Kind.BLOCK_IN_CLOUD,
    Kind.REVOKE_SESSIONS,
    Kind.DELETE_ACCOUNT,
}
"""What may be refused without stopping the rest: an administrator's account, above all."""
BLOCKS = frozenset({Kind.BLOCK_SIGN_IN, Kind.BLOCK_IN_CLOUD})


@dataclass(frozen=True)
class Open:
    """One task of one person, as it is listed."""

    person_id: PersonId
    number: str
    """`source:number`."""
    task: Task
    problem: str
    """What the account waits for, and whether it can sign in meanwhile."""


async def all_open(service: Service) -> AsyncIterator[Open]:
    """Every task of everybody, of those who are parked by it."""
    async for person_id in service.ledger.notices.parked():
        dossier = await service.ledger.people.read(person_id)
        if dossier.decision is None or dossier.moved_to:
            continue
        number = dossier.decision.person.numbered_record.key
        for name in TargetName:
            row = dossier.target(name)
            for task in row.tasks:
                yield Open(person_id, number, task, row.problem or "")


def tasks(work: Work[Any, Any], plan: Plan) -> tuple[Task, ...]:
    """What is to be done by hand now; a block that a synchronisation undid says how often."""
    now = carried_on(plan.tasks, work.row.tasks, work.service.clock.now())
    before = {task.key: task.undone for task in work.row.tasks}
    again = _was_undone(work)
    if again:
        log.warning("synchronisation undid a block", person=work.dossier.person_id)
    return tuple(
        task.model_copy(update={"undone": before.get(task.key, 0) + (again and task.urgent)})
        for task in now
    )


def goes_on(change: Change, found: Found[Any]) -> bool:
    """Are the other changes done all the same when the target will not do this one?

    Of somebody whom Active Directory masters also what we took for the cloud's own; and no group
    of a leaver keeps them in the next.
    """
    if change.kind is Kind.REMOVE_FROM_GROUP:
        return change.harm is Harm.BLOCK
    account = found.account
    synced = isinstance(account, EntraAccount) and account.synced
    return change.kind in _GOES_ON or (synced and change.kind is Kind.SET_ATTRIBUTES)


def note_refused(work: Work[Any, Any], change: Change, error: Permanent) -> None:
    """The target will not do this one; the others are done."""
    if change.kind is Kind.CREATE_TICKET:
        told = f"ticket '{change.what}' could not be made: {error.reason}"
        work.refusals[change.key] = Permanent(told, mender=error.mender)
        log.warning("ticket refused", rule=change.what, reason=error.reason)
        return
    work.refusals[change.key] = error
    log.warning(
        "a human has to do it",
        person=work.dossier.person_id,
        target=work.name,
        change=change.kind,
    )


def without_refused(work: Work[Any, Any], found: Found[Any], plan: Plan) -> Plan:
    """The plan as it was carried out: what was refused is a task for a human."""
    refused = tuple(change for change in plan.changes if change.key in work.refusals)
    if not refused:
        return plan
    return plan.model_copy(
        update={
            "changes": tuple(c for c in plan.changes if c.key not in work.refusals),
            "refused": refused,
            "tasks": (
                *plan.tasks,
                *(_in_entra(c, found) for c in refused if c.kind is not Kind.CREATE_TICKET),
            ),
            "obstacles": {
                **plan.obstacles,
                **{c.key: work.refusals[c.key].reason for c in refused},
            },
        }
    )


def only_tickets(plan: Plan) -> bool:
    """Is nothing but tickets refused, and does nothing else stand in the way?"""
    keys = {change.key for change in plan.refused if change.kind is Kind.CREATE_TICKET}
    return bool(keys) and keys == plan.obstacles.keys()


def _in_entra(change: Change, found: Found[Any]) -> Task:
    account = found.account
    name = account.user_principal_name if isinstance(account, EntraAccount) else ""
    return Task(
        place=Place.ENTRA,
        what=f"{change.kind} {change.what}".strip(),
        on={"userPrincipalName": name} if name else {},
        values={"accountEnabled": "false"} if change.kind in BLOCKS else _written(change),
        why="; ".join(f"{r.rule}: {r.because}" for r in change.reasons),
        urgent=change.kind in BLOCKS,
    )


def left_to_ad(work: Work[Any, Any], plan: Plan, was: Applied) -> tuple[str, ...]:
    """What Entra refuses of an account that Active Directory masters is not asked of it again.

    Unless the policy has to mend the value.
    """
    refused = {
        key
        for change in plan.refused
        if change.kind is Kind.SET_ATTRIBUTES and work.refusals[change.key].mender == "target"
        for key in change.values
    }
    return tuple(sorted({*was.left_to_ad, *refused}))


def _written(change: Change) -> dict[str, str]:
    """What should stand there by Graph's names."""
    return {key: "" if value is None else str(value) for key, value in change.values.items()}


def parted(work: Work[Any, Any], was: Applied) -> tuple[str, ...]:
    """What has been done once for the leave that lasts; nothing for who is here."""
    if work.want.state in ALIVE:
        return ()
    done = {change.kind for change in work.done.values() if change.kind in ONCE}
    return tuple(sorted({*was.parted, *map(str, done)}))


async def tell(work: Work[Any, Any], found: Sequence[Task]) -> None:
    """Operators hear at once of what cannot wait for the morning, once for each such state."""
    now = [task for task in found if task.cannot_wait]
    if not now or NoticeKind.TASK not in work.policy.notices.send:
        return
    seen = mark(f"{task.key}|{task.since}|{task.undone}|{sorted(task.values)}" for task in now)
    about = work.dossier.person_id
    await noticing.intend(work.service, Cause(kind=NoticeKind.TASK, about=about, mark=seen))


def problem(applied: Applied, found: Sequence[Task]) -> str | None:
    """What the account waits for, in a sentence without a value; None when for nobody."""
    said = []
    for place in Place:
        mine = [task.what for task in found if task.place is place]
        if mine:
            in_ad = place is Place.ACTIVE_DIRECTORY
            how, where = (_meanwhile(applied), "") if in_ad else ("", " --everywhere")
            todo = f"waiting for {place}: {', '.join(mine)}"
            said.append(f"{how}{todo}; see `instroom ad tasks{where}`")
    return "; ".join(said) or None


def _meanwhile(applied: Applied) -> str:
    if applied.cloud_block is None:
        return ""
    return "can still sign in, " if applied.cloud_block.refused else "blocked in the cloud, "


def cloud_block(work: Work[Any, Any], plan: Plan) -> CloudBlock | None:
    """Our block in the cloud, as long as Active Directory is to follow."""
    if not any(change.kind is Kind.BLOCK_SIGN_IN for change in plan.for_ad):
        return None
    now = work.service.clock.now()
    if any(change.kind is Kind.BLOCK_IN_CLOUD for change in plan.refused):
        return CloudBlock(at=now, refused=True)
    if any(change.kind is Kind.BLOCK_IN_CLOUD for change in work.done.values()):
        return CloudBlock(at=now, refused=work.left_to_ad)
    return work.row.applied.cloud_block


def seen_blocked(work: Work[Any, Any], state: State) -> SeenBlocked | None:
    """The last block and how long after its decision it was seen to stand."""
    was, now = work.row.applied, work.service.clock.now()
    took = max(0, int((now - work.decision.as_of).total_seconds()))
    if was.state is State.ACTIVE and state not in ALIVE | {State.ABSENT}:
        return was.blocked or SeenBlocked(at=now, seconds=took)
    blocked = any(change.kind in BLOCKS for change in work.done.values())
    if blocked and not work.left_to_ad:
        return SeenBlocked(at=now, seconds=took)
    return None if state is State.ACTIVE and work.want.state is State.ACTIVE else was.blocked


def dn(found: Found[Any], was: Applied) -> str | None:
    """The distinguished name as last seen."""
    account = found.account
    return account.on_premises.dn if isinstance(account, EntraAccount) else was.dn


def may_still_be_made(work: Work[Any, Any], applied: Applied) -> bool:
    """Was Active Directory asked for an account that this leaver must not get any more?"""
    want = work.want
    asked = isinstance(want, DesiredEntra) and want.born_in_ad and work.row.trying
    return bool(asked) and applied.account_id is None and want.state is State.BLOCKED


def _was_undone(work: Work[Any, Any]) -> bool:
    """Did this work have to block again what had been blocked in the cloud before?"""
    block = work.began.applied.cloud_block
    again = any(change.kind is Kind.BLOCK_IN_CLOUD for change in work.done.values())
    return block is not None and not block.refused and again
