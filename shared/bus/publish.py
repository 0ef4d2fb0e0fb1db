"""Send wakes, signals and notices onto Service Bus: one client a process, one sender a queue.

Each carries the trace it belongs to, so that its work is seen under what caused it.

Called by flow through the Publisher protocol; in flow tests the bus is a list.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import ServiceBusError

from shared.bus import envelope
from shared.errors import Transient
from shared.model.desired import TargetName
from shared.model.event import Event
from shared.model.person import PersonId
from shared.model.signal import Signal
from shared.telemetry import spans

SIGNALS = "hr-signals"
NOTICES = "notices"
UPDATES = "hr-updates"
_SENDS = 2  # an idle link is closed by the service after ten minutes: the second try opens anew


class Publisher(Protocol):
    """Who makes a person's work start soon."""

    async def wake(self, target: TargetName, person_id: PersonId, event: Event) -> None:
        """Ask the target's worker to look at this person. Raises Transient."""
        ...

    async def signal(self, said: Signal, message_id: str) -> None:
        """Ask intake to read this person again. Raises Transient."""
        ...

    async def notice(self, notice_id: str) -> None:
        """Ask for this notice to be sent. Raises Transient."""
        ...


class ServiceBus:
    """The Publisher over azure-servicebus; senders open when first used and stay open."""

    def __init__(self, connect: Callable[[], ServiceBusClient]) -> None:
        self._connect = connect
        self._client: ServiceBusClient | None = None
        self._senders: dict[str, ServiceBusSender] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def wake(self, target: TargetName, person_id: PersonId, event: Event) -> None:
        """Send a wake to the queue that is named like the target; HR's has a name of its own."""
        queue = UPDATES if target is TargetName.HR else target
        await self._send(queue, envelope.wake(person_id, event, uuid.uuid4().hex))

    async def signal(self, said: Signal, message_id: str) -> None:
        """Send a signal; duplicate detection drops one whose id was seen in ten minutes."""
        await self._send(SIGNALS, envelope.signal(said, message_id))

    async def notice(self, notice_id: str) -> None:
        """Send the id of a notice, and nothing of what it says."""
        await self._send(NOTICES, envelope.notice(notice_id, uuid.uuid4().hex))

    async def close(self) -> None:
        """Close senders and client."""
        for sender in self._senders.values():
            await sender.close()
        self._senders.clear()
        if self._client:
            await self._client.close()
            self._client = None

    async def _send(self, queue: str, message: ServiceBusMessage) -> None:
        with spans.span(f"send {queue}", spans.SENT, queue=queue):
            properties: dict[str | bytes, Any] = {}
            properties.update(spans.carried())
            message.application_properties = properties
            await self._sent(queue, message)

    async def _sent(self, queue: str, message: ServiceBusMessage) -> None:
        # A sender is not safe for several tasks at once: one lock a queue.
        async with self._locks.setdefault(queue, asyncio.Lock()):
            for attempt in range(_SENDS):
                try:
                    await self._sender(queue).send_messages(message)
                except ServiceBusError as error:
                    await self._discard(queue)
                    if attempt + 1 == _SENDS:
                        raise Transient(f"Service Bus did not take a message: {error}") from error
                else:
                    return

    def _sender(self, queue: str) -> ServiceBusSender:
        if queue not in self._senders:
            self._client = self._client or self._connect()
            self._senders[queue] = self._client.get_queue_sender(queue)
        return self._senders[queue]

    async def _discard(self, queue: str) -> None:
        sender = self._senders.pop(queue, None)
        if sender:
            await sender.close()
