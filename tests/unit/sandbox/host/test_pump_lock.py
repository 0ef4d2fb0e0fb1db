"""When a lock is renewed, and until when."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from azure.servicebus.exceptions import MessageLockLostError

from sandbox.host.pump import Lock

NINE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass
class Broker:
    """A lock of so many seconds, on a clock that the renewals move."""

    now: datetime = NINE
    seconds: float = 5.0
    expires: datetime = NINE
    renewals: int = 0
    lost: bool = False
    third_renewal: asyncio.Event = field(default_factory=asyncio.Event)

    async def renew(self) -> datetime:
        if self.lost:
            raise MessageLockLostError
        self.renewals += 1
        if self.renewals == 3:
            self.third_renewal.set()
        self.expires = self.now + timedelta(seconds=self.seconds)
        return self.expires

    def lock(self, renewable_seconds: float = 300) -> Lock:
        self.expires = self.now + timedelta(seconds=self.seconds)
        last = NINE + timedelta(seconds=renewable_seconds)
        return Lock(lambda: self.expires, self.renew, last, lambda: self.now)


def test_short_lock_is_renewed_with_time_to_spare() -> None:
    assert Broker(seconds=5).lock().seconds_to_renewal() == 3.0


def test_long_lock_is_renewed_ten_seconds_before_its_end() -> None:
    assert Broker(seconds=300).lock().seconds_to_renewal() == 290.0


def test_lock_is_not_renewed_past_the_renewal_duration() -> None:
    broker = Broker()
    lock = broker.lock(renewable_seconds=60)
    broker.now += timedelta(seconds=60)

    assert lock.seconds_to_renewal() is None


async def test_work_that_outlives_its_lock_is_renewed() -> None:
    broker = Broker(seconds=0)
    lock = broker.lock()

    async def work() -> str:
        await broker.third_renewal.wait()
        return "done"

    assert await lock.kept_while(asyncio.create_task(work())) == "done"
    assert broker.renewals >= 3


async def test_a_lost_lock_is_not_renewed_again_and_the_work_goes_on() -> None:
    broker = Broker(seconds=0, lost=True)
    lock = broker.lock()
    go_on = asyncio.Event()

    async def work() -> str:
        await go_on.wait()
        return "done"

    asyncio.get_running_loop().call_later(0.01, go_on.set)

    assert await lock.kept_while(asyncio.create_task(work())) == "done"
    assert lock.seconds_to_renewal() is None
