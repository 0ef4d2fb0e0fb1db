"""Who gets which message next? Messages in the order of their numbers, receivers in turn.

A plain queue is one lane with many receivers; a session queue has a lane for each session, with
at most one receiver: the holder of its lock. Called by the queue; knows no locks and no clock.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from sandbox.broker.errors import AmqpError
from sandbox.broker.message import Message
from sandbox.broker.timers import Timer

SWEEP_ABOVE = 64  # small lists are not worth sweeping


class Receiver(Protocol):
    """What the queue needs to know of a receiving link."""

    deletes: bool  # receive-and-delete: no lock, no settlement
    connection: object  # whose it is: only its own connection may renew a session's lock

    @property
    def credit(self) -> int:
        """How many messages it would take now; 0 while its connection is congested."""
        ...

    def deliver(self, message: Message) -> None:
        """Send it a message that it was given."""
        ...

    def lost(self, error: AmqpError) -> None:
        """Its session lock has run out."""
        ...


class Ready:
    """The numbers of the messages that may be delivered, lowest first."""

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._members: set[int] = set()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, number: int) -> None:
        """Let it be delivered; it takes its place by its number, not at the end."""
        if number not in self._members:
            self._members.add(number)
            heapq.heappush(self._heap, number)

    def discard(self, number: int) -> None:
        """Let it not be delivered."""
        self._members.discard(number)
        if len(self._heap) > SWEEP_ABOVE + 2 * len(self._members):
            self._heap = sorted(self._members)

    def take(self) -> int | None:
        """The lowest number, removed; None when there is none."""
        while self._heap:
            number = heapq.heappop(self._heap)
            if number in self._members:
                self._members.remove(number)
                return number
        return None


class Numbers:
    """Ascending sequence numbers, some of them gone; reading from any of them is O(log n)."""

    def __init__(self, is_live: Callable[[int], bool]) -> None:
        self._is_live = is_live
        self._numbers: list[int] = []
        self._gone = 0

    def __len__(self) -> int:
        return len(self._numbers) - self._gone

    def append(self, number: int) -> None:
        """Add the highest number so far."""
        self._numbers.append(number)

    def note_gone(self) -> None:
        """One of them is no longer live; sweeps when the dead outnumber the living."""
        self._gone += 1
        if self._gone > SWEEP_ABOVE and self._gone * 2 > len(self._numbers):
            self._numbers = [number for number in self._numbers if self._is_live(number)]
            self._gone = 0

    def since(self, start: int) -> Iterator[int]:
        """The live numbers from `start` on."""
        for index in range(bisect_left(self._numbers, start), len(self._numbers)):
            if self._is_live(self._numbers[index]):
                yield self._numbers[index]


class Lane:
    """Messages that are ready, and the receivers that take turns."""

    def __init__(self) -> None:
        self.ready = Ready()
        self.receivers: deque[Receiver] = deque()

    def next_receiver(self) -> Receiver | None:
        """The next receiver that would take a message; it goes to the end of the turn."""
        for _ in range(len(self.receivers)):
            receiver = self.receivers[0]
            self.receivers.rotate(-1)
            if receiver.credit > 0:
                return receiver
        return None

    def leave(self, receiver: Receiver) -> None:
        """This receiver takes no more turns."""
        if receiver in self.receivers:
            self.receivers.remove(receiver)


class Session(Lane):
    """The lane of one session id: its lock, its state, its messages of every state."""

    def __init__(self, session_id: str, numbers: Numbers) -> None:
        super().__init__()
        self.id = session_id
        self.numbers = numbers
        self.locked: dict[int, Message] = {}  # by sequence number
        self.locked_until = 0.0
        self.timer: Timer | None = None
        self.state: bytes | None = None
        self.state_set_at = 0.0

    @property
    def holder(self) -> Receiver | None:
        """Who holds the session's lock."""
        return self.receivers[0] if self.receivers else None

    @property
    def is_offered(self) -> bool:
        """Would a receiver that asks for the next available session get this one?"""
        return not self.receivers and len(self.ready) > 0

    @property
    def is_empty(self) -> bool:
        """Nothing of it is left to remember (Service Bus documentation, message sessions: a
        session exists while it has messages or state).
        """
        return not self.receivers and not len(self.numbers) and self.state is None
