"""What happens on a link to a queue? Sends go in, messages come out, outcomes settle them.

One `SenderNode` or `ReceiverNode` behind each link; they translate between frames and the queue
and decide nothing themselves. Attached by the namespace.
"""

from __future__ import annotations

import uuid

from sandbox.broker.errors import INVALID_FIELD, NOT_ALLOWED, TIMEOUT, AmqpError
from sandbox.broker.frames import ACCEPTED, MODIFIED, REJECTED, RELEASED, Fields
from sandbox.broker.links import ACCEPT, Arrival, IncomingLink, OutgoingLink, reject
from sandbox.broker.message import Message, parse
from sandbox.broker.queue import Queue
from sandbox.broker.timers import Timer, Timers
from sandbox.broker.values import Described, Symbol, ULong, Value

SENDER_CREDIT = 1000
SESSION_FILTER = "com.microsoft:session-filter"
LOCKED_UNTIL = "com.microsoft:locked-until-utc"
WAIT_TIMEOUT = "com.microsoft:timeout"
DEFAULT_WAIT_MS = 60_000
MAX_WAIT_MS = 3_600_000
TICKS_AT_EPOCH = 621_355_968_000_000_000  # .NET counts 100 ns from year 1
TICKS_A_SECOND = 10_000_000


class SenderNode:
    """A client sends into a queue."""

    def __init__(self, queue: Queue, link: IncomingLink) -> None:
        self._queue = queue
        self._link = link
        link.on_message = self._message
        link.open(max_message_bytes=queue.settings.max_message_bytes, credit=SENDER_CREDIT)

    def _message(self, arrival: Arrival) -> None:
        try:
            self._queue.send(parse(arrival.data, arrival.message_format))
        except AmqpError as error:
            self._link.answer(arrival, reject(error))
        else:
            self._link.answer(arrival, ACCEPT)


class ReceiverNode:
    """A client receives from a queue, or from one session of it."""

    def __init__(self, queue: Queue, link: OutgoingLink, connection: object) -> None:
        self.deletes = link.sends_settled
        self.connection = connection
        self._queue = queue
        self._link = link
        self._waiting: Timer | None = None
        link.on_credit = lambda: queue.wake(self)
        link.on_outcome = self._settle
        link.on_detached = self._detached

    # -- what the queue sees

    @property
    def credit(self) -> int:
        """How many messages the client would take now."""
        return self._link.sendable

    def deliver(self, message: Message) -> None:
        """Send it; the delivery tag is the lock token in .NET's byte order."""
        token = message.token or uuid.uuid4()
        self._link.send(message.encode(), token.bytes_le)

    def lost(self, error: AmqpError) -> None:
        """The session lock ran out: the link ends with it."""
        self._link.close(error)

    # -- attaching

    def attach(self, timers: Timers, now: float) -> None:
        """Answer the attach, now or, for the next available session, when there is one."""
        filters = self._link.source.filters if self._link.source else {}
        wants_session = SESSION_FILTER in filters
        if wants_session != self._queue.settings.requires_session:
            raise AmqpError(
                NOT_ALLOWED,
                "It is not possible for an entity that "
                + ("does not require" if wants_session else "requires")
                + " sessions to create a "
                + ("sessionful" if wants_session else "non-sessionful")
                + " message receiver.",
            )
        if not wants_session:
            self._link.accept(max_message_bytes=self._queue.settings.max_message_bytes)
            self._queue.attach(self)
            return
        wanted = filters[SESSION_FILTER]
        wanted = wanted.value if isinstance(wanted, Described) else wanted
        if wanted is None:
            self._wait(timers, now)
        elif isinstance(wanted, str):
            self._accept_session(wanted)
        else:
            raise AmqpError(INVALID_FIELD, "a session id is a string")

    def _accept_session(self, session_id: str) -> None:
        session = self._queue.sessions.accept(session_id, self)
        ticks = round(session.locked_until * TICKS_A_SECOND) + TICKS_AT_EPOCH
        self._link.accept(
            max_message_bytes=self._queue.settings.max_message_bytes,
            filters={Symbol(SESSION_FILTER): session_id},
            properties={Symbol(LOCKED_UNTIL): ticks},
        )
        self._link.resume()

    def _wait(self, timers: Timers, now: float) -> None:
        """Withhold the answer until a session is free or the client's time is over."""
        timeout = self._link.properties.get(WAIT_TIMEOUT)
        if not isinstance(timeout, int):
            timeout = DEFAULT_WAIT_MS
        seconds = max(0, min(timeout, MAX_WAIT_MS)) / 1000
        self._waiting = timers.at(now + seconds, self._give_up)
        self._queue.sessions.wait(self._granted)

    def _granted(self, session_id: str) -> None:
        self._stop_waiting()
        self._accept_session(session_id)

    def _give_up(self) -> None:
        self._stop_waiting()
        self._link.refuse(
            AmqpError(TIMEOUT, "The operation did not complete within the allotted timeout.")
        )

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
            self._queue.sessions.stop_waiting(self._granted)

    def _detached(self) -> None:
        self._stop_waiting()
        self._queue.detach(self)

    # -- settling

    def _settle(self, tag: bytes, state: Described | None) -> Described:
        """Apply the client's outcome to the lock that the tag names; what to answer.

        The SDKs compare the answer with what they sent: the same outcome, for a dead-letter
        without its error. Anything else means that it was not applied.
        """
        if self.deletes:
            return ACCEPT
        try:
            return self._apply(uuid.UUID(bytes_le=tag), state)
        except AmqpError as error:
            return reject(error)

    def _apply(self, token: uuid.UUID, state: Described | None) -> Described:
        kind = RELEASED if state is None else int(state.descriptor)
        fields = Fields([] if state is None else state.value)
        if kind == ACCEPTED:
            self._queue.complete(token)
        elif kind == RELEASED:
            self._queue.release(token)
        elif kind == MODIFIED:
            changes = _named(fields.mapping(2))
            defers = fields.flag(1)
            (self._queue.defer if defers else self._queue.abandon)(token, changes)
        elif kind == REJECTED:
            self._dead_letter(token, fields)
            return Described(ULong(REJECTED), [])
        else:
            raise AmqpError(INVALID_FIELD, f"delivery state {kind:#x} is not known")
        return state if state is not None else ACCEPT

    def _dead_letter(self, token: uuid.UUID, fields: Fields) -> None:
        error = fields.composite(0)
        words = error[1] if error else Fields([])
        info = _named(words.mapping(2))
        reason = info.pop("DeadLetterReason", None)
        description = info.pop("DeadLetterErrorDescription", words.text(1))
        self._queue.dead_letter(token, _text(reason), _text(description), info)


def _named(properties: dict[Value, Value]) -> dict[str, Value]:
    """Changes to application properties, their names as plain strings."""
    return {str(key): value for key, value in properties.items() if isinstance(key, str)}


def _text(value: Value) -> str | None:
    return str(value) if isinstance(value, str) else None
