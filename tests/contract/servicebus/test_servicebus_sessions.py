"""Does the Python SDK find sessions here? Locks, order, state, and the next available one."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from azure.servicebus import (
    NEXT_AVAILABLE_SESSION,
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceiver,
)
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)
from contract.servicebus.open_bus import Bus


def _send(bus: Bus, *pairs: tuple[str, str], queue: str = "ordered") -> None:
    messages = [ServiceBusMessage(body, session_id=session) for session, body in pairs]
    bus.sender(queue).send_messages(messages)


def _complete(receiver: ServiceBusReceiver, count: int) -> list[str]:
    got: list[str] = []
    while len(got) < count:
        messages = receiver.receive_messages(count - len(got), max_wait_time=5)
        assert messages, f"{len(got)} of {count} arrived"
        for message in messages:
            got.append(str(message))
            receiver.complete_message(message)
    return got


def test_a_session_yields_its_messages_in_order(bus: Bus) -> None:
    _send(bus, *((session, f"{session}{n}") for n in range(3) for session in "AB"))
    with bus.session("A") as first, bus.session("B") as second:
        assert first.session is not None
        assert first.session.session_id == "A"
        assert _complete(first, 3) == ["A0", "A1", "A2"]
        assert _complete(second, 3) == ["B0", "B1", "B2"]


def test_a_session_remembers_a_state_and_renews_its_lock(bus: Bus) -> None:
    with bus.session("S") as receiver:
        session = receiver.session
        assert session is not None
        assert session.locked_until_utc is not None
        before = session.locked_until_utc
        assert session.get_state() is None
        session.set_state("half done")
        assert session.get_state() == b"half done"
        assert list(bus.client.list_queue_sessions("ordered")) == ["S"]
        bus.pass_time(30)
        assert session.renew_lock() > before
        session.set_state(None)
    bus.wait_closed()
    assert list(bus.client.list_queue_sessions("ordered")) == []


def test_peeking_in_a_session_sees_only_its_messages(bus: Bus) -> None:
    _send(bus, ("P", "p0"), ("Q", "q0"), ("P", "p1"))
    with bus.session("P") as first, bus.session("Q") as second:
        assert [str(m) for m in first.peek_messages(5)] == ["p0", "p1"]
        assert [str(m) for m in second.peek_messages(5)] == ["q0"]
        _complete(first, 2)
        _complete(second, 1)


def test_a_session_is_held_by_one_and_given_back_uncounted(bus: Bus) -> None:
    _send(bus, ("L", "x"))
    with bus.session("L") as holder:
        bus.one(holder)
        with pytest.raises(SessionCannotBeLockedError), bus.session("L"):
            pass
    bus.wait_closed()
    with bus.session("L") as after:
        again = bus.one(after)
        assert again.delivery_count == 0
        after.complete_message(again)


def test_the_next_available_session_is_one_with_messages(bus: Bus) -> None:
    _send(bus, ("N1", "n"), queue="next")
    with bus.session(NEXT_AVAILABLE_SESSION, "next") as receiver:
        assert receiver.session is not None
        assert receiver.session.session_id == "N1"
        _complete(receiver, 1)


def test_the_next_available_session_can_be_waited_for(bus: Bus) -> None:
    got: list[str | None] = []

    def wait() -> None:
        with (
            ServiceBusClient.from_connection_string(bus.broker.connection_string) as client,
            client.get_queue_receiver(
                "next", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=10
            ) as receiver,
        ):
            got.append(receiver.session.session_id if receiver.session else None)
            _complete(receiver, 1)

    bus.sender("next")
    waiter = threading.Thread(target=wait)
    waiter.start()
    waiter.join(1)
    assert got == []
    _send(bus, ("N2", "n"), queue="next")
    waiter.join()

    assert got == ["N2"]


def test_waiting_for_a_session_ends_in_a_timeout(bus: Bus) -> None:
    receiver = bus.client.get_queue_receiver(
        "next", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1
    )
    with pytest.raises(OperationTimeoutError), receiver:
        pass


def test_an_expired_session_lock_is_lost_to_all_its_uses(bus: Bus) -> None:
    _send(bus, ("X", "x"))
    with bus.session("X") as receiver:
        message = bus.one(receiver)
        bus.pass_time(61)
        assert receiver.session is not None
        with pytest.raises(SessionLockLostError):
            receiver.complete_message(message)
        with pytest.raises(SessionLockLostError):
            receiver.session.renew_lock()
        with pytest.raises(SessionLockLostError):
            receiver.receive_messages(1, max_wait_time=1)
    with bus.session("X") as after:
        again = bus.one(after)
        assert again.delivery_count == 1
        after.complete_message(again)


def test_a_dead_letter_keeps_its_session_id(bus: Bus) -> None:
    _send(bus, ("D", "x"))
    with bus.session("D") as receiver:
        receiver.dead_letter_message(bus.one(receiver), reason="r")

    dead = bus.one(bus.dead_letters("ordered"))

    assert (dead.session_id, dead.dead_letter_reason) == ("D", "r")
    bus.dead_letters("ordered").complete_message(dead)


def test_a_message_of_a_session_can_be_deferred(bus: Bus) -> None:
    _send(bus, ("F", "f0"), ("F", "f1"))
    with bus.session("F") as receiver:
        first = bus.one(receiver)
        assert first.sequence_number is not None
        receiver.defer_message(first)
        assert _complete(receiver, 1) == ["f1"]
        (deferred,) = receiver.receive_deferred_messages(first.sequence_number)
        receiver.complete_message(deferred)
    assert bus.broker.counts("ordered").deferred == 0


def test_a_killed_client_lets_go_of_its_session(bus: Bus) -> None:
    _send(bus, ("K", "x"))
    code = f"""
import time
from azure.servicebus import ServiceBusClient
client = ServiceBusClient.from_connection_string({bus.broker.connection_string!r})
receiver = client.get_queue_receiver("ordered", session_id="K")
print(len(receiver.receive_messages(1, max_wait_time=5)), flush=True)
time.sleep(60)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)  # noqa: S603 - our own code
    assert child.stdout is not None
    assert child.stdout.readline() == b"1\n"
    child.kill()
    child.wait()
    child.stdout.close()

    with bus.session("K") as receiver:
        again = bus.one(receiver)
        assert again.delivery_count == 0
        receiver.complete_message(again)


def test_sessions_are_not_mixed_up_with_plain_queues(bus: Bus) -> None:
    plain = bus.client.get_queue_receiver("ordered")
    sessionful = bus.client.get_queue_receiver("plain", session_id="a")
    errors = bus.errors_of(
        lambda: plain.receive_messages(1, max_wait_time=2),
        lambda: sessionful.receive_messages(1, max_wait_time=2),
        lambda: bus.sender("ordered").send_messages(ServiceBusMessage("no session")),
    )

    assert [type(error) for error in errors] == [ServiceBusError] * 3
    assert "entity that requires sessions" in str(errors[0])
    assert "entity that does not require sessions" in str(errors[1])
    assert "SessionId was not set" in str(errors[2])
