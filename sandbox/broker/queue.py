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

from sandbox.broker.duplicates import Duplicates
from sandbox.broker.errors import MESSAGE_LOCK_LOST, NOT_ALLOWED, SESSION_LOCK_LOST, AmqpError
from sandbox.broker.lanes import Lane, Receiver, Session
from sandbox.broker.message import Message, State
from sandbox.broker.queues import QueueSettings
from sandbox.broker.sessions import Sessions
from sandbox.broker.store import Store
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
        self.dead_letters: Queue | None = None
        if not is_dead_letters:
            plain = replace(settings, requires_session=False, duplicate_window_seconds=0)
            self.dead_letters = Queue(plain, now=now, timers=timers, is_dead_letters=True)
        self._now = now
        self._timers = timers
        self._store = Store(settings, now=now, timers=timers, on_session_lost=self._lose_session)
        self._locks: dict[uuid.UUID, Message] = {}
        self._duplicates = Duplicates(settings.duplicate_window_seconds)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._store)

    @property
    def sessions(self) -> Sessions:
        """Its sessions: their locks, states and the receivers that wait for one."""
        return self._store.sessions

    def counts(self) -> Counts:
        """What the portal shows of a queue."""
        states = [message.state for message in self._store]
        return Counts(
            active=states.count(State.ACTIVE),
            locked=len(self._locks),
            deferred=states.count(State.DEFERRED),
            scheduled=states.count(State.SCHEDULED),
            dead_lettered=len(list(self.dead_letters)) if self.dead_letters is not None else 0,
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
        number = self._store.add(message)
        self._duplicates.remember(message.message_id, number, now)
        message.enqueued_at = now
        scheduled = message.scheduled_for
        if scheduled is not None and scheduled > now:
            message.state = State.SCHEDULED
            self._arm(message, scheduled, lambda: self._activate(message))
        else:
            self._publish(message, now)
        return number

    def _activate(self, message: Message) -> None:
        """A scheduled message joins the end of the queue under a new sequence number."""
        self._store.remove(message)
        self._store.add(message)
        message.enqueued_at = self._now()
        self._publish(message, message.enqueued_at)

    def _publish(self, message: Message, now: float) -> None:
        message.state = State.ACTIVE
        if self.dead_letters is not None:  # dead letters do not expire
            ttl = message.ttl_seconds
            ttl = self.settings.ttl_seconds if ttl is None else min(ttl, self.settings.ttl_seconds)
            message.expires_at = now + ttl
        self._make_ready(message)
        self._stir(self._store.lane_of(message))

    # -- delivering

    def attach(self, receiver: Receiver) -> None:
        """Let a receiver without a session take its turns."""
        self._store.lane.receivers.append(receiver)
        self._stir(self._store.lane)

    def detach(self, receiver: Receiver) -> None:
        """The receiver is gone. Its message locks run on until they end; a session and its
        messages come free at once, and that is no failed delivery.
        """
        self._store.lane.leave(receiver)
        if (session := self.sessions.held_by(receiver)) is not None:
            self._free_session(session, is_failure=False)

    def wake(self, receiver: Receiver) -> None:
        """The receiver has more credit, or room for what its credit allows."""
        self._stir(self.sessions.held_by(receiver) or self._store.lane)

    def _stir(self, lane: Lane) -> None:
        """Deliver what can be delivered, then see what became of the session."""
        while len(lane.ready) and (receiver := lane.next_receiver()) is not None:
            number = lane.ready.take()
            if number is not None:
                self._hand_over(self._store[number], receiver)
        if isinstance(lane, Session):
            self.sessions.review(lane)

    def _hand_over(self, message: Message, receiver: Receiver) -> None:
        if receiver.deletes:
            self._remove(message)
        else:
            self._lock(message)
        receiver.deliver(message)

    def _make_ready(self, message: Message) -> None:
        self._store.lane_of(message).ready.add(message.sequence)
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

    def renew(self, token: uuid.UUID) -> float:
        """Lock the message for another lock duration; the new end in epoch seconds."""
        message = self._locked(token)
        if self._store.session_of(message) is not None:
            raise AmqpError(NOT_ALLOWED, "a message of a session is locked by its session")
        self._hold(message)
        return message.locked_until

    def _lock(self, message: Message) -> None:
        message.token = uuid.uuid4()
        self._locks[message.token] = message
        session = self._store.session_of(message)
        if session is None:
            self._hold(message)
        else:
            self._disarm(message)
            message.locked_until = session.locked_until
            session.locked[message.sequence] = message

    def _hold(self, message: Message) -> None:
        message.locked_until = self._now() + self.settings.lock_seconds
        self._arm(message, message.locked_until, lambda: self._give_back(message, is_failure=True))

    def _locked(self, token: uuid.UUID) -> Message:
        message = self._locks.get(token)
        if message is None:
            raise AmqpError(
                MESSAGE_LOCK_LOST,
                "The lock supplied is invalid. Either the lock expired, or the message has "
                "already been removed from the queue.",
            )
        return message

    def _give_back(self, message: Message, *, is_failure: bool) -> None:
        lane = self._store.lane_of(message)
        self._unlock(message, is_failure=is_failure)
        self._stir(lane)

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

    def _forget_lock(self, message: Message) -> None:
        self._disarm(message)
        if message.token is not None:
            del self._locks[message.token]
            message.token = None
            if (session := self._store.session_of(message)) is not None:
                session.locked.pop(message.sequence, None)

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
        self._store.remove(message)

    # -- by sequence number

    def peek(self, start: int, count: int, session_id: str | None = None) -> list[Message]:
        """Up to `count` messages of every state from a sequence number on, without a lock."""
        return self._store.peek(start, count, session_id)

    def cancel_scheduled(self, numbers: Sequence[int]) -> None:
        """Remove these scheduled messages, all or none."""
        for message in self._store.in_state(numbers, State.SCHEDULED):
            self._remove(message)

    def receive_deferred(
        self, numbers: Sequence[int], *, deletes: bool, connection: object
    ) -> list[Message]:
        """Lock (or delete) these deferred messages, all or none; those of a session only for
        the connection that holds it.
        """
        messages = self._store.in_state(numbers, State.DEFERRED)
        for message in messages:
            if (session := self._store.session_of(message)) is not None:
                self.sessions.held_from(session.id, connection)
        for message in messages:
            (self._remove if deletes else self._lock)(message)
        return messages

    # -- the end of a session lock

    def _lose_session(self, session: Session) -> None:
        holder = session.holder
        self._free_session(session, is_failure=True)
        if holder is not None:
            holder.lost(AmqpError(SESSION_LOCK_LOST, "The session lock has expired."))

    def _free_session(self, session: Session, *, is_failure: bool) -> None:
        """All its messages are unlocked before anybody else can get the first of them."""
        for number in sorted(session.locked):
            self._unlock(session.locked[number], is_failure=is_failure)
        self.sessions.give_up(session)
        self._stir(session)

    # -- the message's one timer

    def _arm(self, message: Message, when: float, action: Callable[[], None]) -> None:
        self._disarm(message)
        message.timer = self._timers.at(when, action)

    def _disarm(self, message: Message) -> None:
        if message.timer is not None:
            message.timer.cancel()
            message.timer = None
