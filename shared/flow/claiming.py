"""What must the row say before the first call, so that a stop in the middle forgets nothing?

provision.py comes here between the plan and the calls. Whatever is about to be given is written
down as given: what was given and not remembered would never be taken away again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.diff import compare
from shared.flow import first_sign_in, in_bulk, naming
from shared.flow.finish import is_operator
from shared.flow.lanes import Account, Want
from shared.flow.work import Work, account_id, place, tell
from shared.ledger.people import Claim
from shared.model.account import Applied, CloudBlock, Found, TopdeskCard
from shared.model.change import Kind, Plan
from shared.model.desired import DesiredEntra, DesiredHr, DesiredTopdesk, Reason
from shared.plan import hr as plan_hr
from shared.plan.topdesk_operator import brought_back

CLAIM = timedelta(minutes=5)
_WRITES_NAMES = frozenset(
    {
        Kind.CREATE_ACCOUNT,
        Kind.SET_ATTRIBUTES,
        Kind.CREATE_CARD,
        Kind.UPDATE_CARD,
        Kind.CREATE_USER,
        Kind.UPDATE_USER,
    }
)
_CREATES = frozenset({Kind.CREATE_ACCOUNT, Kind.CREATE_CARD, Kind.CREATE_USER})


async def claim[D: Want, A: Account](
    work: Work[D, A], found: Found[A], plan: Plan, name: str
) -> None:
    """Take the claim, with what a stop in the middle must not forget. Raises LostRace.

    The name being tried, an adopted account, and what is about to be given: a right, or an
    account, that was given and not remembered would never be taken away again.
    """
    work.deadline = work.service.clock.monotonic() + CLAIM.total_seconds()
    applied = work.row.applied
    rights = {
        **_about_to_come_back(found, plan),
        **applied.rights,
        **_about_to_be_given(work.lane.rights(work.want), plan),
    }
    row = work.row.model_copy(
        update={
            "claim": Claim(worker=work.worker, until=work.service.clock.wall() + CLAIM),
            "trying": name or _creates(work.want, plan) or work.row.trying,
            "pending": work.row.pending | in_bulk.named(plan),
            "applied": applied.model_copy(
                update={
                    "account_id": account_id(found) or applied.account_id,
                    "earlier_logins": naming.earlier_logins(applied, found, plan),
                    "cloud_block": _cloud_block(work, plan),
                    "state": work.want.state if _creates(work.want, plan) else applied.state,
                    "rights": rights,
                    "names": {**applied.names, **_names_about_to_be_given(work.want, plan)},
                    "is_operator": applied.is_operator or is_operator(work.want),
                    "writing": _about_to_be_written(work.want, applied, plan),
                }
            ),
        }
    )
    if any(change.kind is Kind.CREATE_ACCOUNT for change in plan.changes):
        await first_sign_in.open_for(work)
    begun = (*plan.changes, *plan.later)
    await tell(work, {place(work, change): change for change in begun}, "begun: ")
    work.dossier = await work.service.ledger.people.claim(work.dossier, work.name, row)


def _cloud_block(work: Work[Any, Any], plan: Plan) -> CloudBlock | None:
    """Before the call: a block that is not remembered would look like Active Directory's own."""
    if any(change.kind is Kind.BLOCK_IN_CLOUD for change in plan.changes):
        return CloudBlock(at=work.service.clock.now())
    return work.row.applied.cloud_block


def _creates(want: Want, plan: Plan) -> str:
    """The number under which this plan makes an account or a card; "" when it makes none."""
    if not any(change.kind in _CREATES for change in plan.changes):
        return ""
    match want:
        case DesiredEntra():
            return want.employee_id
        case DesiredTopdesk():
            return want.employee_number
        case DesiredHr():
            return ""  # HR's records are there before any account


def _about_to_be_given(
    rights: Mapping[str, tuple[Reason, ...]], plan: Plan
) -> dict[str, tuple[Reason, ...]]:
    planned = {change.what for change in (*plan.changes, *plan.later)}
    return {right: reasons for right, reasons in rights.items() if right in planned}


def _about_to_come_back(found: Found[Any], plan: Plan) -> Mapping[str, tuple[Reason, ...]]:
    """What an archived operator card brings back with it, and must not keep."""
    card = found.account
    return brought_back(card, plan.changes) if isinstance(card, TopdeskCard) else {}


def _names_about_to_be_given(want: Want, plan: Plan) -> dict[str, str | bool | None]:
    """What is made of the name, where it is written."""
    written = {key for c in plan.changes if c.kind in _WRITES_NAMES for key in c.values}
    return {key: value for key, value in compare.names(want).items() if key in written}


def _about_to_be_written(
    want: Want, applied: Applied, plan: Plan
) -> Mapping[str, tuple[str, ...]]:
    """What must be known as ours after a stop in the middle, though nobody saw it stand."""
    if not isinstance(want, DesiredHr):
        return applied.writing
    return plan_hr.about_to_be_written(applied, plan)
