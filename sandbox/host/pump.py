"""How do messages of one queue reach their function, and what becomes of them?

One `Pump` a queue trigger, kept by `running`. Through the real SDK: complete when the function
returned, abandon when it raised, locks renewed in between, prefetch 0. Each slot has a receiver
of its own, so every SDK object is used by one coroutine at a time, as its documentation wants.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError, ServiceBusError

from sandbox.host import message as messages
from sandbox.host.functions import Function, QueueTrigger
from sandbox.host.invocations import Runs
from sandbox.host.settings import ServiceBusOptions
from sandbox.host.stopping import Stopped, Stopping

WAIT_SECONDS = 60.0  # how long one request for a message or a session stays open
RENEW_BEFORE = 0.3  # of the lock's time, at least; a lock of 5 s is renewed when 1.5 s are left
MOST_SECONDS_BEFORE = 10.0
BACK_OFF_SECONDS = (1.0, 2.0, 4.0, 8.0)

_log = logging.getLogger("sandbox.host.pump")


@dataclass
class Lock:
    """The lock that a running function depends on, and until when it may be renewed."""

    expires: Callable[[], datetime | None]
    renew: Callable[[], Awaitable[object]]
    last_renewal: datetime
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def seconds_to_renewal(self) -> float | None:
        """How long until it must be renewed; None when it will not be again."""
        now, expires = self.now(), self.expires()
        if expires is None or now >= self.last_renewal:
            return None
        left = (expires - now).total_seconds()
        return max(0.0, left - min(MOST_SECONDS_BEFORE, left * RENEW_BEFORE + 0.5))

    async def kept_while[T](self, work: asyncio.Task[T]) -> T:
        """Wait for the work and renew meanwhile; a renewal that fails leaves it to settling."""
        while not work.done():
            await asyncio.wait({work}, timeout=self.seconds_to_renewal())
            if not work.done() and self.now() < self.last_renewal:
                await self.renewed()
        return await work

    async def renewed(self) -> None:
        """Renew once; a renewal that fails is the last one."""
        try:
            await self.renew()
        except ServiceBusError as error:
            _log.warning("lock not renewed: %s", type(error).__name__)
            self.last_renewal = self.now()


@dataclass
class Pump:
    """The slots of one queue trigger."""

    function: Function
    trigger: QueueTrigger
    client: ServiceBusClient
    options: ServiceBusOptions
    invocations: Runs
    stopping: Stopping
    _closing: set[asyncio.Task[None]] = field(default_factory=set)
    _trouble: str = ""

    async def run(self) -> None:
        """Pump until the host stops; ends when the open functions have ended."""
        if self.trigger.sessions:
            slots = [self._session_slot() for _ in range(self.options.max_concurrent_sessions)]
        else:
            slots = [self._message_slot() for _ in range(self.options.max_concurrent_calls)]
        try:
            await asyncio.gather(*slots)
        finally:
            await self.closed()

    async def closed(self) -> None:
        """Wait until the receivers that are closing in the background are closed."""
        while self._closing:
            await asyncio.wait(set(self._closing))

    async def _message_slot(self) -> None:
        failures = 0
        while not self.stopping.thrown:
            receiver = self.client.get_queue_receiver(self.trigger.queue)
            try:
                while True:
                    for one in await self._received(receiver, WAIT_SECONDS):
                        failures = self._fine()
                        await self._handle(receiver, one, self._message_lock(receiver, one))
            except Stopped:
                return
            except Exception as error:  # noqa: BLE001 - a dying connection raises all kinds of things
                failures += 1
                await self._back_off(error, failures)
            finally:
                self._close(receiver)

    async def _session_slot(self) -> None:
        failures = 0
        while not self.stopping.thrown:
            receiver = self.client.get_queue_receiver(
                self.trigger.queue,
                session_id=NEXT_AVAILABLE_SESSION,
                max_wait_time=WAIT_SECONDS,
            )
            try:
                await self.stopping.unless(receiver.__aenter__())
                failures = self._fine()
                await self._session(receiver)
            except Stopped:
                return
            except OperationTimeoutError:
                pass  # no session had a message in this time: ask again
            except Exception as error:  # noqa: BLE001 - a dying connection raises all kinds of things
                failures += 1
                await self._back_off(error, failures)
            finally:
                self._close(receiver)

    async def _session(self, receiver: ServiceBusReceiver) -> None:
        """One session, until it stays empty for the idle time."""
        lock = self._lock(lambda: receiver.session.locked_until_utc, receiver.session.renew_lock)
        while received := await self._next_in_session(receiver, lock):
            for one in received:
                await self._handle(receiver, one, lock)

    async def _next_in_session(
        self, receiver: ServiceBusReceiver, lock: Lock
    ) -> list[ServiceBusReceivedMessage]:
        """Its next message, or nothing after the idle time; renews while it waits."""
        left = self.options.session_idle_timeout
        while left > 0:
            to_renewal = lock.seconds_to_renewal()
            turn = left if to_renewal is None else min(left, to_renewal)
            if turn > 0 and (received := await self._received(receiver, turn)):
                return received
            left -= turn
            if turn == to_renewal:
                await lock.renewed()
        return []

    async def _received(
        self, receiver: ServiceBusReceiver, wait_seconds: float
    ) -> list[ServiceBusReceivedMessage]:
        return await self.stopping.unless(
            receiver.receive_messages(max_message_count=1, max_wait_time=wait_seconds)
        )

    async def _handle(
        self, receiver: ServiceBusReceiver, one: ServiceBusReceivedMessage, lock: Lock
    ) -> None:
        """Run the function on one message and settle it; a cut-off run is abandoned."""
        call = asyncio.create_task(
            self.invocations.run(
                self.function,
                messages.body(one, binary=self.trigger.binary),
                metadata=messages.metadata(one, locked_until=lock.expires()),
                trace_parent=messages.trace_parent(one),
            )
        )
        try:
            result = await lock.kept_while(call)
        except asyncio.CancelledError:
            call.cancel()
            await asyncio.wait({call})
            with contextlib.suppress(ServiceBusError):
                await receiver.abandon_message(one)
            raise
        if not result.ok:
            await self._settled(receiver.abandon_message(one))
        elif self._completes():
            await self._settled(receiver.complete_message(one))

    async def _settled(self, settling: Awaitable[None]) -> None:
        """A lock that was lost in the meantime is told, and the message comes again."""
        try:
            await settling
        except ServiceBusError as error:
            _log.warning("%s: not settled: %s", self.function.name, type(error).__name__)
            if self.trigger.sessions:
                raise  # the session is gone with it

    def _completes(self) -> bool:
        own = self.trigger.auto_complete
        return self.options.auto_complete_messages if own is None else own

    def _message_lock(self, receiver: ServiceBusReceiver, one: ServiceBusReceivedMessage) -> Lock:
        return self._lock(lambda: one.locked_until_utc, lambda: receiver.renew_message_lock(one))

    def _lock(
        self, expires: Callable[[], datetime | None], renew: Callable[[], Awaitable[object]]
    ) -> Lock:
        most = self.options.max_auto_lock_renewal_duration
        now = datetime.now(UTC)
        bounded = timedelta(seconds=min(most, timedelta(days=365).total_seconds()))
        return Lock(expires, renew, last_renewal=now + bounded)

    def _close(self, receiver: ServiceBusReceiver) -> None:
        """Close in the background: the SDK takes up to a second for it."""
        task = asyncio.create_task(_quietly_closed(receiver))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _fine(self) -> int:
        if self._trouble:
            _log.warning("%s: queue %s answers again", self.function.name, self.trigger.queue)
            self._trouble = ""
        return 0

    async def _back_off(self, error: Exception, failures: int) -> None:
        """Say it once, however many slots see it, and wait before the next try."""
        trouble = f"{type(error).__name__}: {error}"
        if type(error).__name__ != self._trouble:
            self._trouble = type(error).__name__
            _log.warning("%s: queue %s: %s", self.function.name, self.trigger.queue, trouble)
        seconds = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS)) - 1]
        try:
            await self.stopping.unless(asyncio.sleep(seconds))
        except Stopped:
            return


async def _quietly_closed(receiver: ServiceBusReceiver) -> None:
    try:
        await receiver.close()
    except Exception as error:  # noqa: BLE001 - whatever a dying connection raises, it is closed
        _log.debug("receiver did not close cleanly: %s", type(error).__name__)
