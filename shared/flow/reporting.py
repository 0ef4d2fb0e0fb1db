"""What is done where the policy lets nothing be written? It is told, and remembered as told.

provision.py comes here after it has read and planned: in stage `report`, outside the scope of a
target, or for an account that may not be taken over yet. Writes the ledger, never a target; no
name is reserved, and nobody's harm counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.diff import compare
from shared.flow import naming
from shared.flow.finish import DAILY, mark_done, write
from shared.flow.lanes import Account, Lane, Want
from shared.flow.work import Work, account_id, login_of
from shared.ledger.people import TargetRow
from shared.model.account import Applied, EntraAccount, Found, TopdeskCard
from shared.model.change import Plan
from shared.model.desired import Reason, TargetName, renamed
from shared.model.outcome import Ending, Outcome
from shared.model.report import Report, differences
from shared.plan.strays import strays


def only_told(name: TargetName, want: Want, row: TargetRow, found: Found[Any]) -> Reason | None:
    """Why nothing may be written of this person in this target; None when it may.

    An account that a lost reply of ours made is ours: only one of others can be taken over.
    """
    if want.only_told:
        return want.only_told
    others = found.account is not None and not (row.applied.account_id or row.trying)
    if others and not want.adopts:
        because = f"it was there before Instroom, and would be taken over{_by(found)}"
        return Reason(rule=f"targets.{name}.adopt", because=because)
    return None


def _by(found: Found[Any]) -> str:
    """By which property it was found."""
    how = found.account.found_by if isinstance(found.account, EntraAccount) else ""
    return f" (found by {how})" if how else ""


def planned[D: Want, A: Account](
    lane: Lane[D, A], want: D, found: Found[A], applied: Applied, now: datetime
) -> tuple[frozenset[str], Mapping[str, datetime], Plan]:
    """What would be done at once, with nobody asked and no name reserved.

    Before it the rights that no rule explains, and those of them that would be taken.
    """
    has = lane.has(found.account) if found.account else ()
    seen = strays(want.managed, has, applied, wanted=lane.rights(want))
    with_all = applied.model_copy(update={"strays": dict.fromkeys(sorted(seen), now)})
    taken = compare.taken(with_all, want)
    with_taken = applied.model_copy(update={"strays": taken})
    return seen, taken, lane.plan(want, found, with_taken, naming.first(want), frozenset())


async def report[D: Want, A: Account](
    work: Work[D, A], found: Found[A], applied: Applied, why: Reason
) -> Outcome:
    """Write down what would have been done. Looked at again each day. Raises LostRace."""
    # Never done, and not soon: it must not fill the guard's day either.
    await mark_done(work)
    now = work.service.clock.now()
    *_, plan = planned(work.lane, work.want, found, applied, now)
    told = Report(
        at=now,
        why=why,
        differences=differences(plan, work.want.why),
        obstacles=plan.obstacles,
        account_id=account_id(found),
        login=login_of(found),
    )
    row = work.row.model_copy(
        update={
            "served": work.wake,
            "applied": work.row.applied.model_copy(
                update={"names": _names(work, found, told), "linked": found.linked}
            ),
            "claim": None,
            "attempt": 0,
            "due_at": now + _within_a_day(work),
            "problem": None,
            "mender": None,
            "tasks": (),
            "report": told,
        }
    )
    await write(work, row)
    return Outcome(ending=Ending.REPORTED, detail=told.summary)


def _within_a_day(work: Work[Any, Any]) -> timedelta:
    """At most a day, and different for everybody: thousands were first told about at once."""
    seed = sum(work.dossier.person_id.encode()) % 100
    return DAILY * (0.75 + seed / 400)


def _names(work: Work[Any, Any], found: Found[Any], told: Report) -> dict[str, str | bool | None]:
    """What is made of the name and stands otherwise on an account that we have not touched yet.

    Remembered as if somebody had emptied it: once it may be written, that counts as a rename.
    """
    was = work.row.applied
    if was.account_id:
        return dict(was.names)
    has = _values(found)
    differ = {difference.what for difference in told.differences}
    wanted = renamed(has, compare.attributes(work.want))
    return {field: None for field in sorted(wanted & differ) if has[field]}


def _values(found: Found[Any]) -> dict[str, str | bool | None]:
    match found.account:
        case EntraAccount():
            return dict(found.account.attributes)
        case TopdeskCard():
            return dict(found.account.fields)
        case _:
            return {}
