"""May this harm go on, or must a human agree first? One guard for every lane.

Called by flow for each harm of a decision, with the entries of its kind read together; the answer
is written together with them, or asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from shared.model.harm import Batch, HarmEntry, Member
from shared.model.person import PersonId


class Verdict(StrEnum):
    """What the guard says."""

    GOES_ON = "goes on"
    """It was let through before and is not done yet."""
    RELEASE = "release"
    RELEASE_APPROVED = "release as approved"
    HOLD = "hold"


def verdict(
    mine: HarmEntry | None,
    others: Iterable[HarmEntry],
    *,
    content: str,
    approval: tuple[Batch, Member] | None,
    allowed: int,
    now: datetime,
    always_hold: bool = False,
) -> Verdict:
    """Judge one person's harm. `others` are the entries of its kind, one's own may be among them.

    `approval` is the batch it waits in with what a human saw of it. Only an approval of exactly
    this content counts. What is held stays held though the day has room again, or a mass leave
    would trickle through under the limit: the caller says so by `always_hold`.
    """
    if mine and mine.is_open:
        return Verdict.GOES_ON
    if approval and approval[0].state != "open" and approval[1].content == content:
        return Verdict.RELEASE_APPROVED
    waits = mine is not None and mine.state == "held" and mine.content == content
    but = mine.person_id if mine else None
    if waits or always_hold or lately(others, now, but=but) >= allowed:
        return Verdict.HOLD
    return Verdict.RELEASE


def lately(entries: Iterable[HarmEntry], now: datetime, *, but: PersonId | None = None) -> int:
    """How many people's harm counts against the limit at `now`."""
    return sum(entry.counts(now) and entry.person_id != but for entry in entries)
