"""When may the next call to Graph go out? It keeps `pace` on the clock, and makes callers wait.

Called by client.py around each call. Short waits are slept; a longer one is a Transient that
carries it, so that the person goes back to the ledger and no claim is slept away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx

from shared.errors import Transient
from shared.rest import Call, retry_after_header
from shared.vendors.graph.pace import Pace, Rank

PRIORITY = "x-ms-throttle-priority"
URGENT = {PRIORITY: "high"}
"""For blocking a leaver (Microsoft Graph, "Service-specific throttling limits")."""
LOW = {PRIORITY: "low"}
"""For reading what may have changed behind our back."""
LONGEST_WAIT_SECONDS = 20.0
_RANKS = {"high": Rank.URGENT, "low": Rank.LOW}


@dataclass
class Governor:
    """The turns of all calls of this process."""

    pace: Pace = field(default_factory=Pace)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def turn(self, call: Call, headers: Mapping[str, str]) -> None:
        """Wait until this call may go out. Raises Transient when that takes too long."""
        rank = _RANKS.get(headers.get(PRIORITY, ""), Rank.NORMAL)
        if rank is Rank.URGENT:
            if call.is_write:
                self.pace.take(self.monotonic(), rank)
            return
        waits = self.pace.waits if call.is_write else self.pace.read_waits
        if rank is Rank.LOW:
            await self._let_others_go(call, waits)
        wait = self._bearable(call, waits(self.monotonic()))
        if call.is_write:
            wait = self.pace.take(self.monotonic(), rank)
        if wait > 0:
            await self.sleep(wait)

    def heard(self, response: httpx.Response, call: Call) -> None:
        """Learn from an answer to this call how fast the next ones may come."""
        now, wait = self.monotonic(), retry_after_header(response)
        status, headers = response.status_code, response.headers
        self.pace.heard(now, status, headers, wait, is_write=call.is_write)

    async def _let_others_go(self, call: Call, waits: Callable[[float], float]) -> None:
        while (wait := self._bearable(call, waits(self.monotonic()))) > 0:
            await self.sleep(wait)

    def _bearable(self, call: Call, wait: float) -> float:
        if wait > LONGEST_WAIT_SECONDS:
            raise Transient(f"{call}: Graph's quota is used up", retry_after_seconds=wait)
        return wait
