"""What does a lagging replica of the directory still say?

Graph answers reads from replicas: a created object is not found, and a changed one is old, for a
while (Microsoft support, "404 Not Found error when managing objects through Microsoft Graph").
`Replication` decides which reads see the past; `Versioned` is a dictionary that remembers its past
for as long as a replica may lag. Deterministic: wall time and a count of reads, no dice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.clock import Clock


@dataclass
class Replication:
    """How far replicas lag: every `stale_every`-th read sees the state of `seconds` ago."""

    clock: Clock
    seconds: float = 0.0
    stale_every: int = 1
    reads: int = 0

    def next_read(self) -> float | None:
        """The wall time this read sees, or None for the present."""
        self.reads += 1
        if self.seconds <= 0 or self.reads % self.stale_every:
            return None
        return self.clock.wall() - self.seconds


@dataclass
class Versioned[K, V]:
    """A dictionary whose values can be read as of a moment; values are never changed in place."""

    replication: Replication
    current: dict[K, V] = field(default_factory=dict)
    _past: dict[K, deque[tuple[float, V | None]]] = field(default_factory=dict)
    _order: deque[tuple[float, K]] = field(default_factory=deque)

    def put(self, key: K, value: V) -> None:
        """Set or replace."""
        self._remember(key)
        self.current[key] = value

    def drop(self, key: K) -> None:
        """Remove; no matter whether it was there."""
        self._remember(key)
        self.current.pop(key, None)

    def get(self, key: K, as_of: float | None = None) -> V | None:
        """The value at that moment: what the first later change replaced, else the present one."""
        if as_of is not None:
            for changed_at, before in self._past.get(key, ()):
                if changed_at > as_of:
                    return before
        return self.current.get(key)

    def keys(self, as_of: float | None = None) -> Iterator[K]:
        """The keys at that moment, in order of creation; what has since gone comes last."""
        if as_of is None or not self._past:
            yield from self.current
            return
        for key in (*self.current, *(k for k in self._past if k not in self.current)):
            if self.get(key, as_of) is not None:
                yield key

    def recent(self) -> Iterator[K]:
        """Keys that changed within the lag: an index of the present may miss them."""
        self._forget()
        yield from self._past

    def _remember(self, key: K) -> None:
        self._forget()
        if self.replication.seconds > 0:
            wall = self.replication.clock.wall()
            self._past.setdefault(key, deque()).append((wall, self.current.get(key)))
            self._order.append((wall, key))

    def _forget(self) -> None:
        """Drop what no replica can show any more; changes leave in the order they came."""
        horizon = self.replication.clock.wall() - self.replication.seconds
        while self._order and self._order[0][0] <= horizon:
            _, key = self._order.popleft()
            self._past[key].popleft()
            if not self._past[key]:
                del self._past[key]
