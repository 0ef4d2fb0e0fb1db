"""How does a wake travel? As a CloudEvent without any state, and without personal data.

The session and the subject are the person's opaque id; the id is new for every publish, because a
repeated id would be swallowed by duplicate detection.
"""

from __future__ import annotations

import json
from typing import Any

from azure.core.messaging import CloudEvent
from azure.servicebus import ServiceBusMessage

from shared.errors import Permanent
from shared.model.event import Event
from shared.model.person import PersonId
from shared.model.signal import Signal

SOURCE = "/instroom"
NOTICE = "nl.instroom.notice"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def wake(person_id: PersonId, event: Event, message_id: str) -> ServiceBusMessage:
    """The message that says *look at this person*."""
    told: CloudEvent[Any] = CloudEvent(
        source=SOURCE, type=f"nl.instroom.{event}", subject=person_id, id=message_id
    )
    return ServiceBusMessage(
        json.dumps(_as_json(told)),
        message_id=message_id,
        session_id=person_id,
        subject=told.type,
        content_type=CONTENT_TYPE,
    )


def woken(body: bytes) -> PersonId:
    """Whom a message is about. Raises Permanent for anything that is no wake of ours."""
    told = _event(body)
    if not told.subject or not str(told.type).startswith("nl.instroom."):
        raise Permanent("a message is no wake of Instroom: wrong type or no subject")
    return PersonId(told.subject)


def notice(notice_id: str, message_id: str) -> ServiceBusMessage:
    """The message that says *send this notice*."""
    told: CloudEvent[Any] = CloudEvent(
        source=SOURCE, type=NOTICE, subject=notice_id, id=message_id
    )
    return ServiceBusMessage(
        json.dumps(_as_json(told)),
        message_id=message_id,
        subject=told.type,
        content_type=CONTENT_TYPE,
    )


def noticed(body: bytes) -> str:
    """Which notice a message is about. Raises Permanent for anything else."""
    told = _event(body)
    if not told.subject or told.type != NOTICE:
        raise Permanent("a message is no notice of Instroom: wrong type or no subject")
    return told.subject


def signal(said: Signal, message_id: str) -> ServiceBusMessage:
    """The message that carries a signal; `message_id` is the same for a replayed webhook."""
    return ServiceBusMessage(
        json.dumps({"source": said.source, "number": said.number}),
        message_id=message_id,
        content_type="application/json",
    )


def signalled(body: bytes) -> Signal:
    """The signal in a message. Raises Permanent for anything that is none."""
    try:
        data = _mapping(body)
        return Signal(source=str(data["source"]), number=str(data["number"]))
    except (ValueError, TypeError, KeyError) as error:
        raise Permanent(f"a message is no signal: {type(error).__name__}") from error


def _event(body: bytes) -> CloudEvent[Any]:
    try:
        return CloudEvent.from_dict(_mapping(body))
    except (ValueError, TypeError, KeyError) as error:
        raise Permanent(f"a message is no CloudEvent: {type(error).__name__}") from error


def _mapping(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises ValueError for anything else."""
    try:
        data = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(data, dict):
        raise ValueError("no object")  # noqa: TRY004 - one kind of wrong for the callers
    return data


def _as_json(event: CloudEvent[Any]) -> dict[str, str]:
    assert event.time is not None  # noqa: S101 - CloudEvent sets it
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject or "",
        "time": event.time.isoformat(),
    }
