"""The timer loop on a clock that stands still until the loop sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.host.functions import Function, TimerTrigger
from sandbox.host.schedule import parse
from sandbox.host.settings import SettingsRefused
from sandbox.host.stopping import Stopping
from sandbox.host.timers import Monitor, Timer
from sandbox.host.worker import Argument, Indexed, Plain, Result

NINE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass
class Recorded:
    """Runs that take as long as the test says, on the test's clock."""

    clock: ManualClock
    lasting_seconds: list[float] = field(default_factory=list)
    at: list[str] = field(default_factory=list)
    late: list[bool] = field(default_factory=list)
    given: list[Mapping[str, Any]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    open: int = 0

    async def run(
        self,
        function: Function,
        argument: Argument,
        *,
        metadata: Mapping[str, Plain] | None = None,
        trace_parent: str = "",
        trigger: str = "",
    ) -> Result:
        assert isinstance(argument, Mapping)
        assert (function.name, metadata, trace_parent, self.open) == ("due", None, "", 0)
        self.open += 1
        self.at.append(f"{self.clock.now():%H:%M:%S} {trigger}")
        self.late.append(argument["IsPastDue"])
        self.given.append(argument)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.lasting_seconds:
            self.clock.advance(self.lasting_seconds.pop(0))
        self.open -= 1
        return Result(ok=True)


@dataclass
class Bench:
    """One timer, its clock, and a stop after so many naps."""

    clock: ManualClock
    runs: Recorded
    timer: Timer
    naps_left: int = 0

    async def nap(self, seconds: float) -> None:
        if self.naps_left == 0:
            self.timer.stopping.throw()
            await asyncio.Event().wait()
        self.naps_left -= 1
        self.clock.advance(seconds)

    async def keep_time(self, *, naps: int) -> None:
        self.naps_left = naps
        await self.timer.keep_time()


def a_bench(
    expression: str = "*/10 * * * * *",
    *,
    monitor: Monitor | None = None,
    run_on_startup: bool = False,
    use_monitor: bool = True,
) -> Bench:
    clock = ManualClock(NINE)
    runs = Recorded(clock)
    trigger = TimerTrigger(expression, parse(expression), run_on_startup, use_monitor)
    function = Function(Indexed("due", "id", ()), trigger)
    timer = Timer(function, trigger, runs, monitor or Monitor(), Stopping(), clock.wall)
    bench = Bench(clock, runs, timer)
    timer.sleep = bench.nap
    return bench


async def test_runs_at_each_occurrence() -> None:
    bench = a_bench()

    await bench.keep_time(naps=3)

    assert bench.runs.at == ["09:00:10 timer", "09:00:20 timer", "09:00:30 timer"]
    assert bench.runs.late == [False, False, False]


async def test_a_run_that_lasts_too_long_is_followed_by_one_late_run() -> None:
    bench = a_bench()
    bench.runs.lasting_seconds = [35.0]

    await bench.keep_time(naps=2)

    assert bench.runs.at == ["09:00:10 timer", "09:00:45 timer", "09:00:50 timer"]
    assert bench.runs.late == [False, True, False]


async def test_a_clock_that_jumped_makes_the_run_past_due() -> None:
    bench = a_bench()
    plain_nap = bench.nap

    async def slept_through(seconds: float) -> None:
        await plain_nap(seconds + (120 if bench.naps_left == 1 else 0))

    bench.timer.sleep = slept_through
    await bench.keep_time(naps=1)

    assert bench.runs.late == [True]


async def test_long_waits_look_at_the_clock_again() -> None:
    bench = a_bench("0 0 10 * * *")

    await bench.keep_time(naps=120)

    assert bench.runs.at == ["10:00:00 timer"]


async def test_run_on_startup_runs_before_the_first_occurrence() -> None:
    bench = a_bench(run_on_startup=True)

    await bench.keep_time(naps=1)

    assert bench.runs.at == ["09:00:00 timer", "09:00:10 timer"]
    assert bench.runs.late == [False, False]


async def test_missed_occurrence_runs_once_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "timers.json"
    Monitor(file).note("due", last=NINE - timedelta(hours=3), following=NINE - timedelta(hours=2))
    bench = a_bench("0 0 * * * *", monitor=Monitor(file))

    await bench.keep_time(naps=0)

    assert bench.runs.at == ["09:00:00 timer"]
    assert bench.runs.late == [True]
    assert Monitor(file).expected("due") == NINE + timedelta(hours=1)


async def test_without_use_monitor_a_restart_forgets(tmp_path: Path) -> None:
    file = tmp_path / "timers.json"
    Monitor(file).note("due", last=None, following=NINE - timedelta(hours=2))
    bench = a_bench("0 0 * * * *", monitor=Monitor(file), use_monitor=False)

    await bench.keep_time(naps=0)

    assert bench.runs.at == []


async def test_app_sees_last_and_next_occurrence() -> None:
    bench = a_bench()

    await bench.keep_time(naps=1)

    assert bench.runs.given[0]["ScheduleStatus"] == {
        "Last": "2026-11-02T09:00:10+00:00",
        "Next": "2026-11-02T09:00:20+00:00",
        "LastUpdated": "2026-11-02T09:00:10+00:00",
    }


async def test_calls_by_hand_never_overlap_and_join() -> None:
    bench = a_bench()
    by_hand: list[asyncio.Task[None]] = []

    async def three_calls() -> None:
        bench.runs.meanwhile = None
        by_hand.extend(asyncio.create_task(bench.timer.run_by_hand()) for _ in range(3))
        await asyncio.sleep(0)

    bench.runs.meanwhile = three_calls
    await bench.timer.run(past_due=False)
    await asyncio.gather(*by_hand)

    assert bench.runs.at == ["09:00:00 timer", "09:00:00 timer by hand"]


async def test_stop_waits_for_the_run_that_is_open() -> None:
    bench = a_bench()

    async def stop_now() -> None:
        bench.timer.stopping.throw()
        await asyncio.sleep(0)

    bench.runs.meanwhile = stop_now
    await bench.keep_time(naps=1)

    assert (bench.runs.at, bench.runs.open) == (["09:00:10 timer"], 0)


def test_monitor_file_that_is_broken_is_told(tmp_path: Path) -> None:
    file = tmp_path / "timers.json"
    file.write_text("{", encoding="utf-8")

    with pytest.raises(SettingsRefused, match="Expecting"):
        Monitor(file)
