"""Is the history as it was written? Each day is sealed over the one before it; anybody can look.

A step of the daily upkeep seals the days that are over; `verified` goes through the chain and
names the first day that is not as it was. The root of the newest day goes to the log: whoever
writes in the ledger does not write there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from shared import log
from shared.flow.approve import finish_answers
from shared.flow.service import LEASE, Service
from shared.ledger.journal import Entry, Kept, Seal, root_of
from shared.model.upkeep import Looked

DAY = timedelta(days=1)
FIRST_LOOK = timedelta(days=31)
"""So far back the first seal of all looks for a day."""


@dataclass(frozen=True)
class Verified:
    """What going through the chain came to."""

    days: int
    lines: int
    erased: int
    """Lines whose text was emptied, and whose seal holds."""
    dropped: int
    """Days whose lines are no longer kept."""
    first: date | None
    last: date | None
    root: str
    broken: tuple[date, str] | None
    """The first day that is not as it was sealed, and what is wrong with it."""
    unsealed: int
    """Lines of days that are not sealed yet."""


async def seal(service: Service) -> Looked:
    """Seal every day that is over and not sealed; a step of the upkeep. Raises LostRace."""
    await finish_answers(service)  # told with the moment they were given at, into days of then
    now = service.clock.now()
    last = await _last(service)
    day = last.day + DAY if last else await _beginning(service, now)
    previous, sealed = last.root if last else "", 0
    while day and _is_over(day, now):
        newest = await service.ledger.journal.seal(day, previous)
        previous, sealed, day = newest.root, sealed + 1, day + DAY
        log.info("history sealed", day=newest.day, lines=newest.lines, root=newest.root)
    return Looked(said=f"{sealed} day(s) of the history sealed" if sealed else "nothing to seal")


async def verified(service: Service, root: str | None = None) -> Verified:
    """Go through the whole chain; `root` is one that was noted before, and must be in it."""
    went = _Walk()
    roots: set[str] = set()
    async for kept in service.ledger.journal.seals():
        roots.add(kept.seal.root)
        await went.over(service, kept)
    if root and root not in roots and went.broken is None:
        at = went.first or service.clock.now().date()
        went.broken = (at, "the chain does not hold the root that was given: it is another chain")
    return await went.ended(service)


async def lines(service: Service, first: date, last: date) -> AsyncIterator[Entry]:
    """The history from one day to another, both within it, each day in the order of time."""
    day = first
    while day <= last:
        found = [entry async for entry in service.ledger.journal.of(day)]
        for entry in sorted(found, key=lambda entry: (entry.at, entry.key)):
            yield entry
        day += DAY


class _Walk:
    """How far the chain was gone through."""

    def __init__(self) -> None:
        self.first: date | None = None
        self.seal: Seal | None = None
        self.broken: tuple[date, str] | None = None
        self.days = self.lines = self.erased = self.dropped = 0

    async def over(self, service: Service, kept: Kept) -> None:
        """One day further; the first that is wrong is remembered."""
        seal, before = kept.seal, self.seal
        wrong = _link(seal, before) or await self._content(service, seal)
        if wrong and self.broken is None:
            self.broken = (seal.day, wrong)
        self.first = self.first or seal.day
        self.seal, self.days = seal, self.days + 1

    async def _content(self, service: Service, seal: Seal) -> str | None:
        found = [entry async for entry in service.ledger.journal.of(seal.day)]
        self.lines += len(found)
        if seal.dropped:
            self.dropped += 1
            return "lines stand in a day that was dropped" if found else None
        self.erased += sum(entry.is_erased for entry in found)
        if any(not e.is_erased and e.digest != e.digest_now() for e in found):
            return "a line says something else than when it was told"
        if root_of(seal.day, seal.previous, (entry.digest for entry in found)) == seal.root:
            return None
        return f"{len(found)} lines stand there, and not the {seal.lines} that were sealed"

    async def ended(self, service: Service) -> Verified:
        """What it came to."""
        last = self.seal.day if self.seal else None
        today = service.clock.now().astimezone(UTC).date()
        begin = last + DAY if last else today - FIRST_LOOK
        left = [entry async for entry in lines(service, begin, today)]
        return Verified(
            days=self.days,
            lines=self.lines,
            erased=self.erased,
            dropped=self.dropped,
            first=self.first,
            last=last,
            root=self.seal.root if self.seal else "",
            broken=self.broken,
            unsealed=len(left),
        )


def _link(seal: Seal, before: Seal | None) -> str | None:
    """What is wrong with this link of the chain."""
    if before is None:
        return None if seal.previous == "" else "the days before it are gone"
    if seal.day != before.day + DAY:
        return f"the days after {before.day} are gone"
    return None if seal.previous == before.root else "it was not sealed over the day before it"


async def _last(service: Service) -> Seal | None:
    """The newest seal: looked for near today, else through the whole chain."""
    today = service.clock.now().date()
    for first in (today - FIRST_LOOK, None):
        found = [kept.seal async for kept in service.ledger.journal.seals(first)]
        if found:
            return found[-1]
    return None


async def _beginning(service: Service, now: datetime) -> date | None:
    """The first day of late with a line in it."""
    day, today = (now - FIRST_LOOK).astimezone(UTC).date(), now.astimezone(UTC).date()
    while day < today:
        async for _ in service.ledger.journal.of(day):
            return day
        day += DAY
    return None


def _is_over(day: date, now: datetime) -> bool:
    """Can nobody write into it any more? Days are those of UTC."""
    ends = datetime.combine(day + DAY, datetime.min.time(), tzinfo=UTC)
    return now >= ends + LEASE
