"""Where does this address lead? Routes every link to a queue, its dead letters, $cbs or
$management.

Addresses come as `amqps://host:port/queue` from the Python SDK and as `queue` from others; names
are compared without case (the SDKs disagree on `/$DeadLetterQueue`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from functools import partial

from sandbox.broker import cbs, management
from sandbox.broker.connection import Connection
from sandbox.broker.entity import ReceiverNode, SenderNode
from sandbox.broker.errors import NOT_ALLOWED, NOT_FOUND, NOT_IMPLEMENTED, AmqpError
from sandbox.broker.frames import SOURCE, TARGET
from sandbox.broker.links import IncomingLink, Link, OutgoingLink
from sandbox.broker.queue import DEAD_LETTERS, Queue
from sandbox.broker.queues import QueueSettings
from sandbox.broker.requests import Handler, Requests
from sandbox.broker.timers import Timers


class Namespace:
    """The queues, by name."""

    def __init__(
        self, queues: Iterable[QueueSettings], *, now: Callable[[], float], timers: Timers
    ) -> None:
        self._now = now
        self._timers = timers
        self._queues: dict[str, Queue] = {}
        for settings in queues:
            if settings.name.lower() in self._queues:
                raise ValueError(f"queue {settings.name} is named twice")
            queue = Queue(settings, now=now, timers=timers)
            self._queues[settings.name.lower()] = queue
            if queue.dead_letters is not None:
                self._queues[settings.name.lower() + DEAD_LETTERS] = queue.dead_letters

    def find(self, name: str) -> Queue:
        """The queue of that name; KeyError when there is none."""
        return self._queues[name.lower()]

    def dump(self, name: str) -> list[bytes]:
        """Every message of a queue and of its dead letters, encoded."""
        queue = self.find(name)
        return [
            m.encode() for part in (queue, queue.dead_letters) if part is not None for m in part
        ]

    def queue(self, name: str) -> Queue:
        """The queue (or dead letters) of that name; refuses with `amqp:not-found`."""
        queue = self._queues.get(path_of(name))
        if queue is None:
            raise AmqpError(NOT_FOUND, f"The messaging entity '{name}' could not be found.")
        return queue

    def attach(self, connection: Connection, link: Link) -> None:
        """Put a queue behind a new link and answer its attach."""
        queue = self.queue(_address(link) or "")
        if isinstance(link, OutgoingLink):
            ReceiverNode(queue, link, connection).attach(self._timers, self._now())
        elif isinstance(link, IncomingLink):
            if queue.dead_letters is None:
                raise AmqpError(NOT_ALLOWED, "Dead letters cannot be sent, only received.")
            SenderNode(queue, link)


class Visit:
    """The namespace as one connection sees it: with its own request and answer links."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._requests = Requests()

    def attach(self, connection: Connection, link: Link) -> None:
        """Put the right node behind a new link and answer its attach."""
        for end in (link.source, link.target):
            if end is not None and end.kind not in (SOURCE, TARGET):
                raise AmqpError(NOT_IMPLEMENTED, "Transactions are not supported here.")
        path = path_of(_address(link))
        is_node = path == cbs.NODE or path.endswith(management.NODE)
        if isinstance(link, OutgoingLink) and link.source and link.source.dynamic:
            address = f"dynamic-{uuid.uuid4()}"
            link.rename_source(address)
            self._requests.attach_reply(link, address, set())
        elif not is_node:
            self._namespace.attach(connection, link)
        elif isinstance(link, OutgoingLink):
            self._handler(path, connection)  # refuses a node of no queue
            addresses = {end.address for end in (link.source, link.target) if end}
            self._requests.attach_reply(link, path, addresses)
        elif isinstance(link, IncomingLink):
            self._requests.attach_request(link, path, self._handler(path, connection))

    def _handler(self, path: str, connection: Connection) -> Handler:
        if path == cbs.NODE:
            return cbs.put_token
        queue = self._namespace.queue(path.removesuffix(management.NODE))
        return partial(management.answer, queue, connection)


def _address(link: Link) -> str | None:
    terminus = link.source if isinstance(link, OutgoingLink) else link.target
    return terminus.address if terminus else None


def path_of(address: str | None) -> str:
    """The entity's path in an address: without scheme and host, in lower case."""
    text = address or ""
    _, found, rest = text.partition("://")
    if found:
        _, _, text = rest.partition("/")
    return text.strip("/").lower()
