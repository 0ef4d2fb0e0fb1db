"""How are requests answered on $cbs and <entity>/$management?

A client attaches a link to send requests and one to receive answers, both with the node's address
somewhere; a request names its answer link only sometimes. An answer goes to a link of the same
connection: the one that the request's reply-to names, else the youngest of that node.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.broker.decoding import decode_whole
from sandbox.broker.encoding import encode_section
from sandbox.broker.errors import RESOURCE_LIMIT, AmqpError
from sandbox.broker.links import ACCEPT, Arrival, IncomingLink, OutgoingLink, reject
from sandbox.broker.message import (
    APPLICATION_PROPERTIES,
    DATA,
    PROPERTIES,
    VALUE,
    as_map,
    sections,
)
from sandbox.broker.values import Value

REQUEST_CREDIT = 100
MAX_BACKLOG = 1000
MAX_REQUEST_BYTES = 1_048_576
_MESSAGE_ID, _REPLY_TO = 0, 4


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks: its id with its AMQP type, its application properties, its body."""

    message_id: Value
    reply_to: str | None
    properties: dict[str, Value]
    body: Value


@dataclass(frozen=True, slots=True)
class Answer:
    """What it gets: application properties (the status among them) and a body."""

    properties: dict[Value, Value]
    body: Value = None


type Handler = Callable[[Request], Answer]


class ReplyLink:
    """A link on which a client receives answers; those without credit wait."""

    def __init__(self, link: OutgoingLink, addresses: set[str | None]) -> None:
        self.addresses = addresses
        self.link = link
        self._backlog: deque[bytes] = deque()
        link.on_credit = self._flush
        link.accept(max_message_bytes=MAX_REQUEST_BYTES)

    def send(self, data: bytes) -> None:
        """Send an answer when there is credit."""
        if len(self._backlog) >= MAX_BACKLOG:
            self.link.close(AmqpError(RESOURCE_LIMIT, "too many answers were not fetched"))
            return
        self._backlog.append(data)
        self._flush()

    def _flush(self) -> None:
        while self._backlog and self.link.sendable > 0:
            self.link.send(self._backlog.popleft(), uuid.uuid4().bytes)


class Requests:
    """The request and answer links of one connection."""

    def __init__(self) -> None:
        self._replies: list[tuple[str, ReplyLink]] = []

    def attach_reply(self, link: OutgoingLink, node: str, addresses: set[str | None]) -> None:
        """Remember a link for the answers of a node, until it is gone."""
        entry = (node, ReplyLink(link, addresses))
        self._replies.append(entry)
        link.on_detached = lambda: self._replies.remove(entry)

    def attach_request(self, link: IncomingLink, node: str, handler: Handler) -> None:
        """Answer what comes in on this link."""

        def on_message(arrival: Arrival) -> None:
            try:
                request = read_request(arrival.data)
            except AmqpError as error:
                link.answer(arrival, reject(error))
                return
            link.answer(arrival, ACCEPT)
            self._answer(node, request, handler(request))

        link.on_message = on_message
        link.open(max_message_bytes=MAX_REQUEST_BYTES, credit=REQUEST_CREDIT)

    def _answer(self, node: str, request: Request, answer: Answer) -> None:
        reply = self._find(node, request.reply_to)
        if reply is not None:
            properties = [None, None, None, None, None, request.message_id]
            reply.send(
                encode_section(PROPERTIES, properties)
                + encode_section(APPLICATION_PROPERTIES, answer.properties)
                + encode_section(VALUE, answer.body)
            )

    def _find(self, node: str, reply_to: str | None) -> ReplyLink | None:
        live = [(name, reply) for name, reply in self._replies if not reply.link.is_closed]
        of_node = [reply for name, reply in live if name == node]
        named = [
            reply for reply in of_node if reply_to is not None and reply_to in reply.addresses
        ]
        made_up = [reply for name, reply in live if name == reply_to]
        found = named or made_up or of_node
        return found[-1] if found else None


def read_request(raw: bytes) -> Request:
    """The parts of a request message."""
    properties: list[Value] = []
    application: dict[Value, Value] = {}
    body: Value = None
    for code, _, value, end in sections(raw):
        if code == PROPERTIES:
            decoded = decode_whole(raw, value, end)
            properties = decoded if isinstance(decoded, list) else []
        elif code == APPLICATION_PROPERTIES:
            application = as_map(decode_whole(raw, value, end))
        elif code in (VALUE, DATA):
            body = decode_whole(raw, value, end)
    properties += [None] * (_REPLY_TO + 1 - len(properties))
    reply_to = properties[_REPLY_TO]
    named = {str(key): value for key, value in application.items() if isinstance(key, str)}
    return Request(
        message_id=properties[_MESSAGE_ID],
        reply_to=reply_to if isinstance(reply_to, str) else None,
        properties=named,
        body=body,
    )
