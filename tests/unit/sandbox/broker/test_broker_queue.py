"""The pure queue on a clock that stands still until a test moves it."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from unit.sandbox.broker.broker_world import FakeReceiver, World, a_message, body_of

from sandbox.broker.errors import AmqpError
from sandbox.broker.message import Message, State
from sandbox.broker.queue import Counts
from sandbox.broker.queues import QueueSettings

PLAIN = QueueSettings("q", lock_seconds=300, max_delivery_count=3, ttl_seconds=86_400)


@pytest.fixture
def world() -> World:
    return World(PLAIN)


def test_messages_arrive_in_order_for_credit(world: World) -> None:
    receiver = world.receiver(credit=2)
    world.send("a", "b", "c")
    assert receiver.bodies() == ["a", "b"]
    receiver.credit = 1
    world.queue.wake(receiver)

    assert receiver.bodies() == ["a", "b", "c"]
    assert [message.sequence for message in receiver.got] == [1, 2, 3]


def test_receivers_take_turns(world: World) -> None:
    first, second = world.receiver(), world.receiver()
    world.send("a", "b", "c", "d")

    assert (first.bodies(), second.bodies()) == (["a", "c"], ["b", "d"])


def test_a_completed_message_is_gone(world: World) -> None:
    receiver = world.receiver()
    world.send("a")
    token = receiver.last_token()
    assert world.queue.counts() == Counts(1, 1, 0, 0, 0)
    world.queue.complete(token)

    assert world.queue.counts() == Counts(0, 0, 0, 0, 0)
    with pytest.raises(AmqpError, match="message-lock-lost"):
        world.queue.complete(token)
    assert len(world.timers) == 0


def test_receive_and_delete_locks_nothing(world: World) -> None:
    receiver = world.receiver(deletes=True)
    world.send("a")

    assert receiver.got[0].token is None
    assert world.queue.counts() == Counts(0, 0, 0, 0, 0)


def test_an_abandoned_message_takes_its_old_place(world: World) -> None:
    receiver = world.receiver(credit=1)
    world.send("a", "b")
    receiver.credit = 1
    world.queue.abandon(receiver.last_token(), {"why": "tired"})

    assert receiver.bodies() == ["a", "a"]
    assert receiver.got[-1].delivery_count == 1
    assert b"tired" in receiver.got[-1].encode()


def test_a_released_message_counts_no_delivery(world: World) -> None:
    receiver = world.receiver(credit=1)
    world.send("a")
    receiver.credit = 1
    world.queue.release(receiver.last_token())

    assert receiver.got[-1].delivery_count == 0


def test_too_many_deliveries_make_a_dead_letter(world: World) -> None:
    receiver = world.receiver()
    world.send("a")
    for _ in range(3):
        world.queue.abandon(receiver.last_token(), {})

    (dead,) = world.dead
    assert len(receiver.got) == 3
    assert b"MaxDeliveryCountExceeded" in dead.application
    assert world.queue.counts().dead_lettered == 1


def test_a_lock_ends_and_the_message_comes_again(world: World) -> None:
    receiver = world.receiver()
    world.send("a")
    first = receiver.last_token()
    world.pass_time(299)
    assert len(receiver.got) == 1
    world.pass_time(1)

    assert receiver.got[-1].delivery_count == 1
    with pytest.raises(AmqpError, match="message-lock-lost"):
        world.queue.renew(first)


def test_a_renewed_lock_ends_later(world: World) -> None:
    receiver = world.receiver()
    world.send("a")
    world.pass_time(200)
    end = world.queue.renew(receiver.last_token())
    world.pass_time(299)

    assert end == pytest.approx(world.clock.wall() + 1)
    world.queue.complete(receiver.last_token())


def test_a_lost_receiver_keeps_its_locks_to_the_end(world: World) -> None:
    receiver = world.receiver()
    world.send("a")
    world.queue.detach(receiver)
    other = world.receiver()
    assert other.got == []
    world.pass_time(300)

    assert other.got[0].delivery_count == 1


def test_an_unread_message_expires_into_the_dead_letters(world: World) -> None:
    world.queue.send([a_message("short", ttl_ms=1000), a_message("long", ttl_ms=10**9)])
    world.pass_time(1)
    assert [body_of(m) for m in world.queue] == ["long"]
    world.pass_time(86_400)

    assert [body_of(m) for m in world.dead] == ["short", "long"]
    assert all(b"TTLExpiredException" in m.application for m in world.dead)


def test_expired_messages_can_be_dropped_instead() -> None:
    world = World(QueueSettings("q", ttl_seconds=10, dead_letter_on_expiry=False))
    world.send("a")
    world.pass_time(10)

    assert world.queue.counts() == Counts(0, 0, 0, 0, 0)


def test_a_locked_message_expires_when_its_lock_ends(world: World) -> None:
    receiver = world.receiver(credit=1)
    world.queue.send([a_message("a", ttl_ms=1000)])
    world.pass_time(2)
    assert world.queue.counts().locked == 1
    world.queue.release(receiver.last_token())

    assert world.queue.counts() == Counts(0, 0, 0, 0, 1)


def test_dead_letters_neither_expire_nor_die_again(world: World) -> None:
    receiver = world.receiver()
    world.send("a")
    world.queue.dead_letter(receiver.last_token(), "because", "long story", {"more": "said"})
    world.pass_time(10**8)
    reader = FakeReceiver()
    world.dead.attach(reader)
    for _ in range(10):
        world.dead.abandon(reader.last_token(), {})

    assert reader.got[-1].delivery_count == 10
    for word in (b"because", b"long story", b"said"):
        assert word in reader.got[-1].application
    with pytest.raises(AmqpError, match="not-allowed"):
        world.dead.dead_letter(reader.last_token(), "again", None, {})
    assert world.queue.counts().dead_lettered == 1


def test_a_deferred_message_waits_for_its_number(world: World) -> None:
    receiver = world.receiver()
    (number,) = world.send("a")
    world.queue.defer(receiver.last_token(), {})
    world.pass_time(1000)
    assert len(receiver.got) == 1
    (message,) = world.queue.receive_deferred([number], deletes=False, connection=None)
    assert message.token is not None
    world.queue.abandon(message.token, {})
    assert world.queue.counts().deferred == 1
    (message,) = world.queue.receive_deferred([number], deletes=True, connection=None)

    assert body_of(message) == "a"
    assert world.queue.counts() == Counts(0, 0, 0, 0, 0)


def test_deferred_messages_come_all_or_none(world: World) -> None:
    receiver = world.receiver()
    (number,) = world.send("a")
    world.queue.defer(receiver.last_token(), {})

    with pytest.raises(AmqpError, match="message-not-found"):
        world.queue.receive_deferred([number, 99], deletes=True, connection=None)
    with pytest.raises(AmqpError, match="message-not-found"):
        world.queue.receive_deferred([], deletes=True, connection=None)
    assert world.queue.counts().deferred == 1


def test_a_scheduled_message_joins_the_end_when_due(world: World) -> None:
    receiver = world.receiver()
    later = world.clock.wall() + 60
    (number,) = world.queue.send([a_message("later", scheduled=later, ttl_ms=5000)])
    world.send("now")
    assert world.queue.counts().scheduled == 1
    world.pass_time(60)

    message = receiver.got[-1]
    assert receiver.bodies() == ["now", "later"]
    assert (number, message.enqueue_sequence, message.sequence) == (1, 1, 3)
    assert message.enqueued_at == world.clock.wall()
    assert message.expires_at == world.clock.wall() + 5


def test_a_cancelled_message_never_comes(world: World) -> None:
    receiver = world.receiver()
    later = world.clock.wall() + 60
    numbers = world.queue.send([a_message(scheduled=later), a_message(scheduled=later)])
    with pytest.raises(AmqpError, match="message-not-found"):
        world.queue.cancel_scheduled([numbers[0], 99])
    world.queue.cancel_scheduled([numbers[0]])
    world.pass_time(60)

    assert len(receiver.got) == 1
    with pytest.raises(AmqpError, match="message-not-found"):
        world.queue.cancel_scheduled([numbers[1]])


def test_a_time_in_the_past_is_no_schedule(world: World) -> None:
    receiver = world.receiver()
    world.queue.send([a_message("a", scheduled=world.clock.wall() - 1)])

    assert receiver.bodies() == ["a"]


def test_a_duplicate_gets_the_number_of_the_first(world: World) -> None:
    first = world.queue.send([a_message("1", message_id="A"), a_message("2", message_id="B")])
    again = world.queue.send([a_message("3", message_id="A")])
    assert (first, again) == ([1, 2], [1])
    world.pass_time(600)
    world.queue.send([a_message("4", message_id="A")])

    assert [body_of(m) for m in world.queue] == ["1", "2", "4"]


def test_a_completed_message_still_makes_duplicates(world: World) -> None:
    receiver = world.receiver()
    world.queue.send([a_message("1", message_id="A")])
    world.queue.complete(receiver.last_token())
    world.queue.send([a_message("2", message_id="A")])

    assert receiver.bodies() == ["1"]


def test_peeking_sees_every_state_from_a_number_on(world: World) -> None:
    receiver = world.receiver(credit=2)
    world.send("deferred", "locked", "ready")
    world.queue.send([a_message("scheduled", scheduled=world.clock.wall() + 60)])
    token = receiver.got[0].token
    assert token is not None
    world.queue.defer(token, {})

    states = [(body_of(m), m.state) for m in world.queue.peek(1, 10)]
    assert states == [
        ("deferred", State.DEFERRED),
        ("locked", State.ACTIVE),
        ("ready", State.ACTIVE),
        ("scheduled", State.SCHEDULED),
    ]
    assert [body_of(m) for m in world.queue.peek(2, 2)] == ["locked", "ready"]
    assert world.queue.peek(5, 10) == []


def test_a_token_that_never_was_is_a_lost_lock(world: World) -> None:
    with pytest.raises(AmqpError, match="message-lock-lost"):
        world.queue.complete(uuid.uuid4())


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order: no message is lost, doubled or held by two."""

    @initialize(has_sessions=st.booleans())
    def start(self, has_sessions: bool) -> None:  # noqa: FBT001 - hypothesis calls it by name
        settings = QueueSettings(
            "q",
            requires_session=has_sessions,
            lock_seconds=30,
            max_delivery_count=2,
            ttl_seconds=100,
        )
        self.world = World(settings)
        self.has_sessions = has_sessions
        self.sent = 0
        self.done = 0
        self.receivers: list[FakeReceiver] = []

    def _locked(self) -> list[Message]:
        return [m for m in self.world.queue if m.token is not None]

    @rule(session=st.sampled_from("AB"), delay=st.sampled_from([0, 0, 20]))
    def send(self, session: str, delay: int) -> None:
        scheduled = self.world.clock.wall() + delay if delay else None
        session_id = session if self.has_sessions else None
        message = a_message(str(self.sent), session_id=session_id, scheduled=scheduled)
        self.world.queue.send([message])
        self.sent += 1

    @rule(credit=st.integers(1, 3))
    def join(self, credit: int) -> None:
        receiver = FakeReceiver(credit, connection=object())
        if not self.has_sessions:
            self.world.queue.attach(receiver)
            self.receivers.append(receiver)
            return

        def grant(session_id: str) -> None:
            self.world.queue.sessions.accept(session_id, receiver)
            self.receivers.append(receiver)
            self.world.queue.wake(receiver)

        self.world.queue.sessions.wait(grant)

    @rule(pick=st.integers(0, 99))
    def leave(self, pick: int) -> None:
        if self.receivers:
            receiver = self.receivers.pop(pick % len(self.receivers))
            self.world.queue.detach(receiver)

    @rule(pick=st.integers(0, 99), how=st.sampled_from("cardx"))
    def settle(self, pick: int, how: str) -> None:
        locked = self._locked()
        if not locked:
            return
        message = locked[pick % len(locked)]
        assert message.token is not None
        queue, token = self.world.queue, message.token
        match how:
            case "c":
                queue.complete(token)
                self.done += 1
            case "a":
                queue.abandon(token, {})
            case "r":
                queue.release(token)
            case "d":
                queue.defer(token, {})
            case "x":
                queue.dead_letter(token, "r", None, {})

    @rule(seconds=st.sampled_from([1, 10, 31, 101]))
    def wait(self, seconds: int) -> None:
        self.world.pass_time(seconds)
        self.receivers = [r for r in self.receivers if r.error is None]

    @rule(pick=st.integers(0, 99))
    def grant_credit(self, pick: int) -> None:
        if self.receivers:
            receiver = self.receivers[pick % len(self.receivers)]
            receiver.credit = 3
            self.world.queue.wake(receiver)

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        here = [body_of(m) for m in self.world.queue] + [body_of(m) for m in self.world.dead]
        assert len(here) == len(set(here)) == self.sent - self.done
        counts = self.world.queue.counts()
        assert counts.locked == len(self._locked())
        assert counts.active + counts.deferred + counts.scheduled + counts.dead_lettered == len(
            here
        )

    @invariant()
    def whoever_can_take_a_ready_message_has_it(self) -> None:
        ready = [m for m in self.world.queue if m.state is State.ACTIVE and m.token is None]
        for receiver in self.receivers:
            if receiver.credit > 0:
                session = self.world.queue.sessions.held_by(receiver)
                assert not [m for m in ready if session is None or m.session_id == session.id]

    @invariant()
    def no_dead_session_is_remembered(self) -> None:
        alive = {m.session_id for m in self.world.queue}
        held = {s.id for s in self.world.queue.sessions if s.holder is not None}
        assert {s.id for s in self.world.queue.sessions} <= alive | held


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)
