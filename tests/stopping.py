"""Stop a world of fakes at any outside call, as a killed process would, and start it again.

Every write of the ledger, every read and change at a target and every send to the bus is two
moments: before it, and after it while its answer is not seen yet. A stop after the answer is the
same as a stop before the next call: nothing outside lies between the two. The journal's writes
are none: the same line is one row however often it is written, nobody reads it, and the history
is written right after it. `states` names the moments that differ.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fakes import Moment, World, a_world, undisturbed

from shared.flow.service import Ledger
from shared.ledger.journal import TABLE as JOURNAL
from shared.ledger.rows import Operation, Row, Store
from shared.ledger.sqlite import open_sqlite


class Stopped(BaseException):
    """The process ends here; nothing may catch it."""


@dataclass
class Stopper:
    """Notes every moment, and stops the process for good at the one with number `at`."""

    at: int | None = None
    moments: list[str] = field(default_factory=list)
    stopped: bool = False

    def __call__(self, moment: str) -> None:
        if self.stopped:
            raise Stopped(moment)  # tasks that ran beside the one that was stopped
        self.moments.append(moment)
        if self.at == len(self.moments) - 1:
            self.stopped = True
            raise Stopped(moment)


def states(moments: Sequence[str]) -> list[int]:
    """The moments to stop at: one for each state of the outside world.

    A stopped process remembers nothing, so all that counts is what it had done: a stop before a
    read, after it, or before the next write leaves the same behind as one after the last write.
    """
    effects = (
        at
        for at, moment in enumerate(moments)
        if moment.startswith("after ") and not moment.endswith(" read")
    )
    return [0, *effects]


@dataclass
class WatchedStore:
    """A ledger whose writes are moments."""

    inner: Store
    moment: Moment = undisturbed

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        return await self.inner.get(table, partition, key)

    def scan(
        self, table: str, partition: str, *, first: str = "", before: str | None = None
    ) -> AsyncIterator[Row]:
        return self.inner.scan(table, partition, first=first, before=before)

    async def write(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> tuple[str, ...]:
        if table == JOURNAL:
            return await self.inner.write(table, partition, operations)
        what = f"write of {table} {','.join(operation.key for operation in operations)}"
        self.moment(f"before {what}")
        etags = await self.inner.write(table, partition, operations)
        self.moment(f"after {what}")
        return etags

    async def close(self) -> None:
        await self.inner.close()


@dataclass(frozen=True)
class Image:
    """A world as it stood once, to be begun from again and again."""

    world: World
    ledger: bytes


async def image_of(world: World) -> Image:
    """Keep all that this world holds; the world itself is not used any more."""
    kept = _behind(world.service.ledger.store).serialize()
    await world.service.ledger.store.close()
    return Image(world, kept)


async def begun_from(image: Image, *, policy: str) -> World:
    """A world of its own that begins as the image was."""
    was = image.world
    clock = replace(was.clock)
    store = WatchedStore(await without_waiting(clock.wall))
    _behind(store).deserialize(image.ledger)
    world = a_world(store, clock=clock, policy=policy, first_id=1_000_000)
    world.service._loaded.update(was.service._loaded)
    world.hr.people.update(was.hr.people)
    world.bus.wakes.extend(was.bus.wakes)
    for mine, theirs in ((world.entra, was.entra), (world.topdesk, was.topdesk)):
        mine.created.update(theirs.created)
    world.entra.accounts.update(was.entra.accounts)
    world.entra.bin.update(was.entra.bin)
    world.entra.made.update(was.entra.made)
    world.entra.makings.update(was.entra.makings)
    world.topdesk.cards.update(was.topdesk.cards)
    world.told.records.update({number: dict(has) for number, has in was.told.records.items()})
    return world


async def without_waiting(wall: Callable[[], datetime]) -> Store:
    """A ledger in memory whose calls let others run but wait for no thread.

    Each stop begins a ledger anew, and handing every call to a thread and back took half the time.
    """
    store = await open_sqlite(None, wall=wall)
    inner: Any = store

    async def in_turn(job: Callable[..., Any], *args: Any) -> Any:
        await asyncio.sleep(0)
        return job(*args)

    inner._on_thread = in_turn
    return store


def _behind(store: Store) -> sqlite3.Connection:
    inner: Any = store.inner if isinstance(store, WatchedStore) else store
    connection: sqlite3.Connection = inner._connection
    return connection


def watch(world: World, moment: Moment) -> None:
    """From now on every outside call of this world is two moments."""
    store = world.service.ledger.store
    assert isinstance(store, WatchedStore)
    store.moment = moment
    world.bus.moment = world.entra.moment = world.topdesk.moment = world.told.moment = moment


def restarted(world: World) -> World:
    """The same ledger, bus, HR and targets under a process that remembers nothing."""
    watch(world, undisturbed)
    # What it remembers of policies is a pure function of their text: kept, to save time.
    fresh = replace(world.service, ledger=Ledger(world.service.ledger.store))
    return replace(world, service=fresh)


async def runs_to_its_end(work: Callable[[], Awaitable[object]]) -> bool:
    """Do this work; answers whether it came to its end before the process was stopped."""
    try:
        await work()
    except Stopped:
        return False
    else:
        return True
    finally:
        me = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not me]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
