"""Make one target agree for one person. Called for every wake; the rows decide, not the message.

Read what is there, plan, claim, do the changes, finish. A worker may stop anywhere: the claim runs
out, the lease in the due index leads back, and the next one reads the target and plans again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from shared import log
from shared.errors import (
    LostRace,
    Mender,
    NameTaken,
    Permanent,
    TargetDown,
    Transient,
    UnknownReply,
)
from shared.flow import naming, ties
from shared.flow.decide import wanted
from shared.flow.lanes import Account, Lane, Want, entra_lane, reached, topdesk_lane
from shared.flow.service import LEASE, Service
from shared.ledger.history import Told
from shared.ledger.people import Claim, Decision, Dossier, TargetRow
from shared.model.account import Applied, EntraAccount, Found, TopdeskCard
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import (
    ALIVE,
    DesiredEntra,
    DesiredTopdesk,
    Reason,
    State,
    TargetName,
)
from shared.model.outcome import Ending, Outcome
from shared.model.person import PersonId
from shared.policy.document import Policy

CLAIM = timedelta(minutes=5)
CALL_SECONDS = 60.0
"""No call begins when the claim has less left than one call may take."""
LOOKS = 6
RETRY = timedelta(seconds=30)
RETRY_CAP = timedelta(hours=6)
DOWN = timedelta(minutes=2)
DAILY = timedelta(days=1)
_ORDER = tuple(Kind)


class ClaimEndedError(RuntimeError):
    """The worker was too slow: it stops, and the message is delivered again."""


@dataclass
class Work[D: Want, A: Account]:
    """One worker's hold on one person in one target; `dossier` moves on with each write."""

    service: Service
    lane: Lane[D, A]
    worker: str
    dossier: Dossier
    decision: Decision
    policy: Policy
    want: D
    began: TargetRow
    """The row as it was when the work began: its login is what others have seen."""
    done: dict[str, Change]
    """What was carried out, by its place in the audit; also under an earlier decision."""
    unsure: Change | None = None
    """Sent, and no answer came."""
    deadline: float = 0.0
    login: str | None = None
    refused: frozenset[str] = frozenset()

    @property
    def name(self) -> TargetName:
        """Which target it is about."""
        return self.lane.target.name

    @property
    def row(self) -> TargetRow:
        """The target row as last written."""
        return self.dossier.target(self.name)

    @property
    def wake(self) -> int:
        """The wake that was read together with the facts; no later one counts as served."""
        return self.decision.wakes(self.name)

    async def save(self, row: TargetRow, decision: Decision | None = None) -> None:
        """Write the target row. Raises LostRace."""
        people = self.service.ledger.people
        self.dossier = await people.save(self.dossier, self.name, row, decision)


async def provision(service: Service, name: TargetName, person_id: PersonId) -> Outcome:
    """Converge this person in this target and say how it ended.

    Raises ClaimEndedError when it took too long, and whatever is a bug.
    """
    worker, done = service.mint(), dict[str, Change]()
    while True:
        dossier = await service.ledger.people.read(person_id)
        try:
            match name:
                case TargetName.ENTRA:
                    outcome = await _serve(service, entra_lane(service), dossier, worker, done)
                case TargetName.TOPDESK:
                    outcome = await _serve(service, topdesk_lane(service), dossier, worker, done)
        except LostRace:
            continue  # a newer decision, or another worker: the rows say which
        log.info(
            "applied" if outcome.changes else "served",
            person=person_id,
            target=name,
            ending=outcome.ending,
            changes=outcome.changes,
            detail=outcome.detail or "-",
        )
        return outcome


async def _serve[D: Want, A: Account](
    service: Service, lane: Lane[D, A], dossier: Dossier, worker: str, done: dict[str, Change]
) -> Outcome:
    name = lane.target.name
    decision, row = dossier.decision, dossier.target(name)
    if decision is None or not row.is_open(decision.wakes(name), service.clock.now()):
        return Outcome(ending=Ending.NOTHING)
    claim = row.claim
    if claim and claim.worker != worker and service.clock.wall() < claim.until:
        return Outcome(ending=Ending.WAITING, detail="another worker has the claim")
    policy = await service.policy(decision.policy)
    want = lane.wanted(wanted(dossier, decision, policy))
    work = Work(service, lane, worker, dossier, decision, policy, want, row, done)
    try:
        return await _converge(work)
    except TargetDown as error:
        return await _wait(work, error, attempt=row.attempt)
    except Transient as error:
        return await _wait(work, error, attempt=row.attempt + 1)
    except Permanent as error:
        return await _stop(work, error.reason, error.mender)


async def _converge[D: Want, A: Account](work: Work[D, A]) -> Outcome:
    """Look, plan and act until nothing is left to do."""
    if isinstance(work.want, DesiredTopdesk) and work.want.waits_for_account:
        return await _stop(work, "waits for the Entra account", None)
    if _never_ours(work):
        return await _finish(work, Found(account=None), Plan(target=work.name))
    for _ in range(LOOKS):
        found = await work.lane.target.read(work.want, work.row.applied)
        if _is_protected(work, found):
            # Never done, and never will be: it must not fill the guard's day either.
            await _mark_done(work)
            return await _stop(work, "protected by the policy: never touched", None)
        name = await _name(work, found)
        plan = _plan(work, found, name)
        _settle_unsure(work, plan)
        if not plan:
            return await _finish(work, found, plan)
        await _claim(work, found, plan, name)
        try:
            await _carry_out(work, plan)
        except NameTaken as taken:
            if not name:
                raise
            work.unsure = None
            log.info("name taken", person=work.dossier.person_id, field=taken.field)
            work.refused |= {name}
        except UnknownReply as unknown:
            log.warning("reply lost", person=work.dossier.person_id, reason=unknown.reason)
        else:
            return await _finish(work, found, plan)
    raise Transient(f"{work.name} did not settle after {LOOKS} looks")


def _plan[D: Want, A: Account](work: Work[D, A], found: Found[A], name: str) -> Plan:
    """What is to be done; whoever may be blocked but not deleted yet is blocked."""
    hold, applied = frozenset(work.decision.hold), _with_ours(work, found)
    plan = work.lane.plan(work.want, found, applied, name, hold)
    if work.want.state != State.DELETED or Harm.BLOCK in hold or not plan.held:
        return plan
    only_blocked = cast("D", work.want.model_copy(update={"state": State.BLOCKED}))
    first = work.lane.plan(only_blocked, found, applied, name, hold)
    return plan.model_copy(update={"changes": first.changes})


def _with_ours(work: Work[Any, Any], found: Found[Any]) -> Applied:
    """What we applied, with the account that a create of ours made whose answer was lost."""
    applied = work.row.applied
    if applied.account_id or not work.row.trying or not found.account:
        return applied
    return applied.model_copy(update={"account_id": found.account.id})


def _never_ours(work: Work[Any, Any]) -> bool:
    """No account is wanted, and none was made or may have been: what is there is not ours."""
    began = work.row.applied.account_id or work.row.trying
    return work.want.state not in ALIVE and not began


def _settle_unsure(work: Work[Any, Any], plan: Plan) -> None:
    """A change whose answer was lost has happened when it is not planned again."""
    if work.unsure and work.unsure.key not in {change.key for change in plan.changes}:
        work.done[_place(work, work.unsure)] = work.unsure
    work.unsure = None


async def _name[D: Want, A: Account](work: Work[D, A], found: Found[A]) -> str:
    account = found.account
    in_bin = isinstance(account, EntraAccount) and account.deleted
    if work.want.state not in ALIVE or (account is not None and not in_bin):
        return ""
    return await naming.choose(
        work.service, work.dossier.person_id, work.want, work.row.trying, work.refused
    )


async def _claim[D: Want, A: Account](
    work: Work[D, A], found: Found[A], plan: Plan, name: str
) -> None:
    """Take the claim, with what a stop in the middle must not forget. Raises LostRace.

    The name being tried, an adopted account, and what is about to be given: a right, or an
    account, that was given and not remembered would never be taken away again.
    """
    work.deadline = work.service.clock.monotonic() + CLAIM.total_seconds()
    applied = work.row.applied
    rights = {**applied.rights, **_about_to_be_given(work.lane.rights(work.want), plan)}
    row = work.row.model_copy(
        update={
            "claim": Claim(worker=work.worker, until=work.service.clock.wall() + CLAIM),
            "trying": name or _creates(work.want, plan) or work.row.trying,
            "applied": applied.model_copy(
                update={
                    "account_id": _account_id(found) or applied.account_id,
                    "state": work.want.state if _creates(work.want, plan) else applied.state,
                    "rights": rights,
                }
            ),
        }
    )
    await _tell(work, {_place(work, change): change for change in plan.changes}, "begun: ")
    work.dossier = await work.service.ledger.people.claim(work.dossier, work.name, row)


async def _carry_out[D: Want, A: Account](work: Work[D, A], plan: Plan) -> None:
    for change in plan.changes:
        if work.service.clock.monotonic() > work.deadline - CALL_SECONDS:
            raise ClaimEndedError(f"the claim on {work.dossier.person_id} has run out")
        work.unsure = change
        done = await work.lane.target.do(change, work.row.applied)
        work.unsure = None
        work.done[_place(work, change)] = change
        work.login = done.login or work.login
        ids = done.model_dump(include={"account_id", "operator_id"}, exclude_none=True)
        known = work.row.applied.model_copy(update=ids)
        if known != work.row.applied:
            # At once: an account with a recorded id is never created again.
            await work.save(work.row.model_copy(update={"applied": known}))


async def _finish[D: Want, A: Account](work: Work[D, A], found: Found[A], plan: Plan) -> Outcome:
    """Write down that it stands, after telling all who must know. Raises LostRace."""
    service, now = work.service, work.service.clock.now()
    applied = _remember(work, found, plan)
    if _stands_now(applied) != _stands_now(work.row.applied):
        # Who is waited for must be found by those who are woken next.
        await work.save(work.row.model_copy(update={"applied": applied}))
    await _mark_done(work, plan)
    await ties.wake_waiting(service, work.dossier)
    problem = "; ".join(plan.obstacles.values()) or None
    row = work.row.model_copy(
        update={
            "served": work.wake,
            "applied": applied,
            "trying": None if applied.account_id else work.row.trying,
            "claim": None,
            "attempt": 0,
            "due_at": now + DAILY if problem else None,
            "problem": problem,
            "mender": "policy" if problem else None,
            "finished_at": now,
        }
    )
    await _write(work, row)
    if problem:
        return Outcome(ending=Ending.PARKED, detail=problem, changes=len(work.done))
    if plan.held:
        held = ", ".join(work.decision.hold.values())
        return Outcome(ending=Ending.HELD, detail=held, changes=len(work.done))
    ending = Ending.DONE if work.done else Ending.NOTHING
    return Outcome(ending=ending, changes=len(work.done))


async def _mark_done(work: Work[Any, Any], plan: Plan | None = None) -> None:
    """This person's harm is done here, but for what a human must approve first."""
    held = {change.harm for change in plan.held if change.harm} if plan else set()
    now = work.service.clock.now()
    await work.service.ledger.harms.done(work.dossier.person_id, work.name, now, but=held)


def _stands_now(applied: Applied) -> tuple[str | None, bool]:
    """What others wait for."""
    return applied.account_id, applied.is_manager


async def _write(work: Work[Any, Any], row: TargetRow) -> None:
    """Due entries, audit, the row with TOPdesk's wake when it waited for this, then the bus."""
    service, person_id = work.service, work.dossier.person_id
    now = service.clock.now()
    decision = _with_topdesk_woken(work, row)
    if row.due_at:
        await service.ledger.due.add(row.due_at, person_id, suffix=service.mint())
    if decision:
        await service.ledger.due.add(now + LEASE, person_id, suffix=service.mint())
    await _tell(work, work.done)
    await work.save(row, decision)
    if decision:
        await service.bus.wake(TargetName.TOPDESK, person_id, decision.event)


async def _wait(work: Work[Any, Any], error: Transient, *, attempt: int) -> Outcome:
    """It did not work now: a moment in the row and in the due index brings it back."""
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
    await _write(work, row)
    return Outcome(ending=Ending.WAITING, detail=error.reason, changes=len(work.done))


async def _stop(work: Work[Any, Any], reason: str, mender: Mender | None) -> Outcome:
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
        }
    )
    await _write(work, row)
    if mender is None:
        return Outcome(ending=Ending.WAITING, detail=reason)
    log.warning("parked", person=work.dossier.person_id, target=work.name, mender=mender)
    return Outcome(ending=Ending.PARKED, detail=reason, changes=len(work.done))


def _remember[D: Want, A: Account](work: Work[D, A], found: Found[A], plan: Plan) -> Applied:
    """What stands there now, of our making, with the reasons it was given for."""
    was, want = work.row.applied, work.want
    state = reached(want, was.state, plan)
    if isinstance(found.account, EntraAccount) and found.account.synced:
        state = was.state  # Active Directory has the say; never called done before it is
    account_id = was.account_id or _account_id(found)
    rights = work.lane.rights(want)
    kept = was.rights if plan.held else {}
    values = want.attributes if isinstance(want, DesiredEntra) else want.card
    return was.model_copy(
        update={
            "account_id": account_id,
            "login": work.login or _login(found) or was.login,
            "operator_id": was.operator_id or _operator_id(want, found),
            "state": state if account_id else State.ABSENT,
            "is_manager": isinstance(want, DesiredTopdesk) and want.is_manager,
            "rights": {**kept, **{k: v for k, v in rights.items() if k not in plan.obstacles}},
            "values": {k: v.reason for k, v in values.items()} | _manager_value(want),
        }
    )


def _manager_value(want: Want) -> dict[str, Reason]:
    return {"manager": want.why} if want.manager_id else {}


def _with_topdesk_woken(work: Work[Any, Any], row: TargetRow) -> Decision | None:
    """The decision with TOPdesk's wake raised, when Entra has given it something new to write."""
    if work.name != TargetName.ENTRA or row.applied.login == work.began.applied.login:
        return None
    woken = dict(work.decision.wake)
    woken[TargetName.TOPDESK] = work.decision.wakes(TargetName.TOPDESK) + 1
    return work.decision.model_copy(update={"wake": woken})


def _creates(want: Want, plan: Plan) -> str:
    """The number under which this plan makes an account or a card; "" when it makes none."""
    if not any(change.kind in (Kind.CREATE_ACCOUNT, Kind.CREATE_CARD) for change in plan.changes):
        return ""
    return want.employee_id if isinstance(want, DesiredEntra) else want.employee_number


def _about_to_be_given(
    rights: Mapping[str, tuple[Reason, ...]], plan: Plan
) -> dict[str, tuple[Reason, ...]]:
    planned = {change.what for change in plan.changes}
    return {right: reasons for right, reasons in rights.items() if right in planned}


def _is_protected(work: Work[Any, Any], found: Found[Any]) -> bool:
    keys = {record.key for record in work.decision.person.records}
    if login := _login(found):
        keys.add(login)
    protected = {key.casefold() for key in work.policy.protected}
    return bool({key.casefold() for key in keys} & protected)


def _account_id(found: Found[Any]) -> str | None:
    return found.account.id if found.account else None


def _operator_id(want: Want, found: Found[Any]) -> str | None:
    """The operator card that is ours because it is wanted, even if its create went unanswered."""
    card = found.account
    wanted = isinstance(want, DesiredTopdesk) and want.operator is not None
    return card.operator.id if wanted and isinstance(card, TopdeskCard) and card.operator else None


def _login(found: Found[Any]) -> str | None:
    return found.account.user_principal_name if isinstance(found.account, EntraAccount) else None


def _spread(work: Work[Any, Any], attempt: int) -> float:
    """Between a half and one and a half, different for everybody: an outage ends gently."""
    seed = sum(f"{work.dossier.person_id}{attempt}".encode())
    return 0.5 + seed % 100 / 100


async def _tell(work: Work[Any, Any], changes: Mapping[str, Change], begun: str = "") -> None:
    """Write the audit of these changes; what was begun is told again when it is done."""
    at = work.service.clock.now()
    lines = [
        (key, Told(at=at, what=f"{begun}{work.name}: {change}", reasons=change.reasons))
        for key, change in changes.items()
    ]
    await work.service.ledger.history.tell(work.dossier.person_id, lines)


def _place(work: Work[Any, Any], change: Change) -> str:
    """Where the audit tells this change: behind its decision, in the order of the kinds."""
    wakes = sum(work.decision.wake.values())
    return f"{wakes:08d}|{work.name}|{_ORDER.index(change.kind):02d}|{change.what}"
