"""Is the host stopping? One switch that every waiting thing watches.

Waiting for work ends when the switch is thrown; work itself never does: `running` gives it its
grace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any


class Stopped(Exception):
    """The host stops, so there is nothing left to wait for."""


@dataclass(frozen=True)
class Stopping:
    """The switch."""

    _thrown: asyncio.Event = field(default_factory=asyncio.Event)

    def throw(self) -> None:
        """From now on nobody waits for new work."""
        self._thrown.set()

    @property
    def thrown(self) -> bool:
        """Has it been thrown?"""
        return self._thrown.is_set()

    async def unless[T](self, waiting: Coroutine[Any, Any, T]) -> T:
        """What `waiting` yields, or Stopped when the switch is thrown first.

        What arrives in the same moment is handed over rather than dropped.
        """
        if self.thrown:
            waiting.close()
            raise Stopped
        work = asyncio.create_task(waiting)
        thrown = asyncio.create_task(self._thrown.wait())
        try:
            await asyncio.wait({work, thrown}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            thrown.cancel()
            work.cancel()  # does nothing to a finished task
        await asyncio.wait({work})
        if work.cancelled():
            raise Stopped
        return work.result()
