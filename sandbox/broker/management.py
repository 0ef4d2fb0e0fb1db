"""What can be asked of <entity>/$management?

The operations of the Service Bus documentation, "AMQP 1.0: request-response-based operations",
for queues, with the documentation's own spellings (`defered`, `sessions-ids`). Each is one
function from a request's body to an answer's; refusals become a status and an error condition.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.broker.errors import (
    ARGUMENT_ERROR,
    DECODE_ERROR,
    MESSAGE_LOCK_LOST,
    MESSAGE_NOT_FOUND,
    MESSAGE_TOO_BIG,
    NOT_ALLOWED,
    NOT_FOUND,
    NOT_IMPLEMENTED,
    OUT_OF_RANGE,
    SESSION_LOCK_LOST,
    SESSION_NOT_FOUND,
    SESSION_TAKEN,
    AmqpError,
)
from sandbox.broker.message import Message
from sandbox.broker.queue import Queue
from sandbox.broker.requests import Answer, Request
from sandbox.broker.values import Array, Int, Symbol, Timestamp, Value

NODE = "/$management"
VENDOR = "com.microsoft:"
OK, NO_CONTENT, SERVER_ERROR = 200, 204, 500
STATUS = {
    ARGUMENT_ERROR: 400,
    OUT_OF_RANGE: 400,
    DECODE_ERROR: 400,
    NOT_ALLOWED: 400,
    MESSAGE_TOO_BIG: 400,
    NOT_FOUND: 404,
    MESSAGE_NOT_FOUND: 404,
    SESSION_NOT_FOUND: 204,
    MESSAGE_LOCK_LOST: 410,
    SESSION_LOCK_LOST: 410,
    SESSION_TAKEN: 409,
    NOT_IMPLEMENTED: 501,
}
MAX_PEEK = 250  # messages a call, Service Bus quotas
MAX_PEEK_BYTES = 1_048_576
EVERY_SESSION_MS = 253_402_300_800_000  # the end of year 9999: "whenever its state was set"
LONG_ARRAY, TIMESTAMP_ARRAY, STRING_ARRAY = 0x81, 0x83, 0xB1


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a queue, with its body read by name and type."""

    queue: Queue
    connection: object
    body: dict[Value, Value]

    def items(self, name: str, kind: type) -> list[Value]:
        """An array or list of values of one type; it must be there and not be empty."""
        value = self.body.get(name)
        found = value.items if isinstance(value, Array) else value
        if not isinstance(found, list) or not found or not all(isinstance(x, kind) for x in found):
            raise AmqpError(ARGUMENT_ERROR, f"{name} is missing or of the wrong type")
        return found

    def number(self, name: str) -> int:
        """A whole number that must be there."""
        value = self.body.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise AmqpError(ARGUMENT_ERROR, f"{name} is missing or no number")
        return int(value)

    def text(self, name: str) -> str | None:
        """A string, or None."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise AmqpError(ARGUMENT_ERROR, f"{name} is no string")
        return str(value) if value is not None else None

    def session_id(self) -> str:
        """The session that the request is about."""
        session_id = self.text("session-id")
        if session_id is None:
            raise AmqpError(ARGUMENT_ERROR, "session-id is missing")
        return session_id


def answer(queue: Queue, connection: object, request: Request) -> Answer:
    """Do what is asked, or say why not."""
    operation = str(request.properties.get("operation")).removeprefix(VENDOR)
    try:
        body = request.body if isinstance(request.body, dict) else {}
        result = _run(operation, Call(queue, connection, body))
    except AmqpError as error:
        return Answer(
            {
                "statusCode": Int(STATUS.get(error.condition, SERVER_ERROR)),
                "statusDescription": error.description,
                "errorCondition": Symbol(error.condition),
            }
        )
    status = NO_CONTENT if result is _NOTHING_FOUND else OK
    return Answer({"statusCode": Int(status), "statusDescription": "OK"}, result or None)


def _run(operation: str, call: Call) -> dict[Value, Value] | None:
    if operation not in _OPERATIONS:
        raise AmqpError(NOT_IMPLEMENTED, f"operation {operation} is not supported here")
    return _OPERATIONS[operation](call)


_NOTHING_FOUND: dict[Value, Value] = {}


def _renew_lock(call: Call) -> dict[Value, Value]:
    ends = [call.queue.renew(token) for token in call.items("lock-tokens", uuid.UUID)]
    return {"expirations": Array(TIMESTAMP_ARRAY, [Timestamp.of(end) for end in ends])}


def _renew_session_lock(call: Call) -> dict[Value, Value]:
    end = call.queue.sessions.renew(call.session_id(), call.connection)
    return {"expiration": Timestamp.of(end)}


def _get_session_state(call: Call) -> dict[Value, Value]:
    session = call.queue.sessions.held_from(call.session_id(), call.connection)
    return {"session-state": session.state}


def _set_session_state(call: Call) -> None:
    state = call.body.get("session-state")
    if state is not None and not isinstance(state, bytes):
        raise AmqpError(ARGUMENT_ERROR, "session-state is no binary")
    call.queue.sessions.set_state(call.session_id(), state, call.connection)


def _peek(call: Call) -> dict[Value, Value]:
    count = call.number("message-count")
    if count < 1:
        raise AmqpError(OUT_OF_RANGE, "message-count is at least 1")
    start, session_id = call.number("from-sequence-number"), call.text("session-id")
    packed: list[Value] = []
    size = 0
    for message in call.queue.peek(start, min(count, MAX_PEEK), session_id):
        encoded = message.encode()
        size += len(encoded)
        if packed and size > MAX_PEEK_BYTES:
            break
        packed.append({"message": encoded})
    return {"messages": packed} if packed else _NOTHING_FOUND


def _schedule(call: Call) -> dict[Value, Value]:
    raws = [entry.get("message") for entry in call.items("messages", dict)]
    limit = call.queue.settings.max_message_bytes
    for raw in raws:
        if not isinstance(raw, bytes):
            raise AmqpError(ARGUMENT_ERROR, "a message is missing or no binary")
        if len(raw) > limit:
            raise AmqpError(MESSAGE_TOO_BIG, f"a message has more than {limit} bytes")
    numbers = call.queue.send([Message(raw) for raw in raws if isinstance(raw, bytes)])
    return {"sequence-numbers": Array(LONG_ARRAY, numbers)}


def _cancel_scheduled(call: Call) -> None:
    call.queue.cancel_scheduled(call.items("sequence-numbers", int))


def _receive_by_sequence_number(call: Call) -> dict[Value, Value]:
    messages = call.queue.receive_deferred(
        call.items("sequence-numbers", int),
        deletes=call.number("receiver-settle-mode") == 0,
        connection=call.connection,
    )
    return {"messages": [_packed(message) for message in messages]}


def _packed(message: Message) -> dict[Value, Value]:
    packed: dict[Value, Value] = {"message": message.encode()}
    if message.token is not None:
        packed["lock-token"] = message.token
    return packed


def _update_disposition(call: Call) -> None:
    status = call.text("disposition-status")
    changes = call.body.get("properties-to-modify")
    named = (
        {str(key): value for key, value in changes.items()} if isinstance(changes, dict) else {}
    )
    reason, description = call.text("deadletter-reason"), call.text("deadletter-description")
    queue = call.queue
    settle: dict[str | None, Callable[[uuid.UUID], None]] = {
        "completed": queue.complete,
        "abandoned": lambda token: queue.abandon(token, named),
        "defered": lambda token: queue.defer(token, named),
        "suspended": lambda token: queue.dead_letter(token, reason, description, named),
    }
    if status not in settle:
        raise AmqpError(ARGUMENT_ERROR, f"disposition-status {status} is not known")
    for token in call.items("lock-tokens", uuid.UUID):
        try:
            settle[status](token)
        except AmqpError as error:
            if error.condition == MESSAGE_LOCK_LOST and call.text("session-id") is not None:
                raise AmqpError(SESSION_LOCK_LOST, error.description) from error
            raise


def _get_message_sessions(call: Call) -> dict[Value, Value]:
    since_ms = call.number("last-updated-time")
    skip, top = call.number("skip"), call.number("top")
    if skip < 0 or top < 1:
        raise AmqpError(OUT_OF_RANGE, "skip is at least 0 and top at least 1")
    since = None if since_ms >= EVERY_SESSION_MS else since_ms / 1000
    ids = call.queue.sessions.ids(since)[skip : skip + top]
    if not ids:
        return _NOTHING_FOUND
    return {"skip": Int(skip + len(ids)), "sessions-ids": Array(STRING_ARRAY, ids)}


_OPERATIONS: dict[str, Callable[[Call], dict[Value, Value] | None]] = {
    "renew-lock": _renew_lock,
    "renew-session-lock": _renew_session_lock,
    "get-session-state": _get_session_state,
    "set-session-state": _set_session_state,
    "peek-message": _peek,
    "schedule-message": _schedule,
    "cancel-scheduled-message": _cancel_scheduled,
    "receive-by-sequence-number": _receive_by_sequence_number,
    "update-disposition": _update_disposition,
    "get-message-sessions": _get_message_sessions,
}
