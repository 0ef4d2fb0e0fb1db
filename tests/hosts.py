"""Several hosts that write to one tenant's Graph, on a clock that costs no time.

Each host paces itself by `Pace`; the quota is the rig's. What one host knows of another is what
Graph's answers say.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sandbox.clock import ManualClock
from sandbox.graph.refusals import Refusal
from sandbox.graph.throttle import DOCUMENTED, Limits, Throttle
from sandbox.graph.wire import Request
from shared.vendors.graph.pace import Pace, Rank

LATENCY_SECONDS = 0.2
A_WRITE = Request("PATCH", ("users", "a"))


@dataclass
class Tally:
    """What one run came to."""

    done: list[float] = field(default_factory=list)
    """The moment of each write that was done, in seconds from the start."""
    refused: int = 0
    by_host: dict[int, int] = field(default_factory=dict)

    def rate(self, since: float, until: float) -> float:
        """Writes a second between two moments."""
        return sum(since <= at < until for at in self.done) / (until - since)


def run(
    hosts: int,
    seconds: float,
    *,
    workers: int = 16,
    limits: Limits = DOCUMENTED,
    quiet: Callable[[dict[str, str]], dict[str, str]] = lambda headers: headers,
    joins_at: float = 0.0,
) -> Tally:
    """Let these hosts write as fast as they may; every host but the first begins at `joins_at`.

    `quiet` is what of Graph's headers is heard.
    """
    clock = ManualClock()
    throttle = Throttle(clock, user_count=lambda: 10_000, scope="t", limits=limits)
    paces, tally, now = [Pace() for _ in range(hosts)], Tally(), 0.0
    numbers: Iterator[int] = itertools.count()
    begin = [joins_at if host else 0.0 for host in range(hosts)]
    asks = [(begin[h], next(numbers), h, False) for h in range(hosts) for _ in range(workers)]
    heapq.heapify(asks)
    while asks[0][0] < seconds:
        at, _, host, has_turn = heapq.heappop(asks)
        clock.advance(at - now)
        now = at
        if not has_turn:
            heapq.heappush(
                asks, (at + paces[host].take(at, Rank.NORMAL), next(numbers), host, True)
            )
            continue
        again = at + LATENCY_SECONDS
        try:
            headers = throttle.spend(A_WRITE)
            paces[host].heard(at, 200, quiet(headers), None)
            tally.done.append(at)
            tally.by_host[host] = tally.by_host.get(host, 0) + 1
        except Refusal as refused:
            wait = float(refused.headers["Retry-After"])
            paces[host].heard(at, 429, refused.headers, wait)
            tally.refused += 1
            heapq.heappush(asks, (at + wait, next(numbers), host, True))
            continue
        heapq.heappush(asks, (again, next(numbers), host, False))
    return tally
