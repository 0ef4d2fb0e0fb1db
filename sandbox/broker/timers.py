"""What is due now, and when is the next thing due? One heap for every lock, expiry and wait.

Pure: it never looks at a clock. The queue and the links ask for moments; whoever owns the clock
calls `run_due` and sleeps until `next_due`. Cancelled entries are swept when they outnumber the
live ones, so that a lock that is settled at once costs nothing for the five minutes it could
have lasted.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

SWEEP_ABOVE = 64  # small heaps are not worth sweeping


class Timer:
    """Something that will be done at a moment unless it is cancelled before."""

    __slots__ = ("_action", "_timers", "when")

    def __init__(self, when: float, action: Callable[[], None], timers: Timers) -> None:
        self.when = when
        self._action: Callable[[], None] | None = action
        self._timers = timers

    @property
    def is_live(self) -> bool:
        """Neither done nor cancelled yet."""
        return self._action is not None

    def cancel(self) -> None:
        """Never do it; cancelling twice, or after it was done, changes nothing."""
        if self._action is not None:
            self._action = None
            self._timers.note_cancelled()

    def fire(self) -> None:
        """Do it, once."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Timers:
    """The heap."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._cancelled = 0

    def __len__(self) -> int:
        """How many are still to be done."""
        return len(self._heap) - self._cancelled

    def at(self, when: float, action: Callable[[], None]) -> Timer:
        """Do `action` at `when` (epoch seconds); equal moments keep their order."""
        timer = Timer(when, action, self)
        heapq.heappush(self._heap, (when, next(self._order), timer))
        return timer

    def next_due(self) -> float | None:
        """The earliest moment that something is to be done at."""
        while self._heap and not self._heap[0][2].is_live:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else None

    def run_due(self, now: float) -> None:
        """Do everything whose moment has come, in order of their moments."""
        while (due := self.next_due()) is not None and due <= now:
            heapq.heappop(self._heap)[2].fire()

    def note_cancelled(self) -> None:
        """Called by a timer that was cancelled; sweeps when the dead outnumber the living."""
        self._cancelled += 1
        if self._cancelled > SWEEP_ABOVE and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].is_live]
            heapq.heapify(self._heap)
            self._cancelled = 0
