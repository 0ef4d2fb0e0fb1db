"""May this harm go on, or must a human agree first? One guard for every lane.

Called by flow for each harm of a decision, with the entries of its kind read together; the answer
is written together with them, or asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.model.harm import HarmEntry
from shared.model.person import PersonId


class Verdict(StrEnum):
    """What the guard says."""

    GOES_ON = "goes on"
    """It was let through before and is not done yet."""
    RELEASE = "release"
    RELEASE_APPROVED = "release as approved"
    HOLD = "hold"
    REFUSED = "refused"
    """A human said no to exactly this: it stays off, and nobody is asked again."""


@dataclass(frozen=True)
class Asked:
    """One person's harm of one kind, as it is put to the guard."""

    content: str
    """Fingerprint of the facts and of what is lost."""
    cause: str = ""
    allowed: int = 0
    """So many people a day."""
    per_cause: int | None = None
    """So many people a day by one cause."""
    approved: frozenset[str] = frozenset()
    """The contents that humans agreed to."""
    rejected: frozenset[str] = frozenset()
    always_hold: bool = False
    """It must wait whatever the count. What is held stays held though the day has room again, or
    a mass leave would trickle through under the limit."""


def verdict(
    mine: HarmEntry | None, others: Iterable[HarmEntry], asked: Asked, now: datetime
) -> Verdict:
    """Judge one person's harm. `others` are the entries of its kind, one's own may be among them.

    Only an approval of exactly this content counts: under it, nothing else goes through.
    """
    if mine and mine.is_open and (mine.content == asked.content or not mine.approved):
        return Verdict.GOES_ON
    if asked.content in asked.approved:
        return Verdict.RELEASE_APPROVED
    if asked.content in asked.rejected:
        return Verdict.REFUSED
    waits = mine is not None and mine.state == "held" and mine.content == asked.content
    if waits or asked.always_hold:
        return Verdict.HOLD
    but = mine.person_id if mine else None
    counting = lately(others, now, but=but)
    if len(counting) >= asked.allowed or _is_one_cause_too_many(counting, asked):
        return Verdict.HOLD
    return Verdict.RELEASE


def lately(
    entries: Iterable[HarmEntry], now: datetime, *, but: PersonId | None = None
) -> tuple[HarmEntry, ...]:
    """Whose harm counts against the limit at `now`."""
    return tuple(entry for entry in entries if entry.counts(now) and entry.person_id != but)


def _is_one_cause_too_many(counting: Iterable[HarmEntry], asked: Asked) -> bool:
    if asked.per_cause is None:
        return False
    return sum(entry.cause == asked.cause for entry in counting) >= asked.per_cause
