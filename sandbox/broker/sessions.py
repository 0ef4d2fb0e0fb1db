"""Which sessions does a queue have, who holds them, and who waits for the next one?

The bookkeeping of a session queue: lanes by session id, the order in which free sessions are
offered, and the receivers that wait. What happens to messages is the queue's business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from sandbox.broker.lanes import Numbers, Session

type Grant = Callable[[str], None]  # called once, with the id of the session that came free


class Sessions:
    """The sessions of one queue."""

    def __init__(self, is_live: Callable[[int], bool]) -> None:
        self._is_live = is_live
        self._all: dict[str, Session] = {}
        self._offered: dict[
            str, None
        ] = {}  # insertion order: who came free first is offered first
        self._waiting: deque[Grant] = deque()

    def __iter__(self) -> Iterator[Session]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def find(self, session_id: str | None) -> Session | None:
        """The session, if it exists."""
        return self._all.get(session_id) if session_id is not None else None

    def open(self, session_id: str) -> Session:
        """The session; it comes into existence by being asked for."""
        session = self._all.get(session_id)
        if session is None:
            session = self._all[session_id] = Session(session_id, Numbers(self._is_live))
        return session

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
            self._all.pop(session.id, None)
        if session.is_offered:
            self._offered.setdefault(session.id)
            self._serve()
        else:
            self._offered.pop(session.id, None)

    def _serve(self) -> None:
        while self._waiting and self._offered:
            grant = self._waiting.popleft()
            grant(next(iter(self._offered)))
