"""What does the daily upkeep warn of, and how long is what has happened kept? `upkeep`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.policy.section import Section


def _falling(days: tuple[int, ...]) -> tuple[int, ...]:
    if list(days) != sorted(set(days), reverse=True):
        raise ValueError("must fall, such as [60, 30, 7]")
    return days


class KnownEnd(Section):
    """Something that ends on a day that no system tells, such as a password in TOPdesk."""

    what: str = Field(min_length=1, max_length=120)
    """What ends, in words for operators; never the secret itself."""
    on: date
    """Its last day."""


class Upkeep(Section):
    """What is looked after once a day."""

    warn_days: Annotated[
        tuple[Annotated[int, Field(ge=1, le=365)], ...],
        Field(min_length=1),
        AfterValidator(_falling),
    ] = (60, 30, 7)
    """So many days before a certificate or secret ends operators are mailed, once for each."""
    ends: tuple[KnownEnd, ...] = ()
    """Days that only you know: application passwords, licences, keys."""
    keep_notices_days: int = Field(default=400, ge=120, le=3650)
    """So many days it is remembered which mail was sent."""
    keep_history_days: int | None = Field(default=None, ge=365, le=36500)
    """So many days the history of people is kept; when left out for ever."""
