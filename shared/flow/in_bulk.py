"""Which memberships of a person wait to be bound together with those of others?

Called by provision.py and finish.py, for Entra alone. Who was decided together with many others
(a first load, a new policy, a reorganisation) gets their groups twenty a request: one by one it
would cost the quota of Graph twenty times. The target row says `pending` before a row waits, and
for as long as one may still arrive; until then the right does not count as given, and everything
else of the person goes on. binding.py asks the groups.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.flow.work import Work, place
from shared.ledger.pending import Membership
from shared.ledger.people import TargetRow
from shared.model.change import Kind, Plan
from shared.model.desired import TargetName

LOOK_AGAIN = timedelta(minutes=30)
"""When nothing was heard of what waits, the account is looked at again."""


def put_off(work: Work[Any, Any], plan: Plan) -> Plan:
    """The plan with the memberships that wait for others set apart."""
    if work.name != TargetName.ENTRA or not work.decision.bulk or work.service.bulk is None:
        return plan
    later = tuple(
        change
        for change in plan.changes
        if change.kind is Kind.ADD_TO_GROUP and change.what not in work.row.singly
    )
    now = tuple(change for change in plan.changes if change not in later)
    return plan.model_copy(update={"changes": now, "later": later})


def named(plan: Plan) -> frozenset[str]:
    """The groups that this plan leaves to others."""
    return frozenset(change.what for change in plan.later)


async def arrange(work: Work[Any, Any], plan: Plan) -> frozenset[str]:
    """Let wait what the plan leaves to others, and nothing else; answers what may yet arrive.

    What is not wanted any more, and is being bound at this moment, is among it: it is ours to
    take away again. The target row must name all of it already.
    """
    account_id, later = work.row.applied.account_id, named(plan)
    if not later and not work.row.pending:
        return frozenset()
    pending, person_id = work.service.ledger.pending, work.dossier.person_id
    if account_id:
        await pending.add(
            Membership(
                group=change.what,
                person_id=person_id,
                account_id=account_id,
                place=place(work, change),
            )
            for change in plan.later
        )
    stale = work.row.pending - later
    return later | await pending.take_back(person_id, stale, work.service.clock.wall())


async def give_up(work: Work[Any, Any]) -> None:
    """Nothing may be given any more, whatever still waits. Raises LostRace."""
    if work.row.pending:
        pending = await arrange(work, Plan(target=work.name))
        await work.save(work.row.model_copy(update={"pending": pending}))


def told(row: TargetRow) -> str | None:
    """What waits, for people; None when nothing does."""
    if not row.pending:
        return None
    if len(row.pending) == 1:
        return "1 membership waits to be bound"
    return f"{len(row.pending)} memberships wait to be bound"
