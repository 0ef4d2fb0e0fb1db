"""What must a test be able to make an HR system do? One shape, whatever the system."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime

from sandbox.faults import Faults
from shared.intake.source import Source


@dataclass
class Stage:
    """A source, and what a test must be able to make its HR do."""

    source: Source
    numbers: frozenset[str]
    """Everybody HR shows."""
    hire: Callable[[], str]
    change: Callable[[str], object]
    """Something is recorded about this person now."""
    spoil: Callable[[str], Awaitable[None]]
    """A field of this person's row becomes unreadable."""
    withdraw: Callable[[str], object]
    break_off: Callable[[], None]
    """From now on no answer comes to its end."""
    now: Callable[[], datetime]
    close: Callable[[], Awaitable[None]]
    employ: Callable[[date], str] | None = None
    """Somebody works on this one day; None where dates are not the system's own."""
    faults: Faults | None = None
    """What its wire is made to do; None for what is no wire."""
