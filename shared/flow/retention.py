"""What need not be remembered any longer? A step of the daily upkeep; the policy says how long.

Takes away sent mail's rows, calls that nobody can repeat, first sign-ins that nobody can collect
and, when the policy says so, old history. Reminders that are due need none: the sweep drops them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.flow.at_once import all_of
from shared.flow.first_sign_in import clear
from shared.flow.service import Service
from shared.model.person import PersonId
from shared.model.upkeep import Looked

_DAY = timedelta(days=1)


async def forget(service: Service) -> Looked:
    """Take away what is older than it is kept."""
    _, policy = await service.active_policy()
    rules, now = policy.upkeep, service.clock.now()
    before = (now - rules.keep_notices_days * _DAY).date()
    gone = {
        "notices": await service.ledger.notices.forget(before),
        "calls": await _calls(service),
        "first sign-ins": await clear(service),
    }
    if rules.keep_history_days:
        gone["lines of the history"] = await _history(service, rules.keep_history_days)
    told = ", ".join(f"{count} {what}" for what, count in gone.items() if count)
    return Looked(said=f"forgotten: {told}" if told else "nothing is older than it is kept")


async def _calls(service: Service) -> int:
    wall = service.clock.wall()
    counts = [await service.ledger.calls.forget(source, wall) for source in service.sources]
    return sum(counts)


async def _history(service: Service, days: int) -> int:
    """Take away sealed days as a whole: each person's lines, then the day's, then say so."""
    oldest = (service.clock.now() - days * _DAY).astimezone(UTC).date()
    gone = 0
    old = []
    async for kept in service.ledger.journal.seals():
        if kept.seal.day >= oldest:
            break
        if not kept.seal.dropped:
            old.append(kept)
    for kept in old:
        mine: dict[PersonId, list[tuple[str, datetime]]] = {}
        async for entry in service.ledger.journal.of(kept.seal.day):
            if entry.place:
                mine.setdefault(entry.person_id, []).append((entry.place, entry.at))
        # A read for each person and not for each line: on the day of a first load they are many.
        await all_of(service.ledger.history.drop(who, told) for who, told in mine.items())
        gone += await service.ledger.journal.drop(kept.seal.day)
        await service.ledger.journal.mark_dropped(kept)
    return gone
