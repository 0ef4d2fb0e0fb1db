"""What did the daily upkeep see last, and what of it is told? Read from its rows.

Called by the upkeep, the letters, health and the command line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.flow.service import Service
from shared.ledger.upkeep import Step
from shared.model.notice import Cause, NoticeKind
from shared.model.upkeep import Ending
from shared.policy.document import Policy

LATE = timedelta(days=2)
"""A run that is so long ago is told: nothing is looked after any more."""
_OVER = "over"


async def steps(service: Service) -> list[Step]:
    """What each step saw last, by name."""
    return sorted([each async for each in service.ledger.upkeep.steps()], key=lambda s: s.name)


def causes(found: list[Step], policy: Policy, now: datetime) -> Iterator[Cause]:
    """The mails that what was seen is worth; told once, they are told no more."""
    for step in found:
        for ending in step.looked.endings:
            if (mark := _mark(ending, policy, now)) is not None:
                yield Cause(kind=NoticeKind.EXPIRY, about=_about(step, ending), mark=mark)
    if any(step.looked.problems for step in found):
        year, week, _ = now.astimezone(policy.zone).isocalendar()
        yield Cause(kind=NoticeKind.UPKEEP, about=f"{year}-{week:02d}", mark=_fingerprint(found))


async def ending_facts(service: Service, policy: Policy, cause: Cause) -> dict[str, object] | None:
    """What a mail about something that ends may say; None when it was renewed."""
    now = service.clock.now()
    for step in await steps(service):
        for ending in step.looked.endings:
            if _about(step, ending) == cause.about and _mark(ending, policy, now) is not None:
                return {
                    "organisation": policy.organisation.name,
                    "what": ending.what,
                    "last": ending.at.astimezone(policy.zone).date(),
                    "days": ending.days_left(now),
                    "mend": ending.mend,
                }
    return None


async def problem_facts(service: Service, policy: Policy) -> dict[str, object] | None:
    """What a mail about the upkeep's problems may say; None when there are none."""
    told = [
        {"step": step.name, "texts": step.looked.problems}
        for step in await steps(service)
        if step.looked.problems
    ]
    if not told:
        return None
    return {"organisation": policy.organisation.name, "problems": told}


async def summary(service: Service) -> str | None:
    """A sentence for health, without anybody in it; None when all is well, or nothing ran yet."""
    run, now = await service.ledger.upkeep.last(), service.clock.now()
    if run is None:
        return None
    if now - run.began_at > LATE:
        return f"the last upkeep began on {run.began_at:%d-%m-%Y}: look at the timer `upkeep`"
    found = await steps(service)
    problems = sum(len(step.looked.problems) for step in found)
    if not problems:
        return None
    count = "1 problem" if problems == 1 else f"{problems} problems"
    return f"the daily upkeep found {count}; see `instroom upkeep`"


def _about(step: Step, ending: Ending) -> str:
    return f"{step.name}: {ending.key}"


def _mark(ending: Ending, policy: Policy, now: datetime) -> str | None:
    """Which warning it is worth by now: the nearest; None while none is due."""
    left = ending.days_left(now)
    if left < 0:
        return _OVER
    return next((str(d) for d in sorted(policy.upkeep.warn_days) if left <= d), None)


def _fingerprint(found: list[Step]) -> str:
    said = "\n".join(f"{step.name}: {text}" for step in found for text in step.looked.problems)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
