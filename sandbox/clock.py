"""Which moment is it in the rig? Wall time for locks and throttles, calendar time for HR dates.

The calendar is the wall clock plus an offset in seconds, read from the file that `CLOCK_FILE`
names, so that a demo can move to next month and nothing sleeps through days. A missing or empty
file is offset zero. Every rig takes a Clock; tests pass a `ManualClock`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Where a rig gets its time from."""

    def now(self) -> datetime:
        """Calendar time, UTC, aware: what HR dates and account timestamps are measured by."""
        ...

    def wall(self) -> float:
        """Wall time in seconds since the epoch: what locks, throttles and tokens run on."""
        ...


@dataclass(frozen=True)
class FileClock:
    """The wall clock, with a calendar that a file can shift."""

    path: Path | None = None

    def wall(self) -> float:
        """Seconds since the epoch, never shifted."""
        return time.time()

    def offset_seconds(self) -> float:
        """What the file says now; zero when there is none."""
        if self.path is None or not self.path.exists():
            return 0.0
        return float(self.path.read_text(encoding="utf-8").strip() or 0)

    def now(self) -> datetime:
        """The shifted calendar, UTC."""
        return datetime.fromtimestamp(self.wall() + self.offset_seconds(), tz=UTC)

    def move_to(self, moment: datetime) -> None:
        """Shift the calendar to `moment`; every process that reads the file follows."""
        if self.path is None:
            raise ValueError("this clock has no file, so its calendar cannot be moved")
        offset = moment.timestamp() - self.wall()
        staged = self.path.with_suffix(".next")
        staged.write_text(f"{offset:.3f}\n", encoding="utf-8")
        staged.replace(self.path)  # atomic: a reader sees the old offset or the new one


@dataclass
class ManualClock:
    """A clock that stands still until a test moves it; calendar and wall advance together."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 2, 9, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment

    def wall(self) -> float:
        """The same moment in epoch seconds."""
        return self.moment.timestamp()

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        self.moment += timedelta(seconds=seconds)
