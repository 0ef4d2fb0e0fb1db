"""A first load on the Graph rig, by one host or several, on a clock that costs no time.

Everything is real but TOPdesk, HR and the bus: flow, ledger, target, binder, governor, the SDK's
client, and the rig with its quota, its lagging replicas and, by a seed, its accidents.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import virtual
from build import a_contract, a_leaver, a_name, a_record
from fakes import FakeSource, FakeTopdesk
from fakes_passes import FakePasses
from interleaving import without_thread

from sandbox.graph import GraphTenant, make_app
from sandbox.graph.throttle import Limits
from shared import flow
from shared.apply.entra import EntraTarget
from shared.apply.entra_bulk import EntraBulk
from shared.apply.entra_groups import EntraGroups
from shared.apply.target import Done
from shared.flow.provision import ClaimEndedError
from shared.flow.service import Clock, Ledger, Service
from shared.ledger.people import Dossier
from shared.ledger.sqlite import open_sqlite
from shared.model.account import TopdeskCard
from shared.model.change import Change
from shared.model.desired import State, TargetName
from shared.model.event import Event
from shared.model.person import PersonId, Record, Unit
from shared.vendors.graph.client import Graph, connect
from shared.vendors.graph.governor import Governor
from shared.vendors.graph.pace import Pace
from shared.wiring import NoCredential

ENTRA = TargetName.ENTRA
DOMAIN = "proef.example"
DEPARTMENTS = 20
GROUPS_OF_ALL = tuple(f"Allen {n}" for n in range(4))
GROUPS_OF_SOME = 4
"""Of each department."""
WORKERS = 16
LATENCY_SECONDS = 0.15
LEAVES_AT = 120.0
"""Somebody leaves in the middle of the load."""
ACCIDENTS = ("429", "503", "504 after", "lost", "reset")


def policy() -> str:
    """Eight groups for everyone: four that all are in, four of the department."""
    rules = [f"    - group: {group}" for group in GROUPS_OF_ALL]
    rules += [
        f"    - {{group: {group_of(n, k)}, when: {{department.code: D{n:02d}}}}}"
        for n in range(DEPARTMENTS)
        for k in range(GROUPS_OF_SOME)
    ]
    return f"""
version: 1
organisation: {{name: Proef, mail_domain: {DOMAIN}}}
entra:
  attributes:
    displayName: "{{name.display}}"
    surname: "{{name.surname}}"
    department: "{{department.name}}"
    jobTitle: "{{job.name}}"
  bulk_from: 50
  groups:
{chr(10).join(rules)}
topdesk:
  card: {{surName: "{{name.surname}}", tasLoginName: "{{account.login}}"}}
"""


def group_of(department: int, which: int) -> str:
    """What a department's group is called."""
    return f"Afdeling {department} {which}"


def people(count: int) -> list[Record]:
    """So many, each tenth one the manager of the nine behind."""
    return [
        a_record(
            str(n),
            name=a_name(birth=f"Nr{n}"),
            contracts=(
                a_contract(
                    key=f"{n}-1",
                    department=Unit(code=f"D{n % DEPARTMENTS:02d}", name=f"Afd {n % DEPARTMENTS}"),
                    manager=str(n - n % 10) if n % 10 else None,
                ),
            ),
        )
        for n in range(count)
    ]


@dataclass
class Queue:
    """The bus as two queues in order."""

    wakes: deque[tuple[TargetName, PersonId]] = field(default_factory=deque)

    async def wake(self, target: TargetName, person_id: PersonId, event: Event) -> None:
        del event
        self.wakes.append((target, person_id))

    async def signal(self, said: object, message_id: str) -> None:
        raise NotImplementedError

    async def notice(self, notice_id: str) -> None:
        del notice_id


@dataclass
class Desk(FakeTopdesk):
    """The fake, that finds one of ten thousand cards by its number."""

    numbers: dict[str, str] = field(default_factory=dict)

    def by_number(self, number: str) -> TopdeskCard | None:
        return self.cards.get(self.numbers.get(number, ""))

    def _create(self, change: Change) -> Done:
        done = super()._create(change)
        self.numbers[str(change.values["employeeNumber"])] = done.account_id or ""
        return done


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """The way to the rig: it takes its time, and by a seed goes wrong."""

    app: Any
    pick: random.Random | None = None
    share: float = 0.0
    calls: list[tuple[float, str, int]] = field(default_factory=list)
    """Moment, method and status of each answer that was sent."""
    accidents: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._inner = httpx.ASGITransport(self.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(LATENCY_SECONDS)
        wrong = self._accident()
        if wrong == "reset":
            raise httpx.ReadError("reset", request=request)
        if wrong in ("429", "503"):
            headers = {"Retry-After": "2"} if wrong == "429" else {}
            return self._answered(request, httpx.Response(int(wrong), headers=headers))
        response = await self._inner.handle_async_request(request)
        if wrong:
            await response.aread()
            self._answered(request, response)
        if wrong == "lost":
            raise httpx.ReadError("the answer was lost", request=request)
        if wrong == "504 after":
            return httpx.Response(504, request=request)
        return self._answered(request, response)

    def _answered(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        moment = asyncio.get_running_loop().time()
        self.calls.append((moment, request.method, response.status_code))
        return response

    def _accident(self) -> str | None:
        if self.pick is None or self.pick.random() >= self.share:
            return None
        wrong = self.pick.choice(ACCIDENTS)
        self.accidents[wrong] += 1
        return wrong


@dataclass
class Load:
    """What is loaded, and what came of it."""

    people: int
    hosts: int = 1
    limits: Limits | None = field(default_factory=Limits)
    seed: int | None = None
    accidents: float = 0.0
    """The share of calls that go wrong."""
    lag_seconds: float = 0.0
    leaver: bool = False
    blocked_after: float | None = None
    """Seconds from HR's word to the block of the one who leaves in the middle."""
    bus: Queue = field(default_factory=Queue)
    under_way: int = 0
    redelivered: int = 0

    async def run(self) -> None:
        """Load everybody, until everything stands and nothing travels."""
        clock = virtual.LoopClock()
        names = [*GROUPS_OF_ALL]
        names += [group_of(n, k) for n in range(DEPARTMENTS) for k in range(GROUPS_OF_SOME)]
        self.tenant = GraphTenant.seeded(clock, domain=DOMAIN, groups=names)
        app = make_app(self.tenant, throttle=self.limits, replication_seconds=self.lag_seconds)
        self.tenant.replication.stale_every = 3
        pick = None if self.seed is None else random.Random(self.seed)  # noqa: S311 - chosen accidents
        self.wire = Wire(app, pick, self.accidents)
        store = without_thread(await open_sqlite(None, wall=clock.moment))
        self.graphs: list[Graph] = []
        self.hr, self.desk = FakeSource(), Desk()
        services = [self._service(store, clock, host) for host in range(self.hosts)]
        self.service = services[0]
        self.hr.put(*people(self.people))
        workers = [
            asyncio.create_task(self._work(service))
            for service in services
            for _ in range(WORKERS)
        ]
        timer = asyncio.create_task(self._sweep())
        leaver = asyncio.create_task(self._leave()) if self.leaver else None
        await flow.full_sync(self.service, "afas")
        while not await self._stands():  # noqa: ASYNC110 - the ledger raises no event
            await asyncio.sleep(30)
        if leaver:
            await leaver
        for task in (*workers, timer):
            task.cancel()
        await asyncio.gather(*workers, timer, return_exceptions=True)
        for graph in self.graphs:
            await graph.close()
        await store.close()

    def _service(self, store: Any, clock: virtual.LoopClock, host: int) -> Service:
        governor = Governor(Pace(), clock.monotonic)
        graph = connect(
            "http://127.0.0.1:8092/v1.0", NoCredential(), transport=self.wire, governor=governor
        )
        self.graphs.append(graph)
        minted = iter(f"{host:04x}{n:028x}" for n in range(10**9))
        return Service(
            ledger=Ledger(store),
            bus=self.bus,
            clock=Clock(now=clock.moment, wall=clock.moment, monotonic=clock.monotonic),
            mint=lambda: next(minted),
            sources={"afas": self.hr},
            entra=EntraTarget(graph, monotonic=clock.monotonic),
            groups=EntraGroups(graph),
            bulk=EntraBulk(graph, monotonic=clock.monotonic),
            topdesk=self.desk,
            passes=FakePasses(clock.moment),
            policy_text=policy,
        )

    async def _work(self, service: Service) -> None:
        while True:
            if not self.bus.wakes:
                await asyncio.sleep(1)
                continue
            target, person_id = self.bus.wakes.popleft()
            self.under_way += 1
            try:
                await flow.provision(service, target, person_id)
            except ClaimEndedError:
                self.redelivered += 1
                self.bus.wakes.append((target, person_id))
            finally:
                self.under_way -= 1

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(60)
            await flow.sweep(self.service)

    async def _leave(self) -> None:
        await asyncio.sleep(LEAVES_AT)
        while not (account := self._account("0")) or not account["accountEnabled"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        today = self.service.clock.now().date()
        gone = a_leaver(today - timedelta(days=1), "0")
        self.hr.put(gone.model_copy(update={"name": a_name(birth="Nr0")}))
        await flow.signalled(self.service, "afas", "0")
        while (account := self._account("0")) and account["accountEnabled"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
        self.blocked_after = asyncio.get_running_loop().time() - began

    def _account(self, number: str) -> dict[str, Any] | None:
        found = (u for u in self.tenant.users.values() if u.get("employeeId") == number)
        return next(found, None)

    async def _stands(self) -> bool:
        if self.bus.wakes or self.under_way or await self.service.ledger.pending.any():
            return False
        return not [d for d in await self.dossiers() if _is_unfinished(d)]

    async def dossiers(self) -> list[Dossier]:
        """What the ledger holds of everybody."""
        known = self.service.ledger.identities.everyone("afas")
        return [await self.service.ledger.people.read(each.person_id) async for each in known]

    # --- what came of it ---

    @property
    def written_at(self) -> Sequence[float]:
        """When each write that counts was done."""
        return [at for at, method, status in self.wire.calls if method != "GET" and status < 400]

    @property
    def refused(self) -> int:
        """Calls that the quota refused."""
        return sum(status == 429 for _, _, status in self.wire.calls)

    @property
    def seconds(self) -> float:
        """From the first write to the last."""
        return self.written_at[-1] - self.written_at[0]

    @property
    def minutes_of_writes(self) -> Counter[int]:
        """Writes in each minute."""
        return Counter(int(at // 60) for at in self.written_at)

    def doubles(self) -> int:
        """Accounts beyond the first of each number, deleted ones too."""
        numbers = Counter(user.get("employeeId") for user in self.tenant.users.values())
        numbers.update(gone.properties.get("employeeId") for gone in self.tenant.deleted.values())
        return sum(numbers.values()) - len(numbers)

    def lacking(self) -> list[str]:
        """Who has not exactly the groups and the manager that the policy gives."""
        ids = {user["employeeId"]: key for key, user in self.tenant.users.items()}
        wrong = []
        for record in self.hr.people.values():
            assert isinstance(record, Record)
            number = record.number
            if self.leaver and number == "0":
                continue
            key = ids.get(number, "")
            groups = {self.tenant.groups[g]["displayName"] for g in self.tenant.groups_of(key)}
            manager = record.contracts[0].manager
            lead = ids.get(manager) if manager and not (self.leaver and manager == "0") else None
            if groups != _groups(int(number)) or (lead and self.tenant.manager_of(key) != lead):
                wrong.append(number)
        return wrong


def _groups(number: int) -> set[str]:
    department = number % DEPARTMENTS
    return {*GROUPS_OF_ALL, *(group_of(department, k) for k in range(GROUPS_OF_SOME))}


def _is_unfinished(dossier: Dossier) -> bool:
    decision = dossier.decision
    if decision is None:
        return True
    rows = [(name, dossier.target(name)) for name in (ENTRA, TargetName.TOPDESK)]
    return any(
        row.served < decision.wakes(name)
        or row.attempt
        or row.pending
        or (row.problem and row.applied.state is not State.BLOCKED)
        for name, row in rows
    )
