"""How fast may this process write to Graph? As Graph itself says, so that several keep together.

Called by client.py before each write and after each answer; knows no clock and does not sleep.
Graph gives an app in a tenant 3,000 writes in 150 seconds, and says on each answer how much of it
is in use once that is over 0.8 (Microsoft Graph, "Service-specific throttling limits", identity
and access). All processes of the app share that number, so each slows down by it and together
they come to rest below the limit, however many they are: nobody has to count them. Where Graph
says nothing, a 429 halves the speed and a minute without one brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

WRITES_PER_SECOND = 20.0
SPOKEN_ABOVE = 0.8
"""Below this share of the quota Graph says nothing."""
LEAST = 0.02
"""No process stops altogether, or nobody would hear that there is room again."""
BURST_SECONDS = 120.0
"""What was not written in this time may be written at once, while Graph says nothing: it lets an
app save up 150 seconds, of which these are the share below which it is silent."""
RECOVERS_IN = 60.0
PAUSE_SECONDS = 10.0
"""After a 429 that does not say how long."""
_TOO_MANY = 429
_USED = "x-ms-throttle-limit-percentage"
_OF_WRITES = "WriteLimitExceeded"


class Rank(IntEnum):
    """Who goes before whom."""

    URGENT = 0
    """A leaver is blocked: never waits for others, and Graph is asked to let it through first."""
    NORMAL = 1
    LOW = 2
    """Reconciliation: when nobody else wants to."""


@dataclass
class Pace:
    """The turns of one process; all moments are seconds of one clock."""

    writes_per_second: float = WRITES_PER_SECOND
    next_turn: float = float("-inf")
    """When the next write would be on time; it lies in the past after a quiet while."""
    paused_until: float = float("-inf")
    reads_paused_until: float = float("-inf")
    used: float = 0.0
    """The share of the quota that was in use by the last answer."""
    slowed: float = 1.0
    """What refusals have left of the speed, at `slowed_at`."""
    slowed_at: float = float("-inf")

    def room(self, now: float) -> float:
        """The share of the full speed that is right now."""
        left = (1.0 - self.used) / (1.0 - SPOKEN_ABOVE)
        recovered = self.slowed + (now - self.slowed_at) / RECOVERS_IN
        return max(LEAST, min(1.0, left, recovered))

    def waits(self, now: float) -> float:
        """How long a write of normal rank would wait if it asked now."""
        return max(0.0, self.next_turn - now, self.paused_until - now)

    def take(self, now: float, rank: Rank) -> float:
        """Take a turn; answers how long to wait for it. Who is urgent waits for nothing."""
        room = self.room(now)
        saved = BURST_SECONDS if room == 1.0 else 0.0
        turn = max(self.next_turn, now - saved, self.paused_until)
        self.next_turn = turn + 1.0 / (self.writes_per_second * room)
        return 0.0 if rank is Rank.URGENT else max(0.0, turn - now)

    def read_waits(self, now: float) -> float:
        """How long a read waits: only while Graph refuses everything."""
        return max(0.0, self.reads_paused_until - now)

    def heard(
        self,
        now: float,
        status: int,
        headers: Mapping[str, str],
        wait: float | None,
        *,
        is_write: bool = True,
    ) -> None:
        """Learn from an answer; `wait` is what its Retry-After says.

        Reads have a quota of their own: one that says nothing says nothing of that of writes.
        """
        if status == _TOO_MANY:
            self._refused(now, headers, PAUSE_SECONDS if wait is None else wait)
            return
        if not is_write and _USED not in headers:
            return
        try:
            used = float(headers.get(_USED, 0.0))
        except ValueError:
            return
        if used >= 0:
            self.used = used

    def _refused(self, now: float, headers: Mapping[str, str], wait: float) -> None:
        self.paused_until = max(self.paused_until, now + wait)
        if headers.get("x-ms-throttle-information") != _OF_WRITES:
            self.reads_paused_until = max(self.reads_paused_until, now + wait)
        if now - self.slowed_at >= 1.0:  # those that were under way together are one refusal
            left = min(1.0, self.slowed + (now - self.slowed_at) / RECOVERS_IN)
            self.slowed, self.slowed_at = max(LEAST, left / 2), now
