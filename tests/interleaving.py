"""Play jobs against each other one outside effect at a time, in an order that a test chooses.

Every write and read of the ledger, every call at a target and every send to the bus waits at a
gate until it is chosen. A job may be stopped at a gate, as a killed process would be. The ledger
answers without its thread hop, so that a chosen order plays the same every time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from fakes import World
from stopping import Stopped

from shared.apply.bulk import Bound, Bulk
from shared.apply.hr import HrWriter
from shared.apply.target import Accounts, Done, Target
from shared.errors import UnknownReply
from shared.flow.provision import ClaimEndedError
from shared.ledger.journal import TABLE as JOURNAL
from shared.ledger.rows import Operation, Row, Store
from shared.model.account import Applied, EntraAccount, Found, HrRecord
from shared.model.change import Change
from shared.model.desired import DesiredEntra, DesiredRecord, TargetName
from shared.model.event import Event
from shared.model.person import PersonId
from shared.model.signal import Signal

SPINS = 8
"""So many turns of the loop take a task from one gate to its next."""
_job: ContextVar[Job | None] = ContextVar("job", default=None)


class Watcher(Protocol):
    """Who checks that what is done may be done."""

    async def harms(self, job: Job, change: Change, number: str) -> None:
        """A job is about to carry out this harm to the person with this number."""
        ...

    async def wrote(self, job: Job, table: str, partition: str, keys: Sequence[str]) -> None:
        """A job has written these rows."""
        ...


@dataclass(eq=False)
class Job:
    """Something that runs: a lane, a sweep, a worker, a human."""

    name: str
    again: Callable[[], None]
    """What the host does when it ended with an error: redeliver."""
    task: asyncio.Task[Any] | None = None
    dead: bool = False

    @property
    def ended(self) -> bool:
        return self.task is None or self.task.done()


@dataclass(eq=False)
class Waiting:
    """A job at a gate, about to do what `what` says."""

    job: Job
    what: str
    go: asyncio.Future[None]


@dataclass
class Gates:
    """Where jobs wait; jobs that were not started here pass."""

    waiting: list[Waiting] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    lost_replies: int = 0
    """So many of the next chosen target calls happen and lose their answer."""
    watcher: Watcher | None = None
    trace: list[str] = field(default_factory=list)

    async def at(self, what: str) -> None:
        job = _job.get()
        if job is None:
            return
        if job.dead:
            raise Stopped(what)
        here = Waiting(job, what, asyncio.get_running_loop().create_future())
        self.waiting.append(here)
        await here.go

    def start(
        self,
        name: str,
        work: Coroutine[Any, Any, object],
        again: Callable[[], None] = lambda: None,
    ) -> Job:
        """Begin a job; it runs to its first gate."""
        job = Job(name, again)
        token = _job.set(job)
        job.task = asyncio.get_running_loop().create_task(work)
        _job.reset(token)
        self.jobs.append(job)
        return job

    async def choose(self, here: Waiting) -> None:
        """Let this effect happen, and the job run on to its next gate."""
        self.trace.append(f"{here.job.name}: {here.what}")
        self.waiting.remove(here)
        here.go.set_result(None)
        await self.quiet()

    async def time_passes(self, pass_it: Callable[[], None]) -> None:
        """A call that is on its way is over long before a claim is: it has its timeout."""
        for here in [w for w in self.waiting if w.what.startswith("does")]:
            await self.choose(here)
        pass_it()

    async def kill(self, job: Job) -> None:
        """The process of this job is gone."""
        self.trace.append(f"killed: {job.name}")
        job.dead = True
        for here in [w for w in self.waiting if w.job is job]:
            self.waiting.remove(here)
            here.go.set_exception(Stopped(here.what))
        await self.quiet()

    async def quiet(self) -> None:
        """Run until every job is at a gate or has ended; what failed is redelivered."""
        for _ in range(SPINS):
            await asyncio.sleep(0)
        for job in [job for job in self.jobs if job.ended]:
            self.jobs.remove(job)
            assert job.task is not None
            failed = job.task.exception()
            if failed is not None:
                job.again()
            if failed is not None and not isinstance(failed, Stopped | ClaimEndedError):
                raise failed


@dataclass
class GatedStore:
    """A ledger of which every read and write waits at a gate."""

    inner: Any
    gates: Gates

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        await self.gates.at(f"reads {table} {key}")
        row: Row | None = await self.inner.get(table, partition, key)
        return row

    async def scan(
        self, table: str, partition: str, *, first: str = "", before: str | None = None
    ) -> AsyncIterator[Row]:
        await self.gates.at(f"reads {table}")
        # One query of one partition is one step: what is read together was true together.
        rows = [row async for row in self.inner.scan(table, partition, first=first, before=before)]
        for row in rows:
            yield row

    async def write(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> tuple[str, ...]:
        if table == JOURNAL:
            return await self.inner.write(table, partition, operations)  # type: ignore[no-any-return]
        await self.gates.at(f"writes {table} {','.join(o.key for o in operations)}")
        etags: tuple[str, ...] = await self.inner.write(table, partition, operations)
        if self.gates.watcher and (job := _job.get()):
            await self.gates.watcher.wrote(job, table, partition, [o.key for o in operations])
        return etags

    async def close(self) -> None:
        await self.inner.close()


def without_thread(store: Store) -> Store:
    """The same store, each call of which is over before anything else runs."""
    inner: Any = store

    async def at_once(job: Callable[..., Any], *args: Any) -> Any:
        return job(*args)

    inner._on_thread = at_once
    return store


@dataclass
class GatedTarget[D, A]:
    """A target of which every call waits at a gate."""

    inner: Target[D, A]
    gates: Gates
    person_of: Callable[[Applied], str]
    """Whose account it is, by number."""

    @property
    def name(self) -> TargetName:
        return self.inner.name

    async def read(self, desired: D, applied: Applied) -> Found[A]:
        await self.gates.at(f"looks in {self.name}")
        return await self.inner.read(desired, applied)

    async def do(self, change: Change, applied: Applied) -> Done:
        await self.gates.at(f"does {change.key} in {self.name}")
        job = _job.get()
        if self.gates.watcher and job and change.harm:
            await self.gates.watcher.harms(job, change, self.person_of(applied))
        done = await self.inner.do(change, applied)
        if self.gates.lost_replies and job:
            self.gates.lost_replies -= 1
            raise UnknownReply("no answer came")
        await self.gates.at(f"hears from {self.name}")
        return done

    async def probe(self) -> None:
        await self.inner.probe()


@dataclass
class GatedWriter:
    """The written side of HR, of which every call waits at a gate."""

    inner: HrWriter
    gates: Gates

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        await self.gates.at("looks in hr")
        return await self.inner.read(record, applied)

    async def write(self, change: Change, applied: Applied) -> None:
        await self.gates.at(f"does {change.key} in hr")
        await self.inner.write(change, applied)
        if self.gates.lost_replies and _job.get():
            self.gates.lost_replies -= 1
            raise UnknownReply("no answer came")
        await self.gates.at("hears from hr")

    async def probe(self, fields: Collection[str]) -> None:
        await self.inner.probe(fields)


@dataclass
class GatedEntra(GatedTarget[DesiredEntra, EntraAccount]):
    """Entra, where the look after a block waits at a gate too."""

    inner: Accounts

    async def is_blocked(self, account_id: str) -> bool:
        await self.gates.at(f"looks again in {self.name}")
        return await self.inner.is_blocked(account_id)


@dataclass
class GatedBulk:
    """Groups that are filled many at a time; each request waits at a gate."""

    inner: Bulk
    gates: Gates

    async def bind(self, group: str, accounts: Sequence[str]) -> Bound:
        await self.gates.at(f"does bind {group}")
        bound = await self.inner.bind(group, accounts)
        if self.gates.lost_replies and _job.get():
            self.gates.lost_replies -= 1
            raise UnknownReply("no answer came")
        await self.gates.at(f"hears of {group}")
        return bound


@dataclass
class GatedBus:
    """The list of messages; each send waits at a gate."""

    world: World
    gates: Gates

    async def wake(self, target: TargetName, person_id: PersonId, event: Event) -> None:
        await self.gates.at(f"sends to {target}")
        await self.world.bus.wake(target, person_id, event)

    async def signal(self, said: Signal, message_id: str) -> None:
        await self.world.bus.signal(said, message_id)

    async def notice(self, notice_id: str) -> None:
        await self.world.bus.notice(notice_id)


async def end_all(gates: Gates) -> None:
    """Kill whatever still runs."""
    for job in list(gates.jobs):
        with suppress(Exception):
            await gates.kill(job)
