"""Make one target agree for one person. Called for every wake; the rows decide, not the message.

Read what is there, plan, claim, do the changes, finish. A worker may stop anywhere: the claim runs
out, the lease in the due index leads back, and the next one reads the target and plans again.
"""

from __future__ import annotations

from typing import Any, cast

from shared import log
from shared.diff import compare
from shared.errors import (
    LostRace,
    NameTaken,
    Permanent,
    TargetDown,
    Transient,
    UnknownReply,
)
from shared.flow import (
    by_hand,
    claiming,
    generating,
    in_bulk,
    naming,
    rivals,
    strays,
)
from shared.flow.by_hand import BLOCKS
from shared.flow.finish import finish, mark_done, stop, wait
from shared.flow.lanes import Account, Lane, Want, entra_lane, hr_lane, topdesk_lane
from shared.flow.reporting import only_told, report
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.flow.work import Work, login_of, place
from shared.ledger.people import Dossier, TargetRow
from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import (
    ALIVE,
    DesiredEntra,
    DesiredHr,
    DesiredTopdesk,
    State,
    TargetName,
)
from shared.model.outcome import Ending, Outcome
from shared.model.person import PersonId
from shared.plan import entra as plan_entra
from shared.telemetry import measures, spans
from shared.telemetry.measures import Measure

CALL_SECONDS = 60.0
"""No call begins when the claim has less left than one call may take."""
LOOKS = 6
_NAMING = frozenset({Kind.CREATE_ACCOUNT, Kind.RESTORE_ACCOUNT, Kind.RENAME_ACCOUNT})
"""The changes that another name may help."""


class ClaimEndedError(RuntimeError):
    """The worker was too slow: it stops, and the message is delivered again."""


async def provision(service: Service, name: TargetName, person_id: PersonId) -> Outcome:
    """Converge this person in this target and say how it ended.

    Raises ClaimEndedError when it took too long, and whatever is a bug.
    """
    worker, done = service.mint(), dict[str, Change]()
    spans.note(person=person_id, target=name)
    while True:
        dossier = await service.ledger.people.read(person_id)
        try:
            match name:
                case TargetName.ENTRA:
                    outcome = await _serve(service, entra_lane(service), dossier, worker, done)
                case TargetName.TOPDESK:
                    outcome = await _serve(service, topdesk_lane(service), dossier, worker, done)
                case TargetName.HR:
                    outcome = await _serve(service, hr_lane(service), dossier, worker, done)
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
        spans.note(ending=outcome.ending, changes=outcome.changes)
        measures.count(Measure.SERVED, target=name, ending=outcome.ending)
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
    if Harm.JOINER in decision.hold and not _has_begun(row) and not want.only_told:
        want = cast("D", compare.absent(want))
    work = Work(service, lane, worker, dossier, decision, policy, want, row, done)
    try:
        return await _converge(work)
    except TargetDown as error:
        return await wait(work, error, attempt=row.attempt)
    except Transient as error:
        return await wait(work, error, attempt=row.attempt + 1)
    except Permanent as error:
        return await stop(work, error.reason, error.mender)


async def _converge[D: Want, A: Account](work: Work[D, A]) -> Outcome:
    """Look, plan and act until nothing is left to do."""
    if not isinstance(work.want, DesiredEntra) and _waits_for_entra(work.want):
        return await stop(work, _waits_because(work), None)
    if _never_ours(work):
        return await finish(work, Found(account=None), Plan(target=work.name))
    for _ in range(LOOKS):
        found = await work.lane.target.read(work.want, work.row.applied)
        if untouched := await _left_alone(work, found):
            return untouched
        await naming.take_over(work, found)
        found = await generating.seen_to(work, found)
        name = await _name(work, found)
        plan = in_bulk.put_off(work, rivals.less_undone(work, _plan(work, found, name)))
        _settle_unsure(work, plan)
        if not plan:
            return await finish(work, found, plan)
        await claiming.claim(work, found, plan, name)
        try:
            await _carry_out(work, found, plan)
        except NameTaken as taken:
            if not name or work.unsure is None or work.unsure.kind not in _NAMING:
                raise
            work.unsure = None
            log.info("name taken", person=work.dossier.person_id, field=taken.field)
            work.refused |= {name}
        except UnknownReply as unknown:
            log.warning("reply lost", person=work.dossier.person_id, reason=unknown.reason)
        else:
            await _see_blocked(work, plan)
            left = {**plan.obstacles, **work.by_hand}
            ended = plan.model_copy(update={"obstacles": left})
            return await finish(work, found, by_hand.without_refused(work, found, ended))
    raise Transient(f"{work.name} did not settle after {LOOKS} looks")


async def _left_alone[D: Want, A: Account](work: Work[D, A], found: Found[A]) -> Outcome | None:
    """How it ends for somebody of whom the policy lets nothing be written; None when it does."""
    if _is_protected(work, found):
        # Never done, and never will be: it must not fill the guard's day either.
        await mark_done(work)
        await in_bulk.give_up(work)
        return await stop(work, "protected by the policy: never touched", None)
    if why := only_told(work.name, work.want, work.row, found):
        await in_bulk.give_up(work)
        return await report(work, found, _with_ours(work, found), why)
    return None


def _waits_for_entra(want: DesiredTopdesk | DesiredHr) -> bool:
    return want.waits_for_account and not want.only_told


def _waits_because(work: Work[Any, Any]) -> str:
    """What a card waits for whose login Entra has not given; it may be long in coming."""
    entra = wanted(work.dossier, work.decision, work.policy).entra
    if entra.only_told is None:
        return "waits for the Entra account"
    return (
        "waits for the Entra account, and none is made while Entra is only told about "
        f"({entra.only_told.rule}: {entra.only_told.because}); an account that exists, with "
        "this person's employeeId, serves as well"
    )


def _plan[D: Want, A: Account](work: Work[D, A], found: Found[A], name: str) -> Plan:
    """What is to be done; whoever may be blocked but not deleted yet is blocked."""
    hold, applied = frozenset(work.decision.hold), _with_ours(work, found)
    plan = work.lane.plan(work.want, found, applied, name, hold)
    if work.want.state != State.DELETED or Harm.BLOCK in hold or not plan.held:
        return plan
    only_blocked = cast("D", work.want.model_copy(update={"state": State.BLOCKED}))
    first = work.lane.plan(only_blocked, found, applied, name, hold)
    todo = {"changes": first.changes, "for_ad": first.for_ad, "tasks": first.tasks}
    return plan.model_copy(update=todo)


def _with_ours(work: Work[Any, Any], found: Found[Any]) -> Applied:
    """What we applied, with the account that a create of ours made whose answer was lost.

    Of what another's hand gave, only that about which the guard was asked.
    """
    known = strays.decided(work.decision, work.name, work.row.applied)
    applied = naming.as_named(known, work.row.trying, found)
    if applied.account_id or not work.row.trying or not found.account:
        return applied
    return applied.model_copy(update={"account_id": found.account.id})


def _never_ours(work: Work[Any, Any]) -> bool:
    """No account is wanted, and none was made or may have been: what is there is not ours."""
    return work.want.state not in ALIVE and not _has_begun(work.row)


def _has_begun(row: TargetRow) -> bool:
    """An account was made, or may have been."""
    return bool(row.applied.account_id or row.trying)


def _settle_unsure(work: Work[Any, Any], plan: Plan) -> None:
    """A change whose answer was lost has happened when it is not planned again."""
    if work.unsure and work.unsure.key not in {change.key for change in plan.changes}:
        work.done[place(work, work.unsure)] = work.unsure
    work.unsure = None


async def _name[D: Want, A: Account](work: Work[D, A], found: Found[A]) -> str:
    account = found.account
    if work.want.state not in ALIVE or (account is not None and not _needs_name(work, found)):
        return ""
    return await naming.choose(work, anew=account is None)


def _needs_name(work: Work[Any, Any], found: Found[Any]) -> bool:
    """Out of the bin somebody else may have its name by now; or HR has changed the name."""
    account = found.account
    return isinstance(account, EntraAccount) and (
        account.deleted
        or plan_entra.has_to_be_renamed(work.want, account, _with_ours(work, found))
    )


async def _carry_out[D: Want, A: Account](work: Work[D, A], found: Found[A], plan: Plan) -> None:
    refused: list[Permanent] = []
    for change in plan.changes:
        if work.service.clock.monotonic() > work.deadline - CALL_SECONDS:
            raise ClaimEndedError(f"the claim on {work.dossier.person_id} has run out")
        work.unsure = change
        try:
            with spans.span(f"do {change.kind}", target=work.name, kind=change.kind):
                done = await work.lane.target.do(change, work.row.applied)
        except Permanent as error:
            if by_hand.goes_on(change, found):
                by_hand.note_refused(work, change, error)
            elif work.lane.goes_on:
                refused.append(error)
            else:
                raise
            work.unsure = None
            continue
        work.unsure = None
        work.done[place(work, change)] = change
        work.login = done.login or work.login
        if done.by_hand:
            work.by_hand = {**work.by_hand, change.key: done.by_hand}
        work.left_to_ad |= done.left_to_ad
        ids = done.model_dump(include={"account_id", "operator_id"}, exclude_none=True)
        known = work.row.applied.model_copy(update=ids)
        if known != work.row.applied:
            # At once: an account with a recorded id is never created again.
            await work.save(work.row.model_copy(update={"applied": known}))
    if refused:
        reasons = "; ".join(dict.fromkeys(error.reason for error in refused))
        raise Permanent(reasons, mender=refused[0].mender)


async def _see_blocked(work: Work[Any, Any], plan: Plan) -> None:
    """A block counts when a fresh read shows it. Raises Transient when none does yet."""
    kinds = {change.kind for change in plan.changes if change.key not in work.refusals}
    account, look = work.row.applied.account_id, work.lane.is_blocked
    if not kinds & BLOCKS or Kind.DELETE_ACCOUNT in kinds or work.left_to_ad:
        return
    if look and account and not await look(account):
        raise Transient("Entra does not show the block yet")


def _is_protected(work: Work[Any, Any], found: Found[Any]) -> bool:
    keys = {record.key for record in work.decision.person.records}
    if login := login_of(found):
        keys.add(login)
    protected = {key.casefold() for key in work.policy.protected}
    return bool({key.casefold() for key in keys} & protected)
