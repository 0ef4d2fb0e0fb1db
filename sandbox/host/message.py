"""What does a function see of a received message?

From the SDK's message to the host's trigger metadata. Pure; called by `pump` and `running`. The
names are those of the Service Bus extension, as `azure.functions.servicebus` decodes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.amqp import AmqpMessageBodyType

from sandbox.host.worker import Plain


def body(message: ServiceBusReceivedMessage, *, binary: bool) -> str | bytes:
    """The body: text where it is UTF-8 and the binding does not ask for binary, else bytes."""
    content = _bytes(message)
    if binary:
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def metadata(
    message: ServiceBusReceivedMessage, *, locked_until: datetime | None
) -> dict[str, Plain]:
    """The metadata of one message; what it does not have is left out.

    `locked_until` is the session's where there is one: the SDK's message does not know it.

    `DeliveryCount` is 1 on the first delivery, as the .NET host counts; the AMQP header, which
    the SDK reports, counts the deliveries before this one.
    """
    properties = application_properties(message)
    found: dict[str, Any] = {
        "MessageId": message.message_id,
        "SessionId": message.session_id,
        "ContentType": message.content_type,
        "CorrelationId": message.correlation_id,
        "Subject": message.subject,
        "Label": message.subject,
        "To": message.to,
        "ReplyTo": message.reply_to,
        "ReplyToSessionId": message.reply_to_session_id,
        "PartitionKey": message.partition_key,
        "DeliveryCount": (message.delivery_count or 0) + 1,
        "SequenceNumber": message.sequence_number,
        "EnqueuedSequenceNumber": message.enqueued_sequence_number,
        "LockToken": str(message.lock_token) if message.lock_token else None,
        "EnqueuedTimeUtc": _moment(message.enqueued_time_utc),
        "ExpiresAtUtc": _moment(message.expires_at_utc),
        "LockedUntil": _moment(locked_until),
        "ScheduledEnqueueTimeUtc": _moment(message.scheduled_enqueue_time_utc),
        "DeadLetterSource": message.dead_letter_source,
        "DeadLetterReason": message.dead_letter_reason,
        "DeadLetterErrorDescription": message.dead_letter_error_description,
        "State": int(message.state),
        "ApplicationProperties": properties,
        "UserProperties": properties,
    }
    return {name: _plain(value) for name, value in found.items() if value is not None}


def application_properties(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    """The application properties with text for the SDK's bytes."""
    given: Mapping[Any, Any] = message.application_properties or {}
    return {str(_text(name)): _text(value) for name, value in given.items()}


def trace_parent(message: ServiceBusReceivedMessage) -> str:
    """The W3C trace context of the sender, or nothing.

    Azure SDKs put it in `Diagnostic-Id`, OpenTelemetry in `traceparent`.
    """
    properties = application_properties(message)
    return str(properties.get("Diagnostic-Id") or properties.get("traceparent") or "")


def by_hand(text: str) -> tuple[str, dict[str, Plain]]:
    """Body and metadata of a message that nobody sent: a call through `/admin/functions`."""
    return text, {
        "MessageId": "by-hand",
        "DeliveryCount": 1,
        "ApplicationProperties": {},
        "UserProperties": {},
    }


def _bytes(message: ServiceBusReceivedMessage) -> bytes:
    if message.body_type == AmqpMessageBodyType.DATA:
        return b"".join(message.body)
    return str(message).encode()


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(value: Any) -> Plain:
    value = _text(value)
    return value if isinstance(value, str | int | dict) else str(value)


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
