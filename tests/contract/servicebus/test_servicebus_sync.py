"""Does the unmodified Python SDK find a Service Bus here? (sync client, plain queues)"""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from azure.servicebus import (
    ServiceBusMessage,
    ServiceBusMessageState,
    ServiceBusReceivedMessage,
    ServiceBusReceiveMode,
)
from azure.servicebus.amqp import AmqpAnnotatedMessage
from azure.servicebus.exceptions import (
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusError,
)
from contract.servicebus.open_bus import Bus


def _take(bus: Bus, count: int, queue: str = "plain") -> list[ServiceBusReceivedMessage]:
    got: list[ServiceBusReceivedMessage] = []
    while len(got) < count:
        some = bus.receiver(queue).receive_messages(count - len(got), max_wait_time=5)
        assert some, f"{len(got)} of {count} arrived"
        got += some
    return got


def _complete(bus: Bus, count: int, queue: str = "plain") -> list[str]:
    messages = _take(bus, count, queue)
    for message in messages:
        bus.receiver(queue).complete_message(message)
    return [str(message) for message in messages]


def test_every_property_arrives_as_it_was_sent(bus: Bus) -> None:
    properties: dict[str | bytes, int | float | bytes | bool | str | uuid.UUID] = {
        "a": 1,
        "b": "x",
        "c": 1.5,
        "d": True,
        "u": uuid.UUID(int=5),
    }
    sent = ServiceBusMessage(
        b"hello",
        message_id="m1",
        correlation_id="c1",
        subject="subj",
        content_type="text/plain",
        reply_to="elsewhere",
        application_properties=properties,
        time_to_live=timedelta(minutes=5),
    )
    bus.sender().send_messages(sent)

    got = bus.one()

    assert b"".join(got.body) == b"hello"
    assert (got.message_id, got.correlation_id, got.subject) == ("m1", "c1", "subj")
    assert (got.content_type, got.reply_to) == ("text/plain", "elsewhere")
    assert got.application_properties == {
        _wire(key): _wire(value) for key, value in properties.items()
    }
    assert got.time_to_live == timedelta(minutes=5)
    assert got.delivery_count == 0
    assert got.sequence_number
    assert got.enqueued_time_utc is not None
    assert got.locked_until_utc is not None
    left = (got.locked_until_utc - bus.clock.now()).total_seconds()
    assert 50 < left <= 60
    bus.receiver().complete_message(got)
    assert bus.broker.counts("plain").active == 0


def _wire(value: object) -> object:
    return value.encode() if isinstance(value, str) else value


def test_value_and_many_data_bodies_arrive(bus: Bus) -> None:
    bus.sender().send_messages(AmqpAnnotatedMessage(value_body={"k": [1, 2, "x"]}))
    bus.sender().send_messages(AmqpAnnotatedMessage(data_body=[b"a", b"b"]))

    value, data = _take(bus, 2)

    assert value.body == {b"k": [1, 2, b"x"]}
    assert list(data.body) == [b"a", b"b"]
    bus.receiver().complete_message(value)
    bus.receiver().complete_message(data)


def test_a_message_without_an_id_gets_one(bus: Bus) -> None:
    bus.sender().send_messages(AmqpAnnotatedMessage(data_body=b"anonymous"))

    got = bus.one()

    assert got.message_id
    bus.receiver().complete_message(got)


def test_lists_and_batches_arrive_in_order(bus: Bus) -> None:
    bus.send("l0", "l1", "l2")
    batch = bus.sender().create_message_batch()
    for number in range(4):
        batch.add_message(ServiceBusMessage(f"b{number}", application_properties={"n": number}))
    bus.sender().send_messages(batch)
    bus.send("alone in its list")

    assert _complete(bus, 8) == ["l0", "l1", "l2", "b0", "b1", "b2", "b3", "alone in its list"]


def test_a_batch_may_be_as_large_as_the_queue_says(bus: Bus) -> None:
    assert bus.sender().create_message_batch().max_size_in_bytes == 1_048_576
    assert bus.sender("short").create_message_batch().max_size_in_bytes == 262_144


def test_a_message_of_many_frames_arrives_whole(bus: Bus) -> None:
    body = bytes(range(256)) * 3000
    bus.sender().send_messages(ServiceBusMessage(body))

    got = bus.one()

    assert b"".join(got.body) == body
    bus.receiver().complete_message(got)


def test_too_large_a_message_is_refused_and_the_sender_lives_on(bus: Bus) -> None:
    for size in (1_048_576 + 10, 3 * 1_048_576):
        with pytest.raises(MessageSizeExceededError):
            bus.sender().send_messages(ServiceBusMessage(b"x" * size))
    bus.send("small")

    assert _complete(bus, 1) == ["small"]


def test_abandoned_too_often_becomes_a_dead_letter(bus: Bus) -> None:
    bus.send("x")
    counts = []
    for _ in range(3):
        message = bus.one()
        counts.append(message.delivery_count)
        bus.receiver().abandon_message(message)

    dead = bus.one(bus.dead_letters())

    assert counts == [0, 1, 2]
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert dead.dead_letter_error_description
    bus.dead_letters().complete_message(dead)
    assert bus.broker.counts("plain").dead_lettered == 0


def test_a_dead_letter_keeps_reasons_and_properties(bus: Bus) -> None:
    bus.sender().send_messages(ServiceBusMessage("x", application_properties={"keep": 1}))
    bus.receiver().dead_letter_message(bus.one(), reason="because", error_description="long story")

    peeked = bus.dead_letters().peek_messages(1)
    dead = bus.one(bus.dead_letters())

    assert len(peeked) == 1
    assert dead.dead_letter_reason == "because"
    assert dead.dead_letter_error_description == "long story"
    assert dead.application_properties is not None
    assert dead.application_properties[b"keep"] == 1
    bus.dead_letters().complete_message(dead)


def test_a_dead_letter_needs_no_reason(bus: Bus) -> None:
    bus.send("x")
    bus.receiver().dead_letter_message(bus.one())

    dead = bus.one(bus.dead_letters())

    assert dead.dead_letter_reason is None
    bus.dead_letters().complete_message(dead)


def test_a_renewed_lock_outlives_the_first(bus: Bus) -> None:
    bus.send("x")
    message = bus.one()
    for _ in range(3):
        bus.pass_time(40)
        assert bus.receiver().renew_message_lock(message) == message.locked_until_utc

    bus.receiver().complete_message(message)

    assert bus.broker.counts("plain").active == 0


def test_an_expired_lock_is_lost_and_the_message_comes_again(bus: Bus) -> None:
    bus.send("x")
    first = bus.one()
    bus.pass_time(61)
    second = bus.one()

    assert second.delivery_count == 1
    with pytest.raises(MessageLockLostError):
        bus.receiver().renew_message_lock(first)
    with pytest.raises(MessageLockLostError):
        bus.receiver().complete_message(first)
    bus.receiver().complete_message(second)


def test_a_deferred_message_comes_by_its_number(bus: Bus) -> None:
    bus.send("x")
    message = bus.one()
    number = message.sequence_number
    assert number is not None
    bus.receiver().defer_message(message)
    assert bus.broker.counts("plain").deferred == 1
    (peeked,) = bus.receiver().peek_messages(1, sequence_number=number)
    (deferred,) = bus.receiver().receive_deferred_messages(number)

    assert peeked.state is ServiceBusMessageState.DEFERRED
    assert deferred.state is ServiceBusMessageState.DEFERRED
    bus.receiver().renew_message_lock(deferred)
    bus.receiver().complete_message(deferred)
    with pytest.raises(MessageNotFoundError):
        bus.receiver().receive_deferred_messages(number)


@pytest.mark.parametrize("how", ["complete", "abandon", "defer", "dead-letter"])
def test_a_deferred_message_can_be_settled_in_every_way(bus: Bus, how: str) -> None:
    bus.send("x")
    message = bus.one()
    assert message.sequence_number is not None
    bus.receiver().defer_message(message)
    (deferred,) = bus.receiver().receive_deferred_messages(message.sequence_number)
    before = bus.broker.counts("plain")
    match how:
        case "complete":
            bus.receiver().complete_message(deferred)
        case "abandon":
            bus.receiver().abandon_message(deferred)
        case "defer":
            bus.receiver().defer_message(deferred)
        case "dead-letter":
            bus.receiver().dead_letter_message(deferred, reason="r", error_description="d")

    after = bus.broker.counts("plain")

    assert (before.deferred, before.locked) == (1, 1)
    assert after.deferred == (1 if how in ("abandon", "defer") else 0)
    assert after.dead_lettered == (1 if how == "dead-letter" else 0)
    if after.deferred:
        (again,) = bus.receiver().receive_deferred_messages(message.sequence_number)
        bus.receiver().complete_message(again)
    if after.dead_lettered:
        dead = bus.one(bus.dead_letters())
        assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("r", "d")
        bus.dead_letters().complete_message(dead)


def test_scheduled_messages_come_when_they_are_due(bus: Bus) -> None:
    due = bus.in_future(60)
    first, _ = bus.sender().schedule_messages(
        [ServiceBusMessage("s1"), ServiceBusMessage("s2")], due
    )
    bus.sender().schedule_messages(ServiceBusMessage("s3"), due)
    bus.sender().cancel_scheduled_messages(first)
    bus.sender().send_messages(ServiceBusMessage("sent", scheduled_enqueue_time_utc=due))
    peeked = [(str(message), message.state) for message in bus.receiver().peek_messages(10)]
    assert bus.broker.counts("plain").scheduled == 3
    bus.pass_time(61)

    assert [body for body, _ in peeked] == ["s2", "s3", "sent"]
    assert {state for _, state in peeked} == {ServiceBusMessageState.SCHEDULED}
    assert _complete(bus, 3) == ["s2", "s3", "sent"]
    with pytest.raises(MessageNotFoundError):
        bus.sender().cancel_scheduled_messages(first)


def test_peeking_goes_on_where_it_ended(bus: Bus) -> None:
    assert bus.receiver("short").peek_messages(3) == []
    bus.send("p0", "p1", "p2", "p3", queue="short")
    pages = [bus.receiver("short").peek_messages(count) for count in (2, 5, 5)]

    assert [[str(m) for m in page] for page in pages] == [["p0", "p1"], ["p2", "p3"], []]
    assert _complete(bus, 4, "short") == ["p0", "p1", "p2", "p3"]


def test_a_duplicate_is_accepted_and_dropped(bus: Bus) -> None:
    def send(*pairs: tuple[str, str]) -> None:
        messages = [ServiceBusMessage(body, message_id=key) for body, key in pairs]
        bus.sender().send_messages(messages if len(messages) > 1 else messages[0])

    send(("1", "A"))
    send(("2", "A"))
    send(("3", "A"), ("4", "B"))
    assert _complete(bus, 2) == ["1", "4"]
    send(("5", "A"))
    assert bus.broker.counts("plain").active == 0
    bus.pass_time(601)
    send(("6", "A"))

    assert _complete(bus, 1) == ["6"]


def test_receive_and_delete_leaves_nothing(bus: Bus) -> None:
    bus.send("a", "b", queue="deletes")
    with bus.client.get_queue_receiver(
        "deletes", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE
    ) as receiver:
        got = receiver.receive_messages(2, max_wait_time=5)

        assert [str(message) for message in got] == ["a", "b"]
        assert got[0].lock_token is None
    assert bus.broker.counts("deletes").active == 0


def test_an_expired_message_becomes_a_dead_letter(bus: Bus) -> None:
    bus.sender().send_messages(ServiceBusMessage("x", time_to_live=timedelta(seconds=30)))
    assert bus.broker.counts("plain").active == 1
    bus.pass_time(31)

    dead = bus.one(bus.dead_letters())

    assert dead.dead_letter_reason == "TTLExpiredException"
    bus.dead_letters().complete_message(dead)


def test_the_iterator_and_prefetch_see_every_message(bus: Bus) -> None:
    bus.send(*(f"p{number}" for number in range(15)), queue="competing")
    receiver = bus.client.get_queue_receiver("competing", prefetch_count=20, max_wait_time=1)
    with receiver:
        seen = []
        for message in receiver:
            seen.append(str(message))
            receiver.complete_message(message)
            if len(seen) == 5:
                break
    released = bus.broker.counts("competing")
    with bus.client.get_queue_receiver("competing", max_wait_time=5) as second:
        rest: list[tuple[str, int | None]] = []
        while len(rest) < 10:
            for message in second.receive_messages(10):
                rest.append((str(message), message.delivery_count))
                second.complete_message(message)

    assert released.locked == 0, "closing gives back what was prefetched"
    assert seen == [f"p{number}" for number in range(5)]
    assert rest == [(f"p{number}", 0) for number in range(5, 15)]


def test_a_closed_receiver_keeps_its_locks(bus: Bus) -> None:
    bus.send("x", queue="competing")
    with bus.client.get_queue_receiver("competing") as first:
        bus.one(first)
    assert bus.broker.counts("competing").locked == 1
    bus.pass_time(301)

    with bus.client.get_queue_receiver("competing") as second:
        again = bus.one(second)
        assert again.delivery_count == 1
        second.complete_message(again)


def test_a_queue_that_does_not_exist_is_named(bus: Bus) -> None:
    message = ServiceBusMessage("x")
    errors = bus.errors_of(
        lambda: bus.client.get_queue_sender("nope").send_messages(message),
        lambda: bus.client.get_queue_receiver("nope").receive_messages(1, max_wait_time=2),
        lambda: bus.client.get_queue_receiver("nope").peek_messages(1),
    )

    assert [type(error) for error in errors] == [MessagingEntityNotFoundError] * 3
    assert ["nope" in str(error) for error in errors] == [True] * 3


def test_dead_letters_cannot_be_sent(bus: Bus) -> None:
    with pytest.raises(ServiceBusError):
        bus.client.get_queue_sender("plain/$deadletterqueue").send_messages(ServiceBusMessage("x"))
