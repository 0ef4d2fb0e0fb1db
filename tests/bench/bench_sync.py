"""What does a full sync cost when nothing changed? As a ratio to reading and parsing the pages.

    python tests/bench/bench_sync.py [--people 100000] [--others 2000] [--profile FILE]

For each HR system two processes, one after the other:

    seed  reads everybody and leaves a ledger in which everybody was decided on
    sync  a full sync over that ledger, which finds nothing; then the same requests once more by
          plain httpx, their answers parsed and dropped

AFAS plays in a process of its own, on a socket, so that the memory printed is that of the sync
alone. Nmbrs and Exact Online play inside, and their CPU is taken off. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import json
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from sandbox import rig

if TYPE_CHECKING:  # only the processes that play the app pay for importing it
    from bench.bench_load import Meter

    from shared.intake.source import Source

TOKEN = "0" * 64
VIEWS = ("Instroom_Users", "Instroom_Employments")
STARTED_SECONDS = 180
"""So long a hundred thousand people may take to be made up."""
BATCH = 100
SYSTEMS = ("afas", "nmbrs", "exact")


class Noted(httpx.AsyncBaseTransport):
    """A transport that notes what was read and books the CPU of systems in this process."""

    def __init__(self, inner: httpx.AsyncBaseTransport, meter: Meter, *, inside: bool) -> None:
        self._inner, self._meter, self._inside = inner, meter, inside
        self.reads: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and "/connect/" not in request.url.path:  # consent is no page
            self.reads.append(request)
        if not self._inside:
            return await self._inner.handle_async_request(request)
        from bench.bench_load import Timed  # noqa: PLC0415 - below tests/, which is no package

        response: httpx.Response
        response = await Timed(self._inner.handle_async_request(request), self._meter)
        return response


@dataclass
class Played:
    """An HR system, and the way to it."""

    source: Source
    way: Noted
    meter: Meter


def played(system: str, people: int, address: str) -> Played:
    """The source of this system, with so many people in it."""
    sys.path.insert(0, str(rig.ROOT / "tests"))  # the meter, and the stages of the contract suite
    from bench.bench_load import Meter  # noqa: PLC0415 - as above

    meter = Meter()
    match system:
        case "afas":
            from shared.intake.afas import AfasSource, Views  # noqa: PLC0415 - with the app
            from shared.vendors.afas import Afas  # noqa: PLC0415 - as above

            way = Noted(httpx.AsyncHTTPTransport(), meter, inside=False)
            return Played(AfasSource(Afas(address, TOKEN, way), Views(*VIEWS)), way, meter)
        case "nmbrs":
            from contract.source.nmbrs_stage import Rig  # noqa: PLC0415 - as above

            made = Rig.of(people)
            way = Noted(made.transport, meter, inside=True)
            made.transport = way
            return Played(made.source(), way, meter)
        case _:
            return _exact(people, meter)


def _exact(people: int, meter: Meter) -> Played:
    from contract.source.exact_stage import (  # noqa: PLC0415 - with the app
        DIVISION,
        SITE,
        TODAY,
        Granted,
    )

    from sandbox.clock import ManualClock  # noqa: PLC0415 - as above
    from sandbox.exact import make_app  # noqa: PLC0415 - as above
    from sandbox.world import Answers, World  # noqa: PLC0415 - as above
    from shared.intake.exact import ExactSource  # noqa: PLC0415 - as above
    from shared.intake.exact_rows import Administration  # noqa: PLC0415 - as above
    from shared.vendors.exact.client import Exact  # noqa: PLC0415 - as above

    clock = ManualClock()
    world = World.generate(1, people, TODAY, clock=clock)
    clock.advance(6 * 3600)
    app = make_app(world, clock=clock, answers=Answers(), per_minute=100_000, per_day=1_000_000)
    way = Noted(httpx.ASGITransport(app), meter, inside=True)
    exact = Exact(
        SITE,
        Granted(app.state.rig, clock),
        transport=way,
        wall=clock.wall,
        monotonic=clock.wall,
    )
    return Played(ExactSource(exact, [Administration(DIVISION)]), way, meter)


@contextlib.asynccontextmanager
async def _service(source: Source, folder: Path) -> Any:
    """The app with this source; nobody is provisioned, so it has no targets."""
    from shared.flow.service import Clock, Ledger, Service  # noqa: PLC0415 - with the app
    from shared.ledger.sqlite import open_sqlite  # noqa: PLC0415 - as above

    def wall() -> datetime:
        return datetime.now(UTC)

    store = await open_sqlite(folder / f"{source.name}.sqlite", wall=wall)
    nobody: Any = None
    policy = rig.ROOT / "policy.yaml"
    yield Service(
        ledger=Ledger(store),
        bus=nobody,
        clock=Clock(now=wall, wall=wall),
        mint=lambda: "0" * 32,
        sources={source.name: source},
        entra=nobody,
        groups=nobody,
        passes=nobody,
        topdesk=nobody,
        policy_text=partial(policy.read_text, encoding="utf-8"),
    )
    await store.close()


async def seed(system: Played, folder: Path) -> dict[str, Any]:
    """Note of everybody that this is what was decided on."""
    from shared.flow import matching  # noqa: PLC0415 - as above
    from shared.flow.activate import ensure_active  # noqa: PLC0415 - with the app
    from shared.flow.answer import mark_of, remembered  # noqa: PLC0415 - as above
    from shared.ledger.cursors import Cursor  # noqa: PLC0415 - as above
    from shared.ledger.pack import key_of  # noqa: PLC0415 - as above
    from shared.ledger.rows import Put  # noqa: PLC0415 - as above

    name = system.source.name
    async with _service(system.source, folder) as service:
        await ensure_active(service)
        puts, rules = [], await matching.rules(service)
        async for one in system.source.everyone():
            number = one.number or ""
            row = {"number": number, "person": number, "hash": remembered(mark_of(one), rules)}
            puts.append(Put(key_of(number), row))
        for some in batched(puts, BATCH, strict=False):
            await service.ledger.store.write("identities", name, some)
        now = service.clock.now()
        done = Cursor(changed_until=now, full_sync_at=now, population=len(puts), employers=())
        await service.ledger.cursors.move(name, done, None)
        return {"people": len(puts)}


async def sync(system: Played, folder: Path, profile: Path | None) -> dict[str, Any]:
    """The full sync, and the same requests again."""
    from shared.flow.collect import full_sync  # noqa: PLC0415 - with the app

    async with _service(system.source, folder) as service:
        profiler = cProfile.Profile() if profile else None
        if profiler:
            profiler.enable()
        took = await _took(system, full_sync(service, system.source.name))
        if profiler:
            profiler.disable()
            profiler.dump_stats(str(profile))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reads = list(system.way.reads)
    again = await _took(system, _read(system.way, reads))
    return {"sync": took, "read": again, "calls": len(reads), "megabytes": kilobytes / 1024}


async def _took(system: Played, work: Any) -> dict[str, Any]:
    cpu, wall = time.process_time() - system.meter.systems_cpu, time.perf_counter()
    answer = await work
    return {
        "answer": answer,
        "cpu": time.process_time() - system.meter.systems_cpu - cpu,
        "wall": time.perf_counter() - wall,
    }


async def _read(way: httpx.AsyncBaseTransport, reads: list[httpx.Request]) -> int:
    """Send and parse, one after the other, as the vendors ask."""
    rows = 0
    async with httpx.AsyncClient(transport=way, timeout=60) as http:
        for one in reads:
            answer = await http.get(one.url, headers=one.headers)
            rows += len(answer.raise_for_status().json())
    return rows


# --- processes and a table ---------------------------------------------------------------------


@contextlib.contextmanager
def _afas(people: int) -> Iterator[str]:
    """AFAS in a process of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sandbox.afas", "--port", str(port), "--size", str(people)]
    served = subprocess.Popen(command, cwd=rig.ROOT)  # noqa: S603 - ours
    address = f"http://127.0.0.1:{port}/ProfitRestServices"
    try:
        _await(address)
        yield address
    finally:
        served.terminate()
        served.wait()


def _await(address: str) -> None:
    """Until it answers at all; the first page makes all rows, which is not the sync's to pay."""
    until = time.monotonic() + STARTED_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{address}/ProfitVersion")
            return
        time.sleep(0.2)
    raise SystemExit("AFAS did not start")


def compare(system: str, people: int, profile: Path | None) -> None:
    """Play both parts and print what they took."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="instroom-bench-"))
        address = stack.enter_context(_afas(people)) if system == "afas" else ""
        told: dict[str, Any] = {}
        for part in ("seed", "sync"):
            command = [sys.executable, __file__, "--play", part, "--system", system]
            command += ["--people", str(people), "--folder", folder, "--address", address]
            command += ["--profile", str(profile)] if profile and part == "sync" else []
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - ours
            told |= json.loads(done.stdout)
    _show(system, told)


def _show(system: str, told: dict[str, Any]) -> None:
    synced, read = told["sync"], told["read"]
    say(f"\n{system}: {told['people']} people, {told['calls']} calls, {synced['answer']} changed")
    say("             CPU s   wall s")
    for name, one in (("full sync", synced), ("read, parse", read)):
        say(f"{name:<12} {one['cpu']:5.2f}    {one['wall']:5.2f}")
    ratios = f"{synced['cpu'] / read['cpu']:.2f} x CPU"
    if system == "afas":
        ratios += f", {synced['wall'] / read['wall']:.2f} x wall"
        ratios += f", peak memory of the sync {told['megabytes']:.0f} MB"
    say(f"ratio: {ratios}")


def say(text: str) -> None:
    """Print a line."""
    print(text, flush=True)  # noqa: T201 - this is a command


def main() -> None:
    """Measure each system, or play one part for the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=2_000)
    parser.add_argument("--only", choices=SYSTEMS)
    parser.add_argument("--profile", type=Path)
    parser.add_argument("--play", choices=("seed", "sync"), help=argparse.SUPPRESS)
    parser.add_argument("--system", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--address", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.play:
        system = played(given.system, given.people, given.address)
        work = (
            seed(system, given.folder)
            if given.play == "seed"
            else sync(system, given.folder, given.profile)
        )
        say(json.dumps(asyncio.run(work)))
        return
    for name in [given.only] if given.only else SYSTEMS:
        compare(name, given.people if name == "afas" else given.others, given.profile)


if __name__ == "__main__":
    main()
