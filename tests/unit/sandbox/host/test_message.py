"""The trigger metadata of a message, decoded by azure.functions itself."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.functions.servicebus import (  # noqa: TID251 - it is what a function sees
    ServiceBusMessage,
    ServiceBusMessageInConverter,
)
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus._pyamqp.message import Header, Message, Properties
from azure.servicebus._pyamqp.performatives import TransferFrame

from sandbox.host import message, worker

NINE = datetime(2026, 11, 2, 9, 0, 0, 123000, tzinfo=UTC)
LOCKED = NINE + timedelta(minutes=5)
LOCK = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")


def received(body: bytes = b"{}", **properties: Any) -> ServiceBusReceivedMessage:
    """A message as the SDK builds it from the wire: text is bytes, times are milliseconds."""
    raw = Message(
        data=[body],
        header=Header(delivery_count=properties.pop("delivery_count", 0)),
        application_properties={b"type": b"nl.instroom.joiner", b"attempt": 2},
        message_annotations={
            b"x-opt-sequence-number": 7,
            b"x-opt-enqueued-time": int(NINE.timestamp() * 1000),
        },
        properties=Properties(message_id="m-1", group_id="p-1", subject="s", **properties),
    )
    frame = TransferFrame(handle=0, delivery_id=1, delivery_tag=LOCK.bytes_le)
    return ServiceBusReceivedMessage(raw, receiver=None, frame=frame)


def decoded(one: ServiceBusReceivedMessage) -> ServiceBusMessage:
    found = ServiceBusMessageInConverter.decode(
        worker._datum(message.body(one, binary=False)),
        trigger_metadata={
            name: worker._datum(value)
            for name, value in message.metadata(one, locked_until=LOCKED).items()
        },
    )
    assert isinstance(found, ServiceBusMessage)
    return found


def test_function_sees_what_the_sender_sent() -> None:
    found = decoded(received(b'{"a": 1}', content_type="application/json", correlation_id="c"))

    assert found.get_body() == b'{"a": 1}'
    assert (found.message_id, found.session_id, found.subject) == ("m-1", "p-1", "s")
    assert (found.content_type, found.correlation_id) == ("application/json", "c")
    assert found.application_properties == {"type": "nl.instroom.joiner", "attempt": 2}
    assert found.user_properties == found.application_properties


def test_function_sees_what_the_broker_added() -> None:
    found = decoded(received())

    assert found.sequence_number == 7
    assert found.enqueued_time_utc == NINE
    assert found.locked_until == LOCKED
    assert found.lock_token == str(LOCK)


def test_delivery_count_is_one_on_the_first_delivery() -> None:
    assert decoded(received(delivery_count=0)).delivery_count == 1
    assert decoded(received(delivery_count=4)).delivery_count == 5


def test_what_a_message_lacks_is_none() -> None:
    found = decoded(received())

    assert (found.reply_to, found.to, found.dead_letter_reason) == (None, None, None)


def test_body_that_is_no_text_stays_bytes() -> None:
    assert message.body(received(b"\xff\x00"), binary=False) == b"\xff\x00"
    assert message.body(received(b"abc"), binary=False) == "abc"
    assert message.body(received(b"abc"), binary=True) == b"abc"


def test_trace_context_of_the_sender_is_found() -> None:
    one = received()
    assert message.trace_parent(one) == ""

    one._raw_amqp_message.application_properties = {b"Diagnostic-Id": b"00-a-b-01"}

    assert message.trace_parent(one) == "00-a-b-01"


def test_call_by_hand_decodes_too() -> None:
    body, metadata = message.by_hand("hello")
    found = ServiceBusMessageInConverter.decode(
        worker._datum(body),
        trigger_metadata={name: worker._datum(value) for name, value in metadata.items()},
    )

    assert isinstance(found, ServiceBusMessage)
    assert (found.get_body(), found.delivery_count) == (b"hello", 1)
