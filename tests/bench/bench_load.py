"""What does a first load cost, beside the least that could be done? Figures; nothing is asserted.

    python tests/bench/bench_load.py [--people 250,2000] [--profile FILE]

Three processes a size, each with its own systems behind httpx.ASGITransport, quotas off:

    flow  collect, decide, provision Entra, provision TOPdesk; ledger in a SQLite file, bus a list
    bare  a plain httpx script that sends only the writes which make the same result
    read  a plain httpx script that reads and parses the same HR pages

CPU of the systems themselves is measured apart and taken off: what is left is the client's, from
its first line to its last, imports included.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from sandbox import afas, graph, rig, topdesk
from sandbox.clock import FileClock
from sandbox.world import World

if TYPE_CHECKING:  # only the process that plays the flow pays for importing it
    from shared.flow.service import Service
    from shared.ledger.rows import Operation, Row, Store
    from shared.model.desired import TargetName
    from shared.model.event import Event
    from shared.model.person import PersonId
    from shared.model.signal import Signal

SIZES = "250,2000"
AT_ONCE = 16
TOKEN = "A" * 64
PASSWORD = "synthetic"
VIEWS = ("Instroom_Users", "Instroom_Employments")
PAGE = 1000
ADDRESS = {
    "afas": "https://afas/ProfitRestServices",
    "graph": "https://graph/v1.0",
    "topdesk": "https://topdesk",
}
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(r"/(connectors|metainfo/get)/\w+")


# --- the systems, metered ----------------------------------------------------------------------


class Sent(NamedTuple):
    """One call that wrote: what was asked, and the id of what was made."""

    system: str
    method: str
    path: str
    body: Any
    made: str | None


@dataclass
class Meter:
    """Calls by phase and endpoint, ledger operations by phase, CPU of the systems."""

    phase: str = "start"
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    ledger: Counter[tuple[str, str]] = field(default_factory=Counter)
    phase_cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    phase_wall: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    systems_cpu: float = 0.0
    writes: list[tuple[httpx.Request, bytes]] = field(default_factory=list)

    async def during(self, phase: str, work: Awaitable[object]) -> None:
        """Do this work under this name."""
        self.phase = phase
        cpu, wall = time.process_time() - self.systems_cpu, time.perf_counter()
        await work
        self.phase_cpu[phase] += time.process_time() - self.systems_cpu - cpu
        self.phase_wall[phase] += time.perf_counter() - wall


class Metered(httpx.AsyncBaseTransport):
    """A transport into a system's ASGI app that counts calls and the CPU spent beyond it."""

    def __init__(self, name: str, app: Any, meter: Meter) -> None:
        self._name, self._meter = name, meter
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response
        response = await Timed(self._inner.handle_async_request(request), self._meter)
        place = _KEY.sub(r"/\1/{view}", _ID.sub("{id}", request.url.path))
        self._meter.calls[(self._meter.phase, self._name, f"{request.method} {place}")] += 1
        if request.method != "GET" and response.status_code < 300:
            self._meter.writes.append((request, await response.aread()))
        return response


class Timed:
    """An awaitable that books the CPU of each of its steps; between them others may run."""

    def __init__(self, work: Any, meter: Meter) -> None:
        self._work, self._meter = work, meter

    def __await__(self) -> Any:
        step = partial(next, self._work.__await__())
        while True:
            began = time.thread_time()
            try:
                waits_for = step()
            except StopIteration as end:
                return end.value
            finally:
                self._meter.systems_cpu += time.thread_time() - began
            yield waits_for


def systems(people: int, meter: Meter) -> dict[str, httpx.AsyncBaseTransport]:
    """AFAS with a company of this size, an empty Entra and an empty TOPdesk."""
    began = time.thread_time()
    clock = FileClock()
    world = World.generate(1, people, clock.now().date(), clock=clock)
    tenant = graph.GraphTenant.seeded(clock, domain=rig.DOMAIN, groups=rig.GROUPS)
    desk = topdesk.TopdeskTenant.seeded(
        clock, branches=[rig.EMPLOYER], permission_groups=rig.PERMISSION_GROUPS
    )
    apps = {
        "afas": afas.make_app(world, token=TOKEN, clock=clock),
        "graph": graph.make_app(tenant, throttle=None),
        "topdesk": topdesk.make_app(desk, username="instroom", app_password=PASSWORD),
    }
    meter.systems_cpu += time.thread_time() - began
    return {name: Metered(name, app, meter) for name, app in apps.items()}


def clients(
    transports: Mapping[str, httpx.AsyncBaseTransport],
) -> dict[str, httpx.AsyncClient]:
    """Plain clients, as a script would make them."""
    return {
        "afas": httpx.AsyncClient(
            transport=transports["afas"], headers={"Authorization": str(afas.authorization(TOKEN))}
        ),
        "graph": httpx.AsyncClient(transport=transports["graph"]),
        "topdesk": httpx.AsyncClient(
            transport=transports["topdesk"],
            auth=("instroom", PASSWORD),
            headers={"Accept": "application/json"},
        ),
    }


# --- flow --------------------------------------------------------------------------------------


@dataclass
class ListBus:
    """The bus as a list."""

    wakes: list[tuple[TargetName, PersonId]] = field(default_factory=list)

    async def wake(self, target: TargetName, person_id: PersonId, event: Event) -> None:
        del event
        self.wakes.append((target, person_id))

    async def signal(self, said: Signal, message_id: str) -> None:
        raise NotImplementedError

    async def notice(self, notice_id: str) -> None:
        raise NotImplementedError

    def taken(self, target: TargetName) -> list[PersonId]:
        """The wakes of one queue, off the list."""
        mine = [person for name, person in self.wakes if name == target]
        self.wakes = [wake for wake in self.wakes if wake[0] != target]
        return mine


@dataclass
class CountedStore:
    """A store that counts what is asked of it."""

    inner: Store
    meter: Meter

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.meter.ledger[(self.meter.phase, "get")] += 1
        return await self.inner.get(table, partition, key)

    async def scan(
        self, table: str, partition: str, *, first: str = "", before: str | None = None
    ) -> AsyncIterator[Row]:
        self.meter.ledger[(self.meter.phase, "scan")] += 1
        async for row in self.inner.scan(table, partition, first=first, before=before):
            yield row

    async def write(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> tuple[str, ...]:
        self.meter.ledger[(self.meter.phase, "write")] += 1
        return await self.inner.write(table, partition, operations)

    async def close(self) -> None:
        await self.inner.close()


@asynccontextmanager
async def a_service(
    transports: Mapping[str, httpx.AsyncBaseTransport], meter: Meter, bus: ListBus, folder: Path
) -> AsyncIterator[Service]:
    """The app as wiring builds it, but for transports, bus and counters."""
    import uuid  # noqa: PLC0415 - with the rest of the app
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    from shared.apply.entra import EntraTarget  # noqa: PLC0415 - as above
    from shared.apply.entra_groups import EntraGroups  # noqa: PLC0415 - as above
    from shared.apply.entra_passes import EntraPasses  # noqa: PLC0415 - as above
    from shared.apply.topdesk import TopdeskTarget  # noqa: PLC0415 - as above
    from shared.flow.service import Clock, Ledger, Service  # noqa: PLC0415 - as above
    from shared.intake.afas import AfasSource, Views  # noqa: PLC0415 - as above
    from shared.ledger.sqlite import open_sqlite  # noqa: PLC0415 - as above
    from shared.rest import Rest  # noqa: PLC0415 - as above
    from shared.vendors.afas import Afas  # noqa: PLC0415 - as above
    from shared.vendors.graph.client import connect  # noqa: PLC0415 - as above
    from shared.vendors.topdesk.tenant import Tenant  # noqa: PLC0415 - as above
    from shared.wiring import TOPDESK_AT_ONCE, NoCredential  # noqa: PLC0415 - as above

    def wall() -> datetime:
        return datetime.now(UTC)

    desk = httpx.AsyncClient(
        base_url=ADDRESS["topdesk"],
        transport=transports["topdesk"],
        auth=("instroom", PASSWORD),
    )
    entra = connect(ADDRESS["graph"], NoCredential(), transport=transports["graph"])
    source = Afas(ADDRESS["afas"], TOKEN, transports["afas"])
    store = await open_sqlite(folder / "ledger.sqlite", wall=wall)
    policy = rig.ROOT / "policy.yaml"
    yield Service(
        ledger=Ledger(CountedStore(store, meter)),
        bus=bus,
        clock=Clock(now=wall, wall=wall),
        mint=lambda: uuid.uuid4().hex,
        sources={"afas": AfasSource(source, Views(*VIEWS, None))},
        entra=EntraTarget(entra),
        groups=EntraGroups(entra),
        passes=EntraPasses(entra),
        topdesk=TopdeskTarget(Tenant(Rest(desk, name="TOPdesk", concurrency=TOPDESK_AT_ONCE))),
        policy_text=partial(policy.read_text, encoding="utf-8"),
    )
    await store.close()
    await entra.close()
    await source.close()
    await desk.aclose()


async def play_flow(people: int, meter: Meter, folder: Path, profile: Path | None) -> None:
    """Load everybody, until nothing travels and a sweep changes nothing."""
    bus = ListBus()
    profiler = cProfile.Profile(time.process_time) if profile else None
    async with a_service(systems(people, meter), meter, bus, folder) as service:
        if profiler:
            profiler.enable()
        await _load(service, bus, meter)
        if profiler and profile:
            profiler.disable()
            profiler.dump_stats(profile)
    (folder / "writes.json").write_text(json.dumps(_replay(meter.writes)))


async def _load(service: Service, bus: ListBus, meter: Meter) -> None:
    from shared import flow  # noqa: PLC0415 - with the rest of the app
    from shared.model.desired import TargetName  # noqa: PLC0415 - as above

    await meter.during("collect and decide", flow.full_sync(service, "afas"))
    while bus.wakes:
        while bus.wakes:
            for target in TargetName:
                served = map(partial(flow.provision, service, target), bus.taken(target))
                await meter.during(f"provision {target}", _at_once(served, AT_ONCE))
        await meter.during("sweep", flow.sweep(service))


async def _at_once(work: Iterable[Awaitable[object]], limit: int) -> None:
    slots = asyncio.Semaphore(limit)

    async def one(job: Awaitable[object]) -> None:
        async with slots:
            await job

    await asyncio.gather(*map(one, work))


# --- the least that makes the same result ------------------------------------------------------


def _replay(writes: Iterable[tuple[httpx.Request, bytes]]) -> list[list[Sent]]:
    """The waves of calls that make the same: each thing made whole at once, each link one call."""
    made: dict[str, Sent] = {}
    links: dict[tuple[str, str, str], Sent] = {}
    for request, answer in writes:
        sent = _sent(request, answer)
        if sent.method == "PATCH":
            whole = made[sent.path.rpartition("/")[2]]
            whole.body.update(sent.body)
        elif sent.made and sent.method == "POST":
            made[sent.made] = sent
        else:
            links[(sent.method, sent.path, json.dumps(sent.body))] = sent
    waves: dict[int, list[Sent]] = defaultdict(list)
    for sent in made.values():
        waves[_depth(sent, made)].append(sent)
    return [*(waves[depth] for depth in sorted(waves)), list(links.values())]


def _sent(request: httpx.Request, answer: bytes) -> Sent:
    told = json.loads(answer) if answer else {}
    return Sent(
        system=request.url.host,
        method=request.method,
        path=request.url.path,
        body=json.loads(request.content or b"null"),
        made=told.get("id") if isinstance(told, dict) else None,
    )


def _depth(sent: Sent, made: Mapping[str, Sent]) -> int:
    """How many others must be made before it can be."""
    needs = set(_ID.findall(json.dumps(sent.body))) & set(made)
    return 1 + max((_depth(made[other], made) for other in needs), default=0)


async def play_bare(people: int, meter: Meter, folder: Path) -> None:
    """Read HR, then send the waves, with the ids that this tenant gives."""
    waves = json.loads((folder / "writes.json").read_text())
    transports = systems(people, meter)
    http = clients(transports)
    await _read(http["afas"])
    ids: dict[str, str] = {}

    async def send(system: str, method: str, path: str, body: Any, made: str | None) -> None:
        def here(text: str) -> str:
            return _ID.sub(lambda match: ids.get(match[0], match[0]), text)

        content = None if body is None else here(json.dumps(body)).encode()
        answer = await http[system].request(
            method,
            f"https://{system}{here(path)}",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        answer.raise_for_status()
        if made:
            ids[made] = answer.json()["id"]

    for wave in waves:
        await _at_once((send(*one) for one in wave), AT_ONCE)


async def play_read(people: int, meter: Meter) -> None:
    """Read and parse the HR pages."""
    await _read(clients(systems(people, meter))["afas"])


async def _read(http: httpx.AsyncClient) -> None:
    for view in VIEWS:
        skip, rows = 0, [None] * PAGE
        while len(rows) == PAGE:
            answer = await http.get(
                f"{ADDRESS['afas']}/connectors/{view}",
                params={"skip": skip, "take": PAGE, "orderbyfieldids": "Medewerker"},
            )
            rows = answer.raise_for_status().json()["rows"]
            skip += len(rows)


# --- three processes and a table ---------------------------------------------------------------


def play(part: str, people: int, folder: Path, profile: Path | None) -> dict[str, Any]:
    """Play one part in this process; its figures."""
    meter = Meter()
    plays: dict[str, Callable[[], Awaitable[None]]] = {
        "flow": lambda: play_flow(people, meter, folder, profile),
        "bare": lambda: play_bare(people, meter, folder),
        "read": lambda: play_read(people, meter),
    }
    cpu, wall = time.process_time(), time.perf_counter()
    asyncio.run(meter.during(part, plays[part]()))
    return {
        "cpu": time.process_time() - cpu - meter.systems_cpu,
        "wall": time.perf_counter() - wall,
        "systems": meter.systems_cpu,
        "phases": meter.phase_cpu,
        "calls": [[*key, count] for key, count in meter.calls.items()],
        "ledger": [[*key, count] for key, count in meter.ledger.items()],
    }


def compare(people: int, profile: Path | None) -> None:
    """Play the three parts, one after the other, and print what they took."""
    figures: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="instroom-bench-") as folder:
        for part in ("flow", "bare", "read"):
            command = [sys.executable, __file__, "--play", part, "--people", str(people)]
            command += ["--folder", folder]
            command += ["--profile", str(profile)] if profile and part == "flow" else []
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ours
            figures[part] = json.loads(told.stdout)
    _show_parts(people, figures)
    _show_phases(people, figures["flow"])
    _show_calls(people, figures)


def _show_parts(people: int, figures: Mapping[str, Mapping[str, Any]]) -> None:
    say(f"\n{people} people, first load; systems in process, ledger in a file, bus a list")
    say(
        f"{'':<6}{'wall s':>9}{'CPU s':>9}{'CPU ms/person':>15}{'calls/person':>14}{'flow is':>10}"
    )
    flow = figures["flow"]["cpu"]
    for part, told in figures.items():
        calls = sum(count for *_, count in told["calls"]) / people
        cpu = told["cpu"]
        say(
            f"{part:<6}{told['wall']:>9.2f}{cpu:>9.2f}{1000 * cpu / people:>15.2f}"
            f"{calls:>14.2f}{flow / cpu:>9.1f}x"
        )


def _show_phases(people: int, flow: Mapping[str, Any]) -> None:
    ledger: dict[str, dict[str, int]] = defaultdict(dict)
    for phase, operation, count in flow["ledger"]:
        ledger[phase][operation] = count
    say(f"\n{'phase':<22}{'CPU ms/person':>14}   ledger operations a person")
    named = {phase: cpu for phase, cpu in flow["phases"].items() if phase != "flow"}
    rest = flow["cpu"] - sum(named.values())
    for phase, cpu in {**named, "imports and set-up": rest}.items():
        told = ", ".join(f"{n / people:.2f} {name}" for name, n in sorted(ledger[phase].items()))
        say(f"{phase:<22}{1000 * cpu / people:>14.2f}   {told}")


def _show_calls(people: int, figures: Mapping[str, Mapping[str, Any]]) -> None:
    flow, bare = (_by_endpoint(figures[part]["calls"]) for part in ("flow", "bare"))
    say(f"\n{'calls a person':<72}{'flow':>8}{'bare':>8}")
    for place in sorted(flow | bare):
        say(f"{' '.join(place):<72}{flow[place] / people:>8.2f}{bare[place] / people:>8.2f}")


def _by_endpoint(calls: Iterable[Sequence[Any]]) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for _phase, system, place, count in calls:
        counted[(system, place)] += count
    return counted


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Compare for every size asked for; or, in a process of ours, play one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", default=SIZES, help="sizes of the company, with commas")
    parser.add_argument("--profile", type=Path, help="leave cProfile's figures of the flow there")
    parser.add_argument("--play", choices=["flow", "bare", "read"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given, _ = parser.parse_known_args()
    for people in map(int, given.people.split(",")):
        if given.play:
            say(json.dumps(play(given.play, people, given.folder, given.profile)))
        else:
            compare(people, given.profile)


if __name__ == "__main__":
    main()
