"""When does each timer run, and never twice at the same time?

One `Timer` a function, kept by `running`. Cron runs on wall time. A run that lasted over its next
occurrences is followed by one late run, not by a queue of them (Azure Functions documentation,
"Timer trigger"). `Monitor` remembers the next occurrence over restarts, so that a host that was
down runs once, past due.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.host.functions import Function, TimerTrigger
from sandbox.host.invocations import Runs
from sandbox.host.settings import SettingsRefused
from sandbox.host.stopping import Stopped, Stopping

LATE_SECONDS = 1.0
NAP_SECONDS = 30.0  # a wall clock that jumps (a laptop that slept) is noticed within this time

type Sleep = Callable[[float], Awaitable[None]]


@dataclass
class Monitor:
    """The last and next occurrence of each timer, in a file when there is one."""

    path: Path | None = None
    _seen: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.is_file():
            try:
                self._seen = json.loads(self.path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise SettingsRefused(f"{self.path} holds no JSON: {error}") from error

    def status(self, function: str) -> dict[str, str]:
        """What the app sees as `schedule_status`."""
        return self._seen.get(function, {})

    def expected(self, function: str) -> datetime | None:
        """The occurrence that was still to come when this was last written."""
        text = self.status(function).get("Next")
        return None if text is None else datetime.fromisoformat(text)

    def note(self, function: str, *, last: datetime | None, following: datetime) -> None:
        """Remember; the write is whole or not at all."""
        before = self.status(function).get("Last", "0001-01-01T00:00:00+00:00")
        self._seen[function] = {
            "Last": before if last is None else last.isoformat(),
            "Next": following.isoformat(),
            "LastUpdated": before if last is None else last.isoformat(),
        }
        if self.path is not None:
            staged = self.path.with_suffix(".next")
            staged.write_text(json.dumps(self._seen), encoding="utf-8")
            staged.replace(self.path)


@dataclass
class Timer:
    """One timer function. `wall` gives epoch seconds; tests bring their own with `sleep`."""

    function: Function
    trigger: TimerTrigger
    invocations: Runs
    monitor: Monitor
    stopping: Stopping
    wall: Callable[[], float]
    sleep: Sleep = asyncio.sleep
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting_by_hand: bool = False

    async def keep_time(self) -> None:
        """Run at each occurrence until the host stops; a stop waits for the run that is open."""
        await self._at_start()
        with contextlib.suppress(Stopped):
            await self._occurrences()

    async def _occurrences(self) -> None:
        started = self._now()
        while True:
            due = self.trigger.schedule.next_after(started)
            self.monitor.note(self.function.name, last=None, following=due)
            overran = due <= self._now()
            await self.stopping.unless(self._until(due))
            started = max(self._now(), due)
            late = overran or (started - due).total_seconds() > LATE_SECONDS
            await self.run(past_due=late)

    async def run_by_hand(self) -> None:
        """Run now, or once more after the run that is open; further requests join that one."""
        if self._waiting_by_hand:
            return
        self._waiting_by_hand = True
        async with self._one_at_a_time:
            self._waiting_by_hand = False
            await self._invoke(past_due=False, trigger="timer by hand")

    async def run(self, *, past_due: bool) -> None:
        """One run, after the one that is open."""
        async with self._one_at_a_time:
            await self._invoke(past_due=past_due, trigger="timer")

    async def _at_start(self) -> None:
        expected = self.monitor.expected(self.function.name) if self.trigger.use_monitor else None
        missed = expected is not None and expected <= self._now()
        if missed or self.trigger.run_on_startup:
            await self.run(past_due=missed)

    async def _until(self, moment: datetime) -> None:
        while (left := (moment - self._now()).total_seconds()) > 0:
            await self.sleep(min(left, NAP_SECONDS))

    async def _invoke(self, *, past_due: bool, trigger: str) -> None:
        started = self._now()
        following = self.trigger.schedule.next_after(started)
        self.monitor.note(self.function.name, last=started, following=following)
        await self.invocations.run(
            self.function, self._information(past_due=past_due), trigger=trigger
        )

    def _information(self, *, past_due: bool) -> dict[str, Any]:
        """What the worker decodes into `func.TimerRequest`."""
        return {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": self.monitor.status(self.function.name),
            "IsPastDue": past_due,
        }

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), tz=UTC)
