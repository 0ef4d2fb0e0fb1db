"""Whom do we remind that a batch waits? A held batch does not run out: it is said again, louder.

Called by the sweep. Each step of the policy is written down before it is said, so it is never said
twice; a stop between the two loses one reminder, and the next step comes.
"""

from __future__ import annotations

from datetime import datetime

from shared.errors import LostRace
from shared.flow.service import Service
from shared.ledger.batches import Shown
from shared.model.harm import Batch, Waiting
from shared.policy.document import Guard

_SAID_IN_HOURS = 48


async def remind(service: Service) -> None:
    """Say of every batch that waits what the policy wants said by now."""
    async for shown in service.ledger.batches.unfinished():
        if shown.batch.state != "open":
            continue
        _, policy = await service.active_policy()
        waits = waiting(shown, policy.guard, service.clock.now())
        if waits.step <= shown.batch.reminded:
            continue
        try:
            await service.ledger.batches.remind(shown, waits.step)
        except LostRace:
            continue  # somebody joined, answered, or says it: the next sweep looks again
        await service.announce(waits)


async def longest(service: Service) -> str:
    """How many batches wait for a human, and the longest for how long: a sentence for health."""
    now = service.clock.now()
    hours = [_hours(batch, now) async for batch in service.ledger.batches.open_ones()]
    if not hours:
        return "nothing waits for a human"
    batches = "1 batch waits" if len(hours) == 1 else f"{len(hours)} batches wait"
    return f"{batches} for a human, the longest for {spoken(max(hours))}; `instroom held` shows it"


def spoken(hours: int) -> str:
    """A time as people say it."""
    if hours < 1:
        return "less than an hour"
    if hours < _SAID_IN_HOURS:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"


def _hours(batch: Batch, now: datetime) -> int:
    return int((now - batch.opened_at).total_seconds() // 3600)


def step_of(batch: Batch, guard: Guard, now: datetime) -> int:
    """Which reminder is due by now, from one; zero: none yet."""
    return sum(_hours(batch, now) >= due for due in guard.remind_after_hours)


def waiting(shown: Shown, guard: Guard, now: datetime) -> Waiting:
    """How long a batch has waited by now, and who is to hear of it."""
    step = step_of(shown.batch, guard, now)
    deputies = guard.deputies if step > 1 else ()
    return Waiting(
        batch=shown.batch.batch_id,
        kind=shown.batch.kind,
        people=len(shown.waiting),
        hours=_hours(shown.batch, now),
        step=step,
        to=(*guard.approvers, *deputies),
        deputies=bool(deputies),
    )
