"""What is found in a target by another's hand, and how is it remembered and told?

Called when work on a person ends, and by whoever looks at a whole group. Takes nothing: what is
written down here is decided on like anything else (`managed` in policy.yaml).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.flow.work import Work
from shared.ledger.history import Told
from shared.ledger.people import Decision, Dossier
from shared.model.account import Applied, Found
from shared.model.change import Plan
from shared.model.desired import State, TargetName
from shared.model.right import Managed, is_strict
from shared.plan.strays import strays


def seen(work: Work[Any, Any], found: Found[Any], plan: Plan) -> Mapping[str, datetime]:
    """What is there by another's hand after this plan, since when it is known."""
    if found.account is None or work.want.state is State.DELETED:
        return {}
    was, now = work.row.applied, work.service.clock.now()
    has, wanted = work.lane.has(found.account), work.lane.rights(work.want)
    left = strays(work.want.managed, has, was, wanted=wanted)
    gone = {change.what for change in plan.changes}
    return {right: was.strays.get(right, now) for right in sorted(left - gone)}


def decided(decision: Decision, name: TargetName, applied: Applied) -> Applied:
    """What was applied, with those of the strays alone about which the guard was asked."""
    taken = decision.strays.get(name, {})
    left = {right: at for right, at in applied.strays.items() if taken.get(right) == at}
    return applied.model_copy(update={"strays": left})


async def tell(work: Work[Any, Any], applied: Applied) -> None:
    """Into the audit, what came to light; what is taken of it is told when it is taken."""
    lines = []
    for right in sorted(applied.strays.keys() - work.row.applied.strays.keys()):
        strict = is_strict(work.want.managed, right)
        how = Managed.STRICT if strict else Managed.REPORT
        lines.append(line(work.dossier, work.name, right, how, at=applied.strays[right]))
    await work.service.ledger.history.tell(work.dossier.person_id, lines)


def line(
    dossier: Dossier, target: TargetName, right: str, how: Managed, *, at: datetime
) -> tuple[str, Told]:
    """The line of the audit that says that it was found."""
    wakes = sum(dossier.decision.wake.values()) if dossier.decision else 0
    what = f"{target}: found in {right}, which no rule explains (managed: {how})"
    return f"{wakes:08d}|{target}|seen|{right}", Told(at=at, what=what)
