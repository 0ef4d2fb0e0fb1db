"""An event loop whose clock jumps: whoever sleeps costs no time, and the order of events stays.

Nobody may wait for the world outside (threads, sockets) while others sleep: the clock would run
away from it.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

OUTSIDE_SECONDS = 5.0
BEGIN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting, the clock is moved on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # only the world outside can go on, such as a thread that opens a file
            return super().select(OUTSIDE_SECONDS)
        self.now += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time in it is seconds from its beginning."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now + 1.0  # no clock stands at zero


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Do this work in a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class LoopClock:
    """The running loop's time as the rigs and the service read it."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def moment(self) -> datetime:
        return BEGIN + timedelta(seconds=self.monotonic())

    def now(self) -> datetime:
        return self.moment()

    def wall(self) -> float:
        return self.moment().timestamp()
