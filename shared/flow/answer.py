"""What did one read of HR come to, and may anybody be decided on by it? Nobody is touched here.

Called by collect. Of a hundred thousand people most are as they were: those are only counted, and
their rows are never looked into.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.flow import matching
from shared.flow.service import Service
from shared.guard import gate
from shared.intake.source import Reading, Sighting, Unread
from shared.ledger.cursors import Cursor
from shared.model.person import BadRecord, Record
from shared.policy.document import Guard

MISSING = "missing"
"""Stands where the mark would: HR is silent, and that has been decided on."""


@dataclass(frozen=True)
class News:
    """Someone of whom HR says something else than when it was last decided on."""

    reading: Reading
    mark: str
    """What tells it from other news; empty: look again next time."""

    @classmethod
    def of(cls, sighting: Sighting) -> News:
        """Look into it."""
        reading = opened(sighting)
        return cls(reading, mark_of(sighting) if isinstance(reading, Record) else "")


@dataclass
class Answer:
    """Everyone whom one read named, and those who differ from before."""

    source: str
    began: datetime
    before: Mapping[str, str]
    """The marks of everyone known when the read began, by number."""
    named: set[str] = field(default_factory=set)
    changed: list[News] = field(default_factory=list)
    employers: set[str] = field(default_factory=set)
    """Codes of employers, as far as records were looked into."""

    @property
    def known(self) -> int:
        """How many people the source was last known to show."""
        return sum(mark != MISSING for mark in self.before.values())

    @property
    def silent(self) -> list[str]:
        """Whom HR named before and does not name now."""
        return [n for n, mark in self.before.items() if mark != MISSING and n not in self.named]


async def read(
    service: Service, source: str, sightings: AsyncIterator[Sighting], cursor: Cursor
) -> Answer:
    """The whole answer, or the source's error."""
    began = service.clock.now()
    before = await service.ledger.identities.hashes(source)
    answer = Answer(source, began, before)
    rules = await matching.rules(service)
    async for sighting in sightings:
        mark, number = remembered(mark_of(sighting), rules), sighting.number
        if number is not None:
            answer.named.add(number)
        is_news = not mark or number is None or before.get(number) != mark
        if is_news or cursor.employers is None:
            news = News.of(sighting)
            answer.employers |= employers(news.reading)
            if is_news:
                answer.changed.append(news)
    return answer


def admit(answer: Answer, cursor: Cursor, limits: Guard, *, whole: bool) -> None:
    """Let an answer through that is fit to decide on; `whole`: it should name everybody.

    Raises Unsafe with numbers.
    """
    if whole:
        gate.admit(
            source=answer.source,
            named=len(answer.named),
            lacking=len(answer.silent),
            known=answer.known,
            limits=limits,
        )
    if not cursor.employers:
        return  # the first answer that names employers has nothing to be compared with
    heard_of = {*cursor.employers, *limits.employers}
    strange = [
        codes
        for news in answer.changed
        if (codes := employers(news.reading)) and not codes & heard_of
    ]
    gate.admit_employers(
        source=answer.source,
        strangers=len(strange),
        codes=frozenset[str]().union(*strange),
        population=cursor.population or len(answer.named),
        limits=limits,
    )


def employers(reading: Reading) -> frozenset[str]:
    """The codes of the employers in someone's contracts."""
    if isinstance(reading, BadRecord):
        return frozenset()
    return frozenset(one.employer.code for one in reading.contracts if one.employer)


def opened(sighting: Sighting) -> Reading:
    """What HR says of them."""
    return sighting.read() if isinstance(sighting, Unread) else sighting


def remembered(mark: str, rules: str) -> str:
    """What the ledger keeps of a mark: by other rules of matching everybody is looked at again."""
    return f"{mark} {rules}" if mark and rules else mark


def mark_of(sighting: Sighting) -> str:
    """What tells whether HR says the same of someone as before; empty for what cannot be read."""
    match sighting:
        case Unread():
            return sighting.mark
        case BadRecord():
            return ""
        case Record():
            return hashlib.sha256(sighting.model_dump_json().encode()).hexdigest()[:16]
