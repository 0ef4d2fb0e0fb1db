"""Sessions on a clock that stands still: order, locks, state, and who is served next."""

from __future__ import annotations

import pytest
from unit.sandbox.broker.broker_world import FakeReceiver, World, a_message, body_of

from sandbox.broker.errors import AmqpError
from sandbox.broker.queues import QueueSettings


@pytest.fixture
def world() -> World:
    return World(QueueSettings("s", requires_session=True, lock_seconds=300, max_delivery_count=3))


def _next(world: World) -> FakeReceiver:
    receiver = FakeReceiver(connection=object())

    def grant(session_id: str) -> None:
        world.queue.sessions.accept(session_id, receiver)
        world.queue.wake(receiver)

    world.queue.sessions.wait(grant)
    return receiver


def test_a_holder_gets_only_its_session_in_order(world: World) -> None:
    world.send("a0", "a1", session_id="A")
    world.send("b0", session_id="B")
    holder = world.holder("A")
    world.send("a2", session_id="A")

    assert holder.bodies() == ["a0", "a1", "a2"]


def test_a_message_needs_a_session_id_and_a_batch_is_all_or_none(world: World) -> None:
    with pytest.raises(AmqpError, match="SessionId was not set"):
        world.queue.send([a_message("ok", session_id="A"), a_message("not")])

    assert list(world.queue) == []


def test_a_held_session_cannot_be_taken(world: World) -> None:
    world.holder("A")

    with pytest.raises(AmqpError, match="session-cannot-be-locked"):
        world.holder("A")


def test_a_session_taken_by_name_is_offered_to_nobody_else(world: World) -> None:
    world.send("a", session_id="A")
    world.queue.sessions.accept("A", FakeReceiver(connection=object()))
    granted: list[str] = []
    world.queue.sessions.wait(granted.append)

    assert granted == []


def test_the_session_that_came_first_is_served_first(world: World) -> None:
    for session in "BAC":
        world.send(session, session_id=session)

    assert [_next(world).bodies() for _ in range(3)] == [["B"], ["A"], ["C"]]


def test_who_waited_first_is_served_first(world: World) -> None:
    first, second = _next(world), _next(world)
    world.send("a", session_id="A")
    assert (first.bodies(), second.bodies()) == (["a"], [])
    world.send("b", session_id="B")

    assert second.bodies() == ["b"]


def test_a_session_without_messages_is_not_offered(world: World) -> None:
    holder = world.holder("A")
    world.queue.sessions.set_state("A", b"kept", holder.connection)
    world.queue.detach(holder)
    waiting = _next(world)

    assert waiting.got == []
    assert world.queue.sessions.ids(None) == ["A"]


def test_a_closed_session_comes_free_whole_and_uncounted(world: World) -> None:
    world.send("0", "1", "2", session_id="A")
    holder = world.holder("A", credit=2)
    waiting = _next(world)
    world.queue.detach(holder)

    assert waiting.bodies() == ["0", "1", "2"]
    assert [message.delivery_count for message in waiting.got] == [0, 0, 0]


def test_an_expired_session_lock_counts_and_tells_the_holder(world: World) -> None:
    world.send("0", "1", session_id="A")
    holder = world.holder("A", credit=1)
    token = holder.last_token()
    world.pass_time(300)
    after = _next(world)

    assert holder.error is not None
    assert holder.error.condition == "com.microsoft:session-lock-lost"
    assert after.bodies() == ["0", "1"]
    assert [message.delivery_count for message in after.got] == [1, 0]
    with pytest.raises(AmqpError, match="message-lock-lost"):
        world.queue.complete(token)


def test_renewing_a_session_renews_its_messages(world: World) -> None:
    world.send("0", session_id="A")
    holder = world.holder("A")
    world.pass_time(299)
    end = world.queue.sessions.renew("A", holder.connection)
    world.pass_time(299)

    assert holder.got[0].locked_until == end
    assert holder.error is None
    with pytest.raises(AmqpError, match="not-allowed"):
        world.queue.renew(holder.last_token())
    world.queue.complete(holder.last_token())


def test_only_the_holders_connection_may_speak_for_a_session(world: World) -> None:
    world.holder("A")
    sessions = world.queue.sessions

    with pytest.raises(AmqpError, match="session-lock-lost"):
        sessions.renew("A", object())
    with pytest.raises(AmqpError, match="session-lock-lost"):
        sessions.set_state("A", b"x", object())
    with pytest.raises(AmqpError, match="session-lock-lost"):
        sessions.renew("nobody's", object())


def test_a_state_outlives_messages_and_holders(world: World) -> None:
    holder = world.holder("A")
    world.queue.sessions.set_state("A", b"half done", holder.connection)
    world.queue.detach(holder)
    again = world.holder("A")

    assert world.queue.sessions.held_from("A", again.connection).state == b"half done"


def test_sessions_are_listed_by_state_change(world: World) -> None:
    world.send("m", session_id="only messages")
    holder = world.holder("state")
    before = world.clock.wall()
    world.pass_time(1)
    world.queue.sessions.set_state("state", b"x", holder.connection)

    assert world.queue.sessions.ids(None) == ["only messages", "state"]
    assert world.queue.sessions.ids(before) == ["state"]
    assert world.queue.sessions.ids(world.clock.wall()) == []


def test_a_state_cannot_outgrow_a_message(world: World) -> None:
    holder = world.holder("A")
    too_big = b"x" * (world.queue.settings.max_message_bytes + 1)

    with pytest.raises(AmqpError, match="argument-error"):
        world.queue.sessions.set_state("A", too_big, holder.connection)


def test_an_empty_session_is_forgotten(world: World) -> None:
    world.send("0", session_id="A")
    holder = world.holder("A")
    world.queue.complete(holder.last_token())
    world.queue.detach(holder)

    assert len(world.queue.sessions) == 0
    assert len(world.timers) == 0


def test_a_forgotten_session_has_no_say_about_its_successor(world: World) -> None:
    sessions = world.queue.sessions
    old = sessions.open("A")
    sessions.review(old)
    world.send("0", session_id="A")
    sessions.review(old)

    assert _next(world).bodies() == ["0"]


def test_a_deferred_message_is_for_the_sessions_holder(world: World) -> None:
    (number,) = world.send("0", session_id="A")
    holder = world.holder("A")
    world.queue.defer(holder.last_token(), {})
    with pytest.raises(AmqpError, match="session-lock-lost"):
        world.queue.receive_deferred([number], deletes=False, connection=object())
    (message,) = world.queue.receive_deferred(
        [number], deletes=False, connection=holder.connection
    )
    world.queue.detach(holder)

    assert message.token is None, "its lock ended with the session's"
    assert world.queue.counts().deferred == 1


def test_peeking_in_a_session_sees_only_it(world: World) -> None:
    world.send("a0", session_id="A")
    world.send("b0", session_id="B")
    world.send("a1", session_id="A")

    assert [body_of(m) for m in world.queue.peek(0, 10, "A")] == ["a0", "a1"]
    assert [body_of(m) for m in world.queue.peek(0, 10)] == ["a0", "b0", "a1"]
    assert world.queue.peek(0, 10, "nobody's") == []


def test_a_dead_letter_leaves_its_session(world: World) -> None:
    world.send("0", session_id="A")
    holder = world.holder("A")
    world.queue.dead_letter(holder.last_token(), "r", "d", {})
    reader = FakeReceiver()
    world.dead.attach(reader)

    assert reader.got[0].session_id == "A"
    assert reader.bodies() == ["0"]
