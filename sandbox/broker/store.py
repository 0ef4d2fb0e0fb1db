"""Which messages are in a queue, under which numbers, and in which lane?

The shelf behind the queue: numbering, looking up and peeking. It changes no state of a message
but its number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sandbox.broker.errors import MESSAGE_NOT_FOUND, AmqpError
from sandbox.broker.lanes import Lane, Numbers, Session
from sandbox.broker.message import Message, State
from sandbox.broker.queues import QueueSettings
from sandbox.broker.sessions import Sessions
from sandbox.broker.timers import Timers


class Store:
    """The messages of one queue by sequence number, and the lanes they are in."""

    def __init__(
        self,
        settings: QueueSettings,
        *,
        now: Callable[[], float],
        timers: Timers,
        on_session_lost: Callable[[Session], None],
    ) -> None:
        self._has_sessions = settings.requires_session
        self._messages: dict[int, Message] = {}
        self._numbers = Numbers(self._messages.__contains__)
        self._last_number = 0
        self.lane = Lane()
        self.sessions = Sessions(
            settings,
            now=now,
            timers=timers,
            is_live=self._messages.__contains__,
            on_lost=on_session_lost,
        )

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._messages.values()))

    def __getitem__(self, number: int) -> Message:
        return self._messages[number]

    def add(self, message: Message) -> int:
        """Put it at the end, under the next number; it remembers its first number too."""
        self._last_number += 1
        message.sequence = self._last_number
        message.enqueue_sequence = message.enqueue_sequence or message.sequence
        self._messages[message.sequence] = message
        self._numbers.append(message.sequence)
        if (session := self.session_of(message)) is not None:
            session.numbers.append(message.sequence)
        return message.sequence

    def remove(self, message: Message) -> None:
        """Take it out."""
        self.lane_of(message).ready.discard(message.sequence)
        del self._messages[message.sequence]
        self._numbers.note_gone()
        if (session := self.session_of(message)) is not None:
            session.numbers.note_gone()
            self.sessions.review(session)

    def session_of(self, message: Message) -> Session | None:
        """Its session, in a queue that has them."""
        if self._has_sessions and message.session_id is not None:
            return self.sessions.open(message.session_id)
        return None

    def lane_of(self, message: Message) -> Lane:
        """Its session, or the one lane of a queue without."""
        return self.session_of(message) or self.lane

    def peek(self, start: int, count: int, session_id: str | None = None) -> list[Message]:
        """Up to `count` messages of every state from a number on, without a lock."""
        numbers = self._numbers
        if session_id is not None and self._has_sessions:
            session = self.sessions.find(session_id)
            if session is None:
                return []
            numbers = session.numbers
        return [self._messages[number] for number in islice(numbers.since(start), count)]

    def in_state(self, numbers: Sequence[int], state: State) -> list[Message]:
        """These messages, all unlocked and in this state, or `message-not-found`."""
        found = [self._messages.get(number) for number in dict.fromkeys(numbers)]
        fitting = [m for m in found if m is not None and m.state is state and m.token is None]
        if not fitting or len(fitting) < len(found):
            raise AmqpError(MESSAGE_NOT_FOUND, "One or more of the messages were not found.")
        return fitting
