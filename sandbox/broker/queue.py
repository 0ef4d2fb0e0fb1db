"""What happens to the messages of one queue? Pure: no sockets, no frames, no clock of its own.

Peek-lock, sessions, scheduling, expiry, deferral, dead-lettering and duplicate detection as the
Service Bus documentation describes them. `now` yields epoch seconds; everything that happens
later goes into the one timer heap, and whoever drives the queue runs what is due before anything
else. Called by links and management operations; refuses with `AmqpError`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from sandbox.broker.duplicates import Duplicates
from sandbox.broker.errors import (
    ARGUMENT_ERROR,
    MESSAGE_LOCK_LOST,
    MESSAGE_NOT_FOUND,
    NOT_ALLOWED,
    SESSION_LOCK_LOST,
    SESSION_TAKEN,
    AmqpError,
)
from sandbox.broker.lanes import Lane, Numbers, Receiver, Session
from sandbox.broker.message import Message, State
from sandbox.broker.queues import QueueSettings
from sandbox.broker.sessions import Grant, Sessions
from sandbox.broker.timers import Timers
from sandbox.broker.values import Value

DEAD_LETTERS = "/$deadletterqueue"


@dataclass(frozen=True)
class Counts:
    """How many messages of a queue are in which state; `locked` are part of the others."""

    active: int
    locked: int
    deferred: int
    scheduled: int
    dead_lettered: int


class Queue:
    """One queue, or the dead letters of one (those have no dead letters of their own)."""

    def __init__(
        self,
        settings: QueueSettings,
        *,
        now: Callable[[], float],
        timers: Timers,
        is_dead_letters: bool = False,
    ) -> None:
        self.settings = settings
        self.name = settings.name + DEAD_LETTERS if is_dead_letters else settings.name
        self.dead_letters: Queue | None = None
        if not is_dead_letters:
            plain = replace(settings, requires_session=False, duplicate_window_seconds=0)
            self.dead_letters = Queue(plain, now=now, timers=timers, is_dead_letters=True)
        self._now = now
        self._timers = timers
        self._messages: dict[int, Message] = {}
        self._numbers = Numbers(self._messages.__contains__)
        self._lane = Lane()
        self._sessions = Sessions(self._messages.__contains__)
        self._held: dict[Receiver, Session] = {}
        self._by_token: dict[uuid.UUID, Message] = {}
        self._duplicates = Duplicates(settings.duplicate_window_seconds)
        self._last_sequence = 0

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._messages.values()))

    def counts(self) -> Counts:
        """What the portal shows of a queue."""
        states = [message.state for message in self._messages.values()]
        return Counts(
            active=states.count(State.ACTIVE),
            locked=len(self._by_token),
            deferred=states.count(State.DEFERRED),
            scheduled=states.count(State.SCHEDULED),
            dead_lettered=len(self.dead_letters) if self.dead_letters is not None else 0,
        )

    # -- sending

    def send(self, messages: Sequence[Message]) -> list[int]:
        """Take all of these or none; the sequence number of each.

        A duplicate is accepted and dropped: it gets the number of the first one.
        """
        if self.settings.requires_session and not all(m.session_id for m in messages):
            raise AmqpError(
                NOT_ALLOWED,
                "The SessionId was not set on a message, and it cannot be sent to the entity: "
                "its messages must have one, because it has sessions.",
            )
        return [self._accept(message) for message in messages]

    def _accept(self, message: Message) -> int:
        now = self._now()
        first = self._duplicates.first(message.message_id, now)
        if first is not None:
            return first
        sequence = self._number(message, now)
        self._duplicates.remember(message.message_id, sequence, now)
        scheduled = message.scheduled_for
        if scheduled is not None and scheduled > now:
            message.state = State.SCHEDULED
            self._arm(message, scheduled, lambda: self._activate(message))
        else:
            self._publish(message, now)
        return sequence

    def _number(self, message: Message, now: float) -> int:
        self._last_sequence += 1
        message.sequence = self._last_sequence
        message.enqueue_sequence = message.enqueue_sequence or message.sequence
        message.enqueued_at = now
        self._messages[message.sequence] = message
        self._numbers.append(message.sequence)
        if session := self._session_of(message):
            session.numbers.append(message.sequence)
        return message.sequence

    def _activate(self, message: Message) -> None:
        """A scheduled message joins the end of the queue under a new sequence number."""
        self._remove(message)
        now = self._now()
        self._number(message, now)
        self._publish(message, now)

    def _publish(self, message: Message, now: float) -> None:
        message.state = State.ACTIVE
        if self.dead_letters is not None:  # dead letters do not expire
            ttl = message.ttl_seconds
            ttl = self.settings.ttl_seconds if ttl is None else min(ttl, self.settings.ttl_seconds)
            message.expires_at = now + ttl
        self._make_ready(message)
        self._stir(self._lane_of(message))

    # -- delivering

    def attach(self, receiver: Receiver) -> None:
        """Let a receiver without a session take its turns."""
        self._lane.receivers.append(receiver)
        self._stir(self._lane)

    def detach(self, receiver: Receiver) -> None:
        """The receiver is gone. Its message locks run on until they end; a session and its
        messages come free at once, and that is no failed delivery.
        """
        self._lane.leave(receiver)
        if session := self._held.get(receiver):
            self._free_session(session, is_failure=False)

    def wake(self, receiver: Receiver) -> None:
        """The receiver has more credit, or room for what its credit allows."""
        self._stir(self._held.get(receiver, self._lane))

    def _stir(self, lane: Lane) -> None:
        """Deliver what can be delivered, then see what became of the session."""
        while len(lane.ready) and (receiver := lane.next_receiver()):
            number = lane.ready.take()
            if number is not None:
                self._hand_over(self._messages[number], receiver)
        if isinstance(lane, Session):
            self._sessions.review(lane)

    def _hand_over(self, message: Message, receiver: Receiver) -> None:
        if receiver.deletes:
            self._remove(message)
        else:
            self._lock(message)
        receiver.deliver(message)

    def _make_ready(self, message: Message) -> None:
        self._lane_of(message).ready.add(message.sequence)
        if message.expires_at is not None:
            self._arm(message, message.expires_at, lambda: self._expire(message))

    def _expire(self, message: Message) -> None:
        if self.settings.dead_letter_on_expiry:
            self._bury(
                message, "TTLExpiredException", "The message expired and was dead lettered."
            )
        else:
            self._remove(message)

    # -- locks

    def _lock(self, message: Message) -> None:
        message.token = uuid.uuid4()
        self._by_token[message.token] = message
        if session := self._session_of(message):
            self._disarm(message)
            message.locked_until = session.locked_until
            session.locked[message.sequence] = message
            return
        message.locked_until = self._now() + self.settings.lock_seconds
        self._arm(message, message.locked_until, lambda: self._give_back(message, is_failure=True))

    def _unlock(self, message: Message, *, is_failure: bool) -> None:
        """Take the lock away; the message is ready again, or has failed too often."""
        self._forget_lock(message)
        message.delivery_count += is_failure
        if message.state is State.DEFERRED:
            return
        limit = self.settings.max_delivery_count
        if self.dead_letters is not None and message.delivery_count >= limit:
            description = f"Message could not be consumed after {limit} delivery attempts."
            self._bury(message, "MaxDeliveryCountExceeded", description)
        elif message.expires_at is not None and message.expires_at <= self._now():
            self._expire(message)
        else:
            self._make_ready(message)

    def _give_back(self, message: Message, *, is_failure: bool) -> None:
        lane = self._lane_of(message)
        self._unlock(message, is_failure=is_failure)
        self._stir(lane)

    def _forget_lock(self, message: Message) -> None:
        self._disarm(message)
        if message.token is not None:
            del self._by_token[message.token]
            message.token = None
            if session := self._session_of(message):
                session.locked.pop(message.sequence, None)

    def _locked(self, token: uuid.UUID) -> Message:
        message = self._by_token.get(token)
        if message is None:
            raise AmqpError(
                MESSAGE_LOCK_LOST,
                "The lock supplied is invalid. Either the lock expired, or the message has "
                "already been removed from the queue.",
            )
        return message

    def renew(self, token: uuid.UUID) -> float:
        """Lock the message for another lock duration; the new end in epoch seconds."""
        message = self._locked(token)
        if self._session_of(message):
            raise AmqpError(NOT_ALLOWED, "a message of a session is locked by its session")
        message.locked_until = self._now() + self.settings.lock_seconds
        self._arm(message, message.locked_until, lambda: self._give_back(message, is_failure=True))
        return message.locked_until

    # -- settling

    def complete(self, token: uuid.UUID) -> None:
        """It is done with."""
        self._remove(self._locked(token))

    def abandon(self, token: uuid.UUID, changes: Mapping[str, Value]) -> None:
        """This delivery failed; the message takes its old place by its number."""
        message = self._locked(token)
        message.add_application_properties(changes)
        self._give_back(message, is_failure=True)

    def release(self, token: uuid.UUID) -> None:
        """It was never looked at: no failed delivery."""
        self._give_back(self._locked(token), is_failure=False)

    def defer(self, token: uuid.UUID, changes: Mapping[str, Value]) -> None:
        """Set it aside until someone asks for its sequence number."""
        message = self._locked(token)
        message.add_application_properties(changes)
        message.state = State.DEFERRED
        self._give_back(message, is_failure=True)

    def dead_letter(
        self,
        token: uuid.UUID,
        reason: str | None,
        description: str | None,
        changes: Mapping[str, Value],
    ) -> None:
        """Move it to the dead letters, with the reasons as application properties."""
        message = self._locked(token)
        if self.dead_letters is None:
            raise AmqpError(NOT_ALLOWED, "a dead letter cannot be dead-lettered")
        message.add_application_properties(changes)
        self._bury(message, reason, description)

    def _bury(self, message: Message, reason: str | None, description: str | None) -> None:
        self._remove(message)
        if self.dead_letters is None:
            return
        reasons = {"DeadLetterReason": reason, "DeadLetterErrorDescription": description}
        message.add_application_properties({k: v for k, v in reasons.items() if v is not None})
        message.expires_at = None
        message.unschedule()
        self.dead_letters.send([message])

    def _remove(self, message: Message) -> None:
        self._forget_lock(message)
        self._lane_of(message).ready.discard(message.sequence)
        del self._messages[message.sequence]
        self._numbers.note_gone()
        if session := self._session_of(message):
            session.numbers.note_gone()
            self._sessions.review(session)

    # -- by sequence number

    def peek(self, start: int, count: int, session_id: str | None = None) -> list[Message]:
        """Up to `count` messages of every state from a sequence number on, without a lock."""
        numbers = self._numbers
        if session_id is not None and self.settings.requires_session:
            session = self._sessions.find(session_id)
            if session is None:
                return []
            numbers = session.numbers
        return [self._messages[number] for number in islice(numbers.since(start), count)]

    def cancel_scheduled(self, sequences: Sequence[int]) -> None:
        """Remove these scheduled messages, all or none."""
        for message in self._in_state(sequences, State.SCHEDULED):
            self._remove(message)

    def receive_deferred(
        self, sequences: Sequence[int], *, deletes: bool, connection: object
    ) -> list[Message]:
        """Lock (or delete) these deferred messages, all or none."""
        messages = self._in_state(sequences, State.DEFERRED)
        if self.settings.requires_session:
            for message in messages:
                self.session_held(message.session_id, connection)
        for message in messages:
            if deletes:
                self._remove(message)
            else:
                self._lock(message)
        return messages

    def _in_state(self, sequences: Sequence[int], state: State) -> list[Message]:
        found = [self._messages.get(sequence) for sequence in dict.fromkeys(sequences)]
        fitting = [m for m in found if m is not None and m.state is state and m.token is None]
        if not fitting or len(fitting) < len(found):
            raise AmqpError(MESSAGE_NOT_FOUND, "One or more of the messages were not found.")
        return fitting

    # -- sessions

    def accept_session(self, session_id: str, receiver: Receiver) -> Session:
        """Give the receiver the lock of a session that nobody holds; messages follow with
        `wake`, so that the receiver can announce the session first.
        """
        session = self._sessions.open(session_id)
        if session.holder is not None:
            raise AmqpError(
                SESSION_TAKEN,
                f"The requested session '{session_id}' cannot be accepted. It may be locked by "
                "another receiver.",
            )
        session.receivers.append(receiver)
        self._held[receiver] = session
        self._hold_session(session)
        self._sessions.review(session)
        return session

    def next_session(self, grant: Grant) -> None:
        """Call `grant` with the id of the next session that is free and has messages."""
        self._sessions.wait(grant)

    def stop_waiting(self, grant: Grant) -> None:
        """The receiver that waited gave up."""
        self._sessions.stop_waiting(grant)

    def session_held(self, session_id: str | None, connection: object) -> Session:
        """The session, provided that this connection holds its lock."""
        session = self._sessions.find(session_id)
        if (
            session is None
            or session.holder is None
            or session.holder.connection is not connection
        ):
            raise AmqpError(SESSION_LOCK_LOST, "The session lock has expired or is not held here.")
        return session

    def renew_session(self, session_id: str, connection: object) -> float:
        """Lock the session and its messages for another lock duration; the new end."""
        session = self.session_held(session_id, connection)
        self._hold_session(session)
        for message in session.locked.values():
            message.locked_until = session.locked_until
        return session.locked_until

    def set_state(self, session_id: str, state: bytes | None, connection: object) -> None:
        """Keep the application's bytes with the session, or forget them (None)."""
        if state is not None and len(state) > self.settings.max_message_bytes:
            raise AmqpError(ARGUMENT_ERROR, "the session state is larger than a message may be")
        session = self.session_held(session_id, connection)
        session.state = state
        session.state_set_at = self._now()

    def session_ids(self, state_set_since: float | None) -> list[str]:
        """The sessions with messages or state; given a moment, those whose state was set since."""
        return sorted(
            session.id
            for session in self._sessions
            if (state_set_since is None and (len(session.numbers) or session.state is not None))
            or (
                state_set_since is not None
                and session.state is not None
                and session.state_set_at > state_set_since
            )
        )

    def _hold_session(self, session: Session) -> None:
        session.locked_until = self._now() + self.settings.lock_seconds
        if session.timer:
            session.timer.cancel()
        session.timer = self._timers.at(session.locked_until, lambda: self._lose_session(session))

    def _lose_session(self, session: Session) -> None:
        holder = session.holder
        self._free_session(session, is_failure=True)
        if holder is not None:
            holder.lost(AmqpError(SESSION_LOCK_LOST, "The session lock has expired."))

    def _free_session(self, session: Session, *, is_failure: bool) -> None:
        """All its messages are unlocked before anybody else can get the first of them."""
        if session.timer:
            session.timer.cancel()
        locked = [session.locked[number] for number in sorted(session.locked)]
        for message in locked:
            self._unlock(message, is_failure=is_failure)
        if session.holder is not None:
            del self._held[session.holder]
        session.receivers.clear()
        self._stir(session)

    # -- small things

    def _session_of(self, message: Message) -> Session | None:
        if self.settings.requires_session and message.session_id is not None:
            return self._sessions.open(message.session_id)
        return None

    def _lane_of(self, message: Message) -> Lane:
        return self._session_of(message) or self._lane

    def _arm(self, message: Message, when: float, action: Callable[[], None]) -> None:
        self._disarm(message)
        message.timer = self._timers.at(when, action)

    def _disarm(self, message: Message) -> None:
        if message.timer is not None:
            message.timer.cancel()
            message.timer = None
