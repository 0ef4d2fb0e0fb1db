"""Which sessions does a queue have, who holds them, and who waits for the next one?

(Service Bus documentation, message sessions.) The locks, states and order of the sessions of one
queue. What happens to their messages when a lock ends is the queue's business: it is told by
`on_lost`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from sandbox.broker.errors import ARGUMENT_ERROR, SESSION_LOCK_LOST, SESSION_TAKEN, AmqpError
from sandbox.broker.lanes import Numbers, Receiver, Session
from sandbox.broker.queues import QueueSettings
from sandbox.broker.timers import Timers

type Grant = Callable[[str], None]  # called once, with the id of the session that came free


class Sessions:
    """The sessions of one queue."""

    def __init__(
        self,
        settings: QueueSettings,
        *,
        now: Callable[[], float],
        timers: Timers,
        is_live: Callable[[int], bool],
        on_lost: Callable[[Session], None],
    ) -> None:
        self._settings = settings
        self._now = now
        self._timers = timers
        self._is_live = is_live
        self._on_lost = on_lost
        self._all: dict[str, Session] = {}
        self._held: dict[Receiver, Session] = {}
        self._offered: dict[str, None] = {}  # in order: who came free first is offered first
        self._waiting: deque[Grant] = deque()

    def __iter__(self) -> Iterator[Session]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def find(self, session_id: str) -> Session | None:
        """The session, if it exists."""
        return self._all.get(session_id)

    def open(self, session_id: str) -> Session:
        """The session; it comes into existence by being asked for."""
        session = self._all.get(session_id)
        if session is None:
            session = self._all[session_id] = Session(session_id, Numbers(self._is_live))
        return session

    def ids(self, state_set_since: float | None) -> list[str]:
        """The sessions with messages or state; given a moment, those whose state was set since."""
        if state_set_since is None:
            found = [s.id for s in self if len(s.numbers) or s.state is not None]
        else:
            found = [
                s.id for s in self if s.state is not None and s.state_set_at > state_set_since
            ]
        return sorted(found)

    # -- locks

    def accept(self, session_id: str, receiver: Receiver) -> Session:
        """Give the receiver the lock of a session that nobody holds. Its messages follow when
        the queue is woken for it: the receiver must announce the session first.
        """
        session = self.open(session_id)
        if session.holder is not None:
            raise AmqpError(
                SESSION_TAKEN,
                f"The requested session '{session_id}' cannot be accepted. It may be locked by "
                "another receiver.",
            )
        session.receivers.append(receiver)
        self._held[receiver] = session
        self._extend(session)
        self.review(session)
        return session

    def held_by(self, receiver: Receiver) -> Session | None:
        """The session that this receiver holds."""
        return self._held.get(receiver)

    def held_from(self, session_id: str, connection: object) -> Session:
        """The session, provided that its lock is held from this connection."""
        session = self._all.get(session_id)
        holder = session.holder if session is not None else None
        if session is None or holder is None or holder.connection is not connection:
            raise AmqpError(SESSION_LOCK_LOST, "The session lock has expired or is not held here.")
        return session

    def renew(self, session_id: str, connection: object) -> float:
        """Lock the session and its messages for another lock duration; the new end."""
        session = self.held_from(session_id, connection)
        self._extend(session)
        for message in session.locked.values():
            message.locked_until = session.locked_until
        return session.locked_until

    def set_state(self, session_id: str, state: bytes | None, connection: object) -> None:
        """Keep the application's bytes with the session, or forget them (None)."""
        if state is not None and len(state) > self._settings.max_message_bytes:
            raise AmqpError(ARGUMENT_ERROR, "the session state is larger than a message may be")
        session = self.held_from(session_id, connection)
        session.state = state
        session.state_set_at = self._now()

    def give_up(self, session: Session) -> None:
        """Nobody holds it any longer; the queue reviews it when its messages are unlocked."""
        if session.timer is not None:
            session.timer.cancel()
        if session.holder is not None:
            del self._held[session.holder]
        session.receivers.clear()

    def _extend(self, session: Session) -> None:
        session.locked_until = self._now() + self._settings.lock_seconds
        if session.timer is not None:
            session.timer.cancel()
        session.timer = self._timers.at(session.locked_until, lambda: self._on_lost(session))

    # -- the next available one

    def wait(self, grant: Grant) -> None:
        """Grant the next available session, now or when there is one."""
        self._waiting.append(grant)
        self._serve()

    def stop_waiting(self, grant: Grant) -> None:
        """The receiver gave up; no effect when it was served already."""
        if grant in self._waiting:
            self._waiting.remove(grant)

    def review(self, session: Session) -> None:
        """Something changed about this session: offer it, withdraw the offer, or forget it."""
        if self._all.get(session.id) is not session:
            return  # forgotten already, perhaps followed by another of the same id
        if session.is_empty:
            del self._all[session.id]
        if session.is_offered:
            self._offered.setdefault(session.id)
            self._serve()
        else:
            self._offered.pop(session.id, None)

    def _serve(self) -> None:
        while self._waiting and self._offered:
            self._waiting.popleft()(next(iter(self._offered)))
