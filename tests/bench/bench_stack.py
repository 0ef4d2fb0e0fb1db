"""How fast is the whole stack on this machine? Prints figures; asserts nothing.

    python tests/bench/bench_stack.py [--people 250] [--joiners 30]

Everything over loopback sockets as `make demo` has it: the systems and Service Bus in this
process, the function host in its own. First everybody is loaded, then joiners come one at a time:
the time runs from the webhook's sending until the TOPdesk card stands.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx

from sandbox import rig
from sandbox.demo.stage import ZONE, Stage

NEVER = "0 0 0 1 1 *"
QUEUES = ("hr-signals", "entra", "topdesk")
LOOK_EVERY_SECONDS = 0.005
PATIENCE_SECONDS = 600


async def measure(people: int, joiners: int, state: Path) -> None:
    """Load everybody, then let them join; the children's CPU is known when they have ended."""
    plan = rig.Plan(
        state=state,
        size=people,
        schedules={"HR_POLL_SCHEDULE": NEVER, "HR_FULL_SYNC_SCHEDULE": NEVER},
    )
    before = os.times()
    async with rig.running(plan) as systems:
        async with rig.host(systems) as host, httpx.AsyncClient(timeout=60) as http:
            stage = Stage(systems, host, http)
            await _first_load(stage, people)
            waits = [await _joins(stage) for _ in range(joiners)]
        _show_calls(systems, people + joiners)
    after = os.times()
    _show_waits(waits)
    for name, cpu in {
        "host": _cpu(after[2:4]) - _cpu(before[2:4]),
        "systems and Service Bus": _cpu(after[:2]) - _cpu(before[:2]),
    }.items():
        say(f"CPU of {name}: {cpu:.1f} s, {1000 * cpu / (people + joiners):.0f} ms a person")


async def _first_load(stage: Stage, people: int) -> None:
    began = time.perf_counter()
    await stage.fire("hr_full_sync")
    await _until(lambda: _cards(stage) > 0)
    first = time.perf_counter() - began
    await _until(lambda: _cards(stage) >= _users(stage) > people // 2 and _is_quiet(stage))
    took = time.perf_counter() - began
    loaded = _cards(stage)
    say(f"\n{people} people, the whole stack over loopback, on {os.cpu_count()} cores")
    say(
        f"first load: {loaded} with a card in {took:.1f} s, {loaded / took:.1f} a second; "
        f"the first after {first:.1f} s"
    )


async def _joins(stage: Stage) -> float:
    """Seconds from a webhook to the card."""
    today = stage.rig.clock.now().astimezone(ZONE).date()
    number = stage.rig.world.hire(
        department="PZ-KCC", job="0202", start=today - timedelta(days=1)
    ).number
    began = time.perf_counter()
    await stage.webhook(number)
    await _until(lambda: bool(stage.rig.topdesk.find("persons", "employeeNumber", number)))
    return time.perf_counter() - began


async def _until(test: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not test():  # noqa: ASYNC110 - the tenants are looked at, they tell nobody
            await asyncio.sleep(LOOK_EVERY_SECONDS)


def _cards(stage: Stage) -> int:
    return len(stage.rig.topdesk.table("persons"))


def _users(stage: Stage) -> int:
    return len(stage.rig.entra.users)


def _is_quiet(stage: Stage) -> bool:
    counts = [stage.rig.bus.counts(queue) for queue in QUEUES]
    return not any(count.active or count.locked for count in counts)


def _show_waits(waits: list[float]) -> None:
    if len(waits) < 2:
        return
    hundredths = statistics.quantiles(waits, n=100, method="inclusive")
    say(
        f"{len(waits)} joiners, webhook to TOPdesk card: p50 {1000 * hundredths[49]:.0f} ms, "
        f"p95 {1000 * hundredths[94]:.0f} ms, longest {1000 * max(waits):.0f} ms"
    )


def _show_calls(systems: rig.Rig, people: int) -> None:
    writes = len(systems.entra.accepted_writes()) / people
    say(f"writes a person: Graph {writes:.2f}, TOPdesk {len(systems.topdesk.writes) / people:.2f}")


def _cpu(times: tuple[float, ...]) -> float:
    return sum(times)


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Measure with a company of the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", default="250", help="size of the company")
    parser.add_argument("--joiners", type=int, default=30)
    given, _ = parser.parse_known_args()
    people = int(given.people.split(",")[0])
    with tempfile.TemporaryDirectory(
        prefix="instroom-bench-", ignore_cleanup_errors=True
    ) as folder:
        asyncio.run(measure(people, given.joiners, Path(folder)))


if __name__ == "__main__":
    main()
