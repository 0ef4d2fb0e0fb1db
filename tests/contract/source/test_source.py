"""What every source owes the flow, played on the fake and on each source with its rig."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from build import a_record
from contract.source.csv_stage import csv_stage
from contract.source.exact_stage import exact_stage
from contract.source.nmbrs_stage import nmbrs_stage
from contract.source.stage import Stage
from fakes import FakeSource

from sandbox.afas import make_app
from sandbox.clock import ManualClock
from sandbox.faults import Fault, Faults, FaultyApp
from sandbox.world import Answers, Person, World
from shared.errors import Transient
from shared.flow.answer import opened
from shared.intake.afas import AfasSource, Views
from shared.intake.source import Reading
from shared.model.person import BadRecord, Record
from shared.vendors.afas import Afas

TODAY = date(2026, 11, 2)
TOKEN = "AB" * 32
WITH_LOG = Views("Instroom_Users", "Instroom_Employments", "ModifiedDate")
WITHOUT_LOG = Views()
ONE_VIEW = Views("Profit_Employees", "Profit_Employees")


def _fake() -> Stage:
    source = FakeSource()
    source.put(*(a_record(str(number)) for number in range(1, 6)))
    source.changed.clear()

    def hire() -> str:
        source.put(a_record("99"))
        return "99"

    async def spoil(number: str) -> None:
        source.put(BadRecord(source="afas", number=number, field="start", problem="is no date"))

    def break_off() -> None:
        source.fails = Transient("the answer broke off")

    async def close() -> None:
        return None

    return Stage(
        source=source,
        numbers=frozenset(source.people),
        hire=hire,
        change=lambda number: source.put(source.people[number]),
        spoil=spoil,
        withdraw=source.people.pop,
        break_off=break_off,
        now=lambda: datetime(2026, 11, 2, 9, tzinfo=UTC),
        close=close,
    )


def _afas(views: Views) -> Stage:
    clock = ManualClock()
    world = World.generate(1, 40, TODAY, clock=clock)
    clock.advance(7200)
    answers = Answers()
    faults = Faults()
    app = FaultyApp(make_app(world, token=TOKEN, clock=clock, answers=answers), faults)
    transport = httpx.ASGITransport(app)
    afas = Afas("http://afas.test/ProfitRestServices", TOKEN, transport)

    async def spoil(number: str) -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://afas.test") as control:
            cells = {number: {"Begindatum_contract": "ooit", "EmploymentStart": "ooit"}}
            (await control.patch("/_sandbox/afas", json={"cells": cells})).raise_for_status()
        world.rename(number, nickname="Anders")

    return Stage(
        source=AfasSource(afas, views),
        numbers=frozenset(
            p.number for p in world.people.values() if views is ONE_VIEW or _is_shown(p)
        ),
        hire=lambda: world.hire(department="ICT-SD", job="0141", start=TODAY).number,
        change=lambda number: world.move(number, on=TODAY, department="ICT-SD"),
        spoil=spoil,
        withdraw=world.withdraw,
        break_off=lambda: answers.play("cut-body"),
        now=clock.now,
        close=afas.close,
        employ=lambda day: world.hire(department="ICT-SD", job="0141", start=day, end=day).number,
        faults=faults,
    )


def _is_shown(person: Person) -> bool:
    """Does a contract touch the three months on either side that the view's filter leaves?"""
    near = timedelta(days=85)
    return any(
        max(row.start, row.job_start) < TODAY + near
        and all(end is None or end > TODAY - near for end in (row.end, row.job_end))
        for row in person.contracts
    )


STAGES: dict[str, Callable[[], Stage]] = {
    "fake": _fake,
    "AFAS polled": lambda: _afas(WITH_LOG),
    "AFAS read whole": lambda: _afas(WITHOUT_LOG),
    "AFAS in one view": lambda: _afas(ONE_VIEW),
    "CSV": csv_stage,
    "Nmbrs": nmbrs_stage,
    "Exact": exact_stage,
    "Exact, the other reading": lambda: exact_stage(
        timestamp_as_text=False, padded_codes=False, local_midnight=True
    ),
    "Exact without SyncTimestamp": lambda: exact_stage(
        refused={"read/sync/Sync/SyncTimestamp", "system/Divisions"}
    ),
}


@pytest.fixture(params=list(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    stage = STAGES[request.param]()
    yield stage
    await stage.close()


async def everyone(stage: Stage) -> list[Reading]:
    return [opened(sighting) async for sighting in stage.source.everyone()]


async def changed(stage: Stage, since: datetime) -> dict[str | None, Reading]:
    return {one.number: opened(one) async for one in stage.source.changed_since(since)}


async def one(stage: Stage, number: str) -> Reading | None:
    sighting = await stage.source.one(number)
    return opened(sighting) if sighting else None


async def test_everyone_is_named_once(stage: Stage) -> None:
    numbers = [reading.number for reading in await everyone(stage)]

    assert len(numbers) == len(set(numbers))
    assert set(numbers) == stage.numbers


async def test_a_reading_knows_its_source_and_its_contracts(stage: Stage) -> None:
    for reading in await everyone(stage):
        assert isinstance(reading, Record)
        assert reading.source == stage.source.name
        assert reading.contracts
        assert list(reading.contracts) == sorted(reading.contracts, key=lambda c: (c.start, c.key))


async def test_one_person_is_read_as_in_the_whole(stage: Stage) -> None:
    for reading in (await everyone(stage))[:5]:
        assert reading.number is not None
        assert await one(stage, reading.number) == reading


@pytest.mark.parametrize("number", ["404404", "", "1;2", "1,2", "*", "1%", "\u0000", "é" * 99])
async def test_whom_hr_does_not_show_is_nobody(stage: Stage, number: str) -> None:
    assert await one(stage, number) is None


async def test_whoever_changed_since_is_among_the_changed(stage: Stage) -> None:
    moment = stage.now() - timedelta(hours=1)
    first, second, *_ = sorted(stage.numbers)
    stage.change(first)
    stage.change(second)
    hired = stage.hire()

    found = await changed(stage, moment)

    assert {first, second, hired} <= set(found)
    for number in (first, second, hired):
        assert found[number] == await one(stage, number)


async def test_unreadable_person_stands_among_the_readable(stage: Stage) -> None:
    moment = stage.now() - timedelta(hours=1)
    bad = sorted(stage.numbers)[1]
    await stage.spoil(bad)

    readings = await everyone(stage)

    assert {reading.number for reading in readings} == stage.numbers
    assert [r.number for r in readings if isinstance(r, BadRecord)] == [bad]
    assert isinstance(await one(stage, bad), BadRecord)
    assert isinstance((await changed(stage, moment))[bad], BadRecord)


async def test_withdrawn_person_is_not_named(stage: Stage) -> None:
    gone = sorted(stage.numbers)[2]
    stage.withdraw(gone)

    assert {reading.number for reading in await everyone(stage)} == stage.numbers - {gone}
    assert await one(stage, gone) is None


async def test_broken_answer_is_never_the_end_of_the_list(stage: Stage) -> None:
    stage.break_off()

    with pytest.raises(Transient):
        await everyone(stage)
    with pytest.raises(Transient):
        await one(stage, min(stage.numbers))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", [name for name in STAGES if name not in ("fake", "CSV")])
async def test_throttled_in_mid_read_is_waited_for(name: str, status: int) -> None:
    """One answer in the middle asks to come back; nobody is lost, and nobody comes twice."""
    stage = STAGES[name]()
    assert stage.faults
    later = {"Retry-After": "0"}
    stage.faults.plan(Fault("status", count=2, method="GET", skip=2, status=status, headers=later))

    numbers = [reading.number for reading in await everyone(stage)]

    assert not stage.faults.planned
    assert sorted(map(str, numbers)) == sorted(stage.numbers)
    await stage.close()


DAYS = [date(2026, 10, 25), date(2027, 3, 28), date(2028, 2, 29)]
"""When clocks go back and forward, and the day that most years lack."""


@pytest.mark.parametrize(
    ("name", "day"),
    [
        (name, day)
        for name in STAGES
        for day in DAYS
        # HelloID's views show three months ahead, and one of the days lies in reach.
        if name != "fake" and (name not in ("AFAS polled", "AFAS read whole") or day == DAYS[0])
    ],
)
async def test_odd_day_is_the_day_that_hr_says(name: str, day: date) -> None:
    stage = STAGES[name]()
    assert stage.employ
    reading = await one(stage, stage.employ(day))

    assert isinstance(reading, Record)
    assert [(row.start, row.end) for row in reading.contracts] == [(day, day)]
    await stage.close()


async def test_probe_is_content(stage: Stage) -> None:
    await stage.source.probe()
