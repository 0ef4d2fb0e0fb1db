"""What is a message to the broker? Its sections as received bytes, and the few things it reads.

Properties, application properties and body travel through untouched, as bytes: decoding and
encoding them again could change types that only the two ends understand. Header and message
annotations are written anew for every delivery. Called by the queue and the receiving links.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from enum import IntEnum

from sandbox.broker.decoding import decode, decode_whole, skip
from sandbox.broker.encoding import encode_section
from sandbox.broker.errors import DECODE_ERROR, OUT_OF_RANGE, AmqpError
from sandbox.broker.timers import Timer
from sandbox.broker.values import Int, Symbol, Timestamp, UInt, ULong, Value

HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES = range(
    0x70, 0x75
)
DATA, SEQUENCE, VALUE, FOOTER = range(0x75, 0x79)
BATCH_FORMAT = 0x80013700  # the body is data sections, each a complete message
MAX_ID_LENGTH = 128  # Service Bus quotas: message id, session id, partition key
SMALL_ULONG = 0x53
SMALL_ULONG_BYTE = b"\x53"
UNLIMITED_TTL_MS = 0xFFFFFFFF

SCHEDULED_TIME = "x-opt-scheduled-enqueue-time"
_TTL, _DELIVERY_COUNT, _HEADER_FIELDS = 2, 4, 5
_MESSAGE_ID, _GROUP_ID = 0, 10
_OURS = frozenset(
    f"x-opt-{name}"
    for name in (
        "enqueued-time",
        "sequence-number",
        "enqueue-sequence-number",
        "message-state",
        "locked-until",
    )
)


class State(IntEnum):
    """The wire's numbers for `x-opt-message-state`."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2


class Message:
    """One message in a queue: raw sections, and where it stands."""

    __slots__ = (
        "annotations",
        "application",
        "body",
        "delivery_count",
        "enqueue_sequence",
        "enqueued_at",
        "expires_at",
        "header",
        "locked_until",
        "message_id",
        "properties",
        "sequence",
        "session_id",
        "state",
        "timer",
        "token",
    )

    def __init__(self, raw: bytes) -> None:
        self.header: list[Value] = []
        self.annotations: dict[Value, Value] = {}
        self.application = b""
        self.body = b""
        properties = self._take_sections(raw)
        message_id = _short_id(properties, _MESSAGE_ID)
        self.session_id = _short_id(properties, _GROUP_ID)
        if message_id is None:
            # The JavaScript SDK cannot renew or settle a message without an id.
            message_id = uuid.uuid4().hex
            self.properties = encode_section(PROPERTIES, [message_id, *properties[1:]])
        self.message_id = message_id
        self.delivery_count = 0
        self.state = State.ACTIVE
        self.sequence = self.enqueue_sequence = 0
        self.enqueued_at = 0.0
        self.expires_at: float | None = None
        self.token: uuid.UUID | None = None
        self.timer: Timer | None = None  # its lock's end, its expiry or its scheduled moment
        self.locked_until = 0.0

    def _take_sections(self, raw: bytes) -> list[Value]:
        properties: list[Value] = []
        self.properties = b""
        body: list[bytes] = []
        for code, start, value, end in sections(raw):
            if code == HEADER:
                self.header = _as_list(decode_whole(raw, value, end))
            elif code == MESSAGE_ANNOTATIONS:
                self.annotations = as_map(decode_whole(raw, value, end))
            elif code == PROPERTIES:
                properties = _as_list(decode_whole(raw, value, end))
                self.properties = _kept(raw, code, start, value, end)
            elif code == APPLICATION_PROPERTIES:
                as_map(decode_whole(raw, value, end))
                self.application = _kept(raw, code, start, value, end)
            elif code >= DATA:
                body.append(_kept(raw, code, start, value, end))
        self.body = b"".join(body)
        return properties

    @property
    def ttl_seconds(self) -> float | None:
        """The sender's time to live, if it set one."""
        value = self.header[_TTL] if len(self.header) > _TTL else None
        if isinstance(value, int) and 0 <= value < UNLIMITED_TTL_MS:
            return value / 1000
        return None

    @property
    def scheduled_for(self) -> float | None:
        """The moment before which the sender does not want it delivered, in epoch seconds."""
        value = self.annotations.get(SCHEDULED_TIME)
        return value / 1000 if isinstance(value, int) else None

    def unschedule(self) -> None:
        """Forget the scheduled time, as a dead letter does."""
        self.annotations.pop(Symbol(SCHEDULED_TIME), None)

    def add_application_properties(self, extra: Mapping[str, Value]) -> None:
        """Merge properties into those of the sender (dead-letter reasons, changes by abandon)."""
        if not extra:
            return
        merged: dict[Value, Value] = {}
        for _, _, value, end in sections(self.application):
            merged = as_map(decode_whole(self.application, value, end))
        merged.update(extra)
        self.application = encode_section(APPLICATION_PROPERTIES, merged)

    def encode(self) -> bytes:
        """The message as a receiver or a peek sees it now."""
        header = (self.header + [None] * _HEADER_FIELDS)[:_HEADER_FIELDS]
        header[_DELIVERY_COUNT] = UInt(self.delivery_count)
        annotations = {key: value for key, value in self.annotations.items() if key not in _OURS}
        annotations[Symbol("x-opt-enqueued-time")] = Timestamp.of(self.enqueued_at)
        annotations[Symbol("x-opt-sequence-number")] = self.sequence
        annotations[Symbol("x-opt-enqueue-sequence-number")] = self.enqueue_sequence
        annotations[Symbol("x-opt-message-state")] = Int(self.state)
        if self.token is not None:
            annotations[Symbol("x-opt-locked-until")] = Timestamp.of(self.locked_until)
        return (
            encode_section(HEADER, header)
            + encode_section(MESSAGE_ANNOTATIONS, annotations)
            + self.properties
            + self.application
            + self.body
        )


def sections(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The sections of an encoded message: (code, start, start of the value, end) of each."""
    position = 0
    while position < len(raw):
        if raw[position] != 0:
            raise AmqpError(DECODE_ERROR, f"no message section at byte {position}")
        code, value = _descriptor(raw, position + 1)
        if not HEADER <= code <= FOOTER:
            raise AmqpError(DECODE_ERROR, f"no message section at byte {position}")
        end = skip(raw, value)
        yield code, position, value, end
        position = end


def _descriptor(raw: bytes, position: int) -> tuple[int, int]:
    """A numeric descriptor and where it ends; nearly always in its short form."""
    if raw[position : position + 1] == SMALL_ULONG_BYTE and position + 1 < len(raw):
        return raw[position + 1], position + 2
    code, end = decode(raw, position)
    return (int(code) if isinstance(code, ULong) else -1), end


def parse(raw: bytes, message_format: int) -> list[Message]:
    """The messages of one transfer: itself, or each data section of a batch.

    The envelope of a batch repeats properties of its first message and says nothing of its own.
    """
    if message_format != BATCH_FORMAT:
        return [Message(raw)]
    return [
        Message(_as_binary(decode_whole(raw, value, end)))
        for code, _, value, end in sections(raw)
        if code == DATA
    ]


def _kept(raw: bytes, code: int, start: int, value: int, end: int) -> bytes:
    """A section as received, its descriptor in the only form that the Python SDK reads."""
    if raw[start + 1] == SMALL_ULONG:
        return raw[start:end]
    return bytes((0x00, SMALL_ULONG, code)) + raw[value:end]


def as_map(value: Value) -> dict[Value, Value]:
    """The value as a map, or a decode error."""
    if not isinstance(value, dict):
        raise AmqpError(DECODE_ERROR, "a map was expected")
    return value


def _as_list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise AmqpError(DECODE_ERROR, "a list was expected")
    return value


def _as_binary(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise AmqpError(DECODE_ERROR, "a data section holds binary")
    return value


def _short_id(properties: list[Value], index: int) -> str | None:
    value = properties[index] if index < len(properties) else None
    if value is None:
        return None
    text = str(value)
    if len(text) > MAX_ID_LENGTH:
        raise AmqpError(OUT_OF_RANGE, f"ids have at most {MAX_ID_LENGTH} characters")
    return text
