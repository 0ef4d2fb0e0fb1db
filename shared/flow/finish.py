"""How does work on one person in one target end, and what is remembered of it?

It stands, it waits, or somebody must mend something: each is written down after telling all who
must know, so that a stop in between leaves a reminder behind. Called by provision.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared import log
from shared.apply.licences import NOT_GIVEN
from shared.diff import compare
from shared.errors import (
    Mender,
    TargetDown,
    Transient,
)
from shared.flow import by_hand, in_bulk, measuring, naming, pass_mail, rivals, strays, ties
from shared.flow.lanes import Account, Want, reached
from shared.flow.service import LEASE
from shared.flow.work import Work, account_id, login_of, place, tell
from shared.ledger.people import Decision, TargetRow
from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import (
    ALIVE,
    DesiredEntra,
    DesiredHr,
    DesiredTopdesk,
    Reason,
    State,
    TargetName,
    renamed,
)
from shared.model.outcome import Ending, Outcome
from shared.model.task import Place, Task
from shared.model.ticket import TicketMark, marked
from shared.plan import hr as plan_hr

type Value = str | bool | None

TAKES_RIGHTS = frozenset({Harm.BLOCK, Harm.DELETE, Harm.RIGHT})
"""When these are held, the rights that stand are ours still."""
RETRY = timedelta(seconds=30)
RETRY_CAP = timedelta(hours=6)
DOWN = timedelta(minutes=2)
DAILY = timedelta(days=1)
LICENCES_SETTLE = timedelta(minutes=30)
"""So long after a group was given it is looked whether its licence came."""


async def finish[D: Want, A: Account](work: Work[D, A], found: Found[A], plan: Plan) -> Outcome:
    """Write down that it stands, after telling all who must know. Raises LostRace."""
    service, now = work.service, work.service.clock.now()
    pending = await in_bulk.arrange(work, plan)
    applied = _remember(work, found, plan, pending)
    await naming.settle(work, applied)
    await strays.tell(work, applied)
    if _stands_now(applied) != _stands_now(work.row.applied):
        # Who is waited for must be found by those who are woken next.
        await work.save(work.row.model_copy(update={"applied": applied}))
    await mark_done(work, plan)
    await ties.wake_waiting(service, work.dossier)
    tasks = by_hand.tasks(work, plan)
    waits = by_hand.problem(applied, tasks)
    stands = "the cards stand as they should" if by_hand.only_tickets(plan) else None
    problem = "; ".join(filter(None, (stands, *plan.obstacles.values(), waits))) or None
    row = work.row.model_copy(
        update={
            "served": work.wake,
            "applied": applied,
            "trying": None if applied.account_id else _told_to_make(plan) or work.row.trying,
            "claim": None,
            "attempt": 0,
            "due_at": _look_again(work, applied, tasks, problem, pending),
            "pending": pending,
            "singly": frozenset(),
            "problem": problem,
            "mender": _mender(work, plan, waits),
            "tasks": tasks,
            "finished_at": now,
            # While a human has not agreed to an account, what is there is remembered.
            "report": work.row.report if Harm.JOINER in work.decision.hold else None,
        }
    )
    if problem:
        await service.ledger.notices.note_parked(work.dossier.person_id)
    await by_hand.tell(work, tasks)
    await pass_mail.intend(work, applied)
    await write(work, row, plan.refused)
    if problem and not plan.obstacles:
        return Outcome(ending=Ending.WAITING, detail=problem, changes=len(work.done))
    if problem:
        return Outcome(ending=Ending.PARKED, detail=problem, changes=len(work.done))
    if plan.held:
        held = ", ".join(work.decision.hold.values())
        return Outcome(ending=Ending.HELD, detail=held, changes=len(work.done))
    if waits := in_bulk.told(row):
        return Outcome(ending=Ending.WAITING, detail=waits, changes=len(work.done))
    ending = Ending.DONE if work.done else Ending.NOTHING
    if work.done:
        measuring.took(work, now)
    return Outcome(ending=ending, changes=len(work.done))


def _told_to_make(plan: Plan) -> str | None:
    """The user name under which Active Directory is to make the account: it stays hers."""
    made = (c for c in plan.for_ad if c.kind is Kind.CREATE_ACCOUNT)
    return next((str(change.values["userPrincipalName"]) for change in made), None)


def _mender(work: Work[Any, Any], plan: Plan, waits: str | None) -> Mender | None:
    if by_hand.only_tickets(plan):
        return work.lane.mender
    if plan.refused or work.stopped:
        return "operator"
    if any(not name.startswith(NOT_GIVEN) for name in plan.obstacles):
        return work.lane.mender
    if plan.obstacles:
        return "operator"  # who buys seats
    return "operator" if waits else None


def _look_again(
    work: Work[Any, Any],
    applied: Applied,
    tasks: tuple[Task, ...],
    problem: str | None,
    pending: Collection[str],
) -> datetime | None:
    """After the next synchronisation, the next day, or when something else happens."""
    now = work.service.clock.now()
    if pending:
        return now + in_bulk.LOOK_AGAIN
    if any(task.place is Place.ACTIVE_DIRECTORY for task in tasks):
        return now + by_hand.LOOK
    if _gets_licences(work):
        return now + LICENCES_SETTLE
    daily = problem or applied.aliases or by_hand.may_still_be_made(work, applied)
    return now + DAILY if daily else None


def _gets_licences(work: Work[Any, Any]) -> bool:
    """Was a group given that may carry a licence? Entra gives that in the background."""
    want = work.want
    given = any(change.kind is Kind.ADD_TO_GROUP for change in work.done.values())
    return isinstance(want, DesiredEntra) and want.licensed and given


async def mark_done(work: Work[Any, Any], plan: Plan | None = None) -> None:
    """This person's harm is done here, but for what a human must approve first, or do."""
    refused = [c for c in plan.refused if c.kind in by_hand.BLOCKS] if plan else []
    held = {change.harm for change in (*(plan.held if plan else ()), *refused) if change.harm}
    now = work.service.clock.now()
    await work.service.ledger.harms.done(work.dossier.person_id, work.name, now, but=held)


def _stands_now(applied: Applied) -> tuple[str | None, bool]:
    """What others wait for."""
    return applied.account_id, applied.is_manager


async def write(work: Work[Any, Any], row: TargetRow, refused: Iterable[Change] = ()) -> None:
    """Due entries, audit, the row with the wakes of those who waited for this, then the bus."""
    service, person_id = work.service, work.dossier.person_id
    now = service.clock.now()
    woken = _wait_for_this(work, row)
    decision = _with_woken(work, woken)
    if row.due_at:
        await service.ledger.due.add(row.due_at, person_id, suffix=service.mint())
    if row.applied.strays != work.row.applied.strays:
        # Whether they go, or have gone, is decided like anything else: never by whoever saw it.
        await service.ledger.due.add(now, person_id, suffix=service.mint())
    if decision:
        await service.ledger.due.add(now + LEASE, person_id, suffix=service.mint())
    await tell(work, work.done, also=_seen(work, row.applied))
    await tell(work, {place(work, change): change for change in refused}, "refused: ")
    await work.save(row, decision)
    for target in woken:
        await service.bus.wake(target, person_id, work.decision.event)


def _seen(work: Work[Any, Any], applied: Applied) -> str:
    """How fast a block was seen to stand, for the audit; empty when there was none."""
    seen = applied.blocked
    if seen is None or seen == work.began.applied.blocked:
        return ""
    return f"seen blocked {seen.seconds} s after it was decided"


async def wait(work: Work[Any, Any], error: Transient, *, attempt: int) -> Outcome:
    """It did not work now: a moment in the row and in the due index brings it back."""
    if isinstance(error, TargetDown):
        log.warning("target down", target=work.name, reason=error.reason)
    asked = timedelta(seconds=error.retry_after_seconds or 0)
    base = DOWN if isinstance(error, TargetDown) else min(RETRY_CAP, RETRY * 2 ** min(attempt, 12))
    delay = max(asked, base * _spread(work, attempt))
    row = work.row.model_copy(
        update={
            "served": work.wake,
            "claim": None,
            "attempt": attempt,
            "due_at": work.service.clock.now() + delay,
            "problem": error.reason,
            "mender": None,
        }
    )
    await write(work, row)
    return Outcome(ending=Ending.WAITING, detail=error.reason, changes=len(work.done))


async def stop(work: Work[Any, Any], reason: str, mender: Mender | None) -> Outcome:
    """It will not work until somebody mends it; looked at again within a day all the same.

    Without a mender nothing is wrong: it waits for another target, or is not to be touched.
    """
    row = work.row.model_copy(
        update={
            "served": work.wake,
            "claim": None,
            "due_at": work.service.clock.now() + DAILY if mender else None,
            "problem": reason,
            "mender": mender,
            "tasks": work.row.tasks if mender else (),
            "report": None,
        }
    )
    if mender:
        await in_bulk.give_up(work)
        row = row.model_copy(update={"pending": work.row.pending})
        await work.service.ledger.notices.note_parked(work.dossier.person_id)
    await write(work, row)
    if mender is None:
        return Outcome(ending=Ending.WAITING, detail=reason)
    log.warning("parked", person=work.dossier.person_id, target=work.name, mender=mender)
    return Outcome(ending=Ending.PARKED, detail=reason, changes=len(work.done))


def _remember[D: Want, A: Account](
    work: Work[D, A], found: Found[A], plan: Plan, pending: Collection[str]
) -> Applied:
    """What stands there now, of our making, with the reasons it was given for."""
    was, want = work.row.applied, work.want
    state = reached(want, was.state, plan)
    known_id = was.account_id or account_id(found)
    rights = work.lane.rights(want)
    if want.state not in ALIVE:
        # Who has left keeps for some days what we gave, and nothing that others did.
        rights = {right: why for right, why in rights.items() if right in was.rights}
    held = {change.harm for change in plan.held}
    stays = was.rights if held & TAKES_RIGHTS else {*pending, *found.unclear}
    # What could not be taken, for something stands in the way, is ours to take still.
    stuck = {*plan.obstacles, *(change.what for change in plan.refused)} - rights.keys()
    kept = {r: why for r, why in was.rights.items() if r in stays or r in stuck}
    values = compare.attributes(want)
    login = work.login or login_of(found) or was.login
    entra = work.name is TargetName.ENTRA
    return was.model_copy(
        update={
            **naming.remembered(work, found, plan, login),
            "account_id": known_id,
            "login": login,
            "operator_id": was.operator_id or _operator_id(want, found),
            "state": state if known_id else State.ABSENT,
            "is_manager": isinstance(want, DesiredTopdesk) and want.is_manager,
            "strays": strays.seen(work, found, plan),
            "rights": {**kept, **{k: v for k, v in rights.items() if k not in plan.obstacles}},
            "values": {k: v.reason for k, v in values.items()} | _manager_value(want),
            "names": _names(was, want, held),
            "tickets": _tickets(was, want, plan),
            "left_to_ad": by_hand.left_to_ad(work, plan, was),
            "parted": by_hand.parted(work, was),
            "cloud_block": by_hand.cloud_block(work, plan),
            "blocked": by_hand.seen_blocked(work, state) if entra else None,
            "dn": by_hand.dn(found, was),
            "linked": found.linked,
            "wrote": rivals.remembered(work),
            "is_operator": is_operator(want) or bool(was.is_operator and held & TAKES_RIGHTS),
            **_in_hr(work, found, plan),
        }
    )


def is_operator(want: Want) -> bool:
    """Should this person have an operator card?"""
    return isinstance(want, DesiredTopdesk) and want.operator is not None


def _tickets(was: Applied, want: Want, plan: Plan) -> Mapping[str, TicketMark]:
    """What each rule for tickets has seen by now; somebody who may not be blocked is not out."""
    if not isinstance(want, DesiredTopdesk):
        return was.tickets
    if any(change.harm is Harm.BLOCK for change in plan.held):
        return was.tickets
    # A refused one is tried again; who is out by now can call for nothing any more.
    refused = {c.what for c in plan.refused if c.kind is Kind.CREATE_TICKET and not c.harm}
    seen = {
        rule: marked(was.tickets.get(rule), ticket.key)
        for rule, ticket in want.tickets.items()
        if rule not in refused
    }
    return seen | {rule: was.tickets[rule] for rule in refused & was.tickets.keys()}


def _in_hr(work: Work[Any, Any], found: Found[Any], plan: Plan) -> Mapping[str, object]:
    """What stands in HR of our making; nothing is on its way any more."""
    if not isinstance(work.want, DesiredHr):
        return {}
    written = plan_hr.stands(work.want, found, work.row.applied, plan)
    told = work.row.applied.deliveries + bool(plan.changes)
    return {"written": written, "writing": {}, "deliveries": told}


def _names(was: Applied, want: Want, held: Collection[Harm | None]) -> Mapping[str, Value]:
    """What stands there of what is made of the person's name; what is held is as it was."""
    if want.state not in ALIVE:
        return was.names
    old = renamed(was.names, compare.attributes(want)) if Harm.RENAME in held else frozenset()
    return {**compare.names(want), **{key: was.names[key] for key in old}}


def _manager_value(want: Want) -> dict[str, Reason]:
    if isinstance(want, DesiredHr) or not want.manager_id:
        return {}
    return {"manager": want.why}


def _wait_for_this(work: Work[Any, Any], row: TargetRow) -> tuple[TargetName, ...]:
    """Whom Entra has given something new to write: TOPdesk, and HR where it is told."""
    if work.name != TargetName.ENTRA or row.login == work.began.login:
        return ()
    person = work.decision.person
    told = any(work.policy.write_back.part(record.source) for record in person.records)
    return (TargetName.TOPDESK, TargetName.HR) if told else (TargetName.TOPDESK,)


def _with_woken(work: Work[Any, Any], targets: Collection[TargetName]) -> Decision | None:
    """The decision with these targets' wakes raised, when there are any."""
    if not targets:
        return None
    raised = {target: work.decision.wakes(target) + 1 for target in targets}
    return work.decision.model_copy(update={"wake": {**work.decision.wake, **raised}})


def _operator_id(want: Want, found: Found[Any]) -> str | None:
    """The operator card that is ours because it is wanted, even if its create went unanswered."""
    card = found.account
    operator = card.operator if isinstance(card, TopdeskCard) else None
    return operator.id if operator and is_operator(want) else None


def _spread(work: Work[Any, Any], attempt: int) -> float:
    """Between a half and one and a half, different for everybody: an outage ends gently."""
    seed = sum(f"{work.dossier.person_id}{attempt}".encode())
    return 0.5 + seed % 100 / 100
