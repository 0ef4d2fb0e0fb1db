"""A company in Exact Online comes to stand in both targets, and one bad answer harms nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from build import POLICY, TODAY
from contract.source.exact_stage import DIVISION, SITE, Granted
from fakes import FakeClock, World, a_world
from turning import days_pass, first_load, settle

from sandbox.exact import make_app
from sandbox.exact.rows import guid
from sandbox.world import Answers
from sandbox.world import World as Company
from shared.errors import Permanent, Unsafe
from shared.flow.collect import full_sync, poll, signalled
from shared.flow.service import Service
from shared.intake.exact import ExactSource
from shared.intake.exact_rows import Administration
from shared.ledger.sqlite import open_sqlite
from shared.vendors.exact.client import Exact


class Clock:
    """The rig's time is the flow's."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def wall(self) -> float:
        return self._clock.wall().timestamp()


@dataclass
class Town:
    """The flow, and the company that Exact Online tells it of."""

    world: World
    company: Company
    answers: Answers
    rig: Any

    @property
    def service(self) -> Service:
        return self.world.service

    def enabled(self) -> set[str]:
        accounts = self.world.entra.accounts.values()
        return {str(account.employee_id) for account in accounts if account.enabled}

    def at_work(self, on: date) -> set[str]:
        people = self.company.people.values()
        return {p.number for p in people if any(row.covers(on) for row in p.contracts)}


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock, policy=POLICY)
    rig_clock, answers = Clock(clock), Answers()
    company = Company.generate(1, 40, TODAY, clock=rig_clock)
    app = make_app(company, clock=rig_clock, answers=answers, per_minute=10**6, per_day=10**6)
    exact = Exact(
        SITE,
        Granted(app.state.rig, rig_clock),
        transport=httpx.ASGITransport(app),
        wall=rig_clock.wall,
        monotonic=rig_clock.wall,
    )
    source = ExactSource(exact, [Administration(DIVISION)])
    # Under the name that first_load reads, too.
    service = replace(world.service, sources={"afas": source, "exact": source})
    made = Town(replace(world, service=service), company, answers, app.state.rig)
    await first_load(made.world)
    yield made
    await exact.close()
    await store.close()


async def test_first_load_enables_whoever_works_today(town: Town) -> None:
    assert town.enabled() == town.at_work(TODAY)
    assert len(town.enabled()) > 25


async def test_joiner_mover_and_leaver_follow_the_poll(town: Town) -> None:
    await full_sync(town.service, "exact")
    joiner = town.company.hire(department="ICT-SD", job="0141", start=TODAY).number
    mover, leaver = sorted(town.enabled())[5:7]
    town.company.move(mover, on=TODAY, department="ICT-BEH")
    town.company.end_contract(leaver, TODAY)

    await poll(town.service, "exact")
    await settle(town.world)
    assert {joiner, leaver} <= town.enabled()
    moved = town.world.entra.by_number(mover)
    assert moved is not None
    assert "ICT" in moved.groups

    await days_pass(town.world, 1)
    assert leaver not in town.enabled()


async def test_webhook_by_key_reaches_the_person(town: Town) -> None:
    mover = sorted(town.enabled())[3]
    town.company.move(mover, on=TODAY, department="ICT-BEH")
    key = guid(DIVISION, "Employees", f"{mover}:")

    await signalled(town.service, "exact", f"{DIVISION}/Employees/{key}")
    await settle(town.world)

    moved = town.world.entra.by_number(mover)
    assert moved is not None
    assert "ICT" in moved.groups


@pytest.mark.parametrize("trick", ["empty", "half"])
async def test_empty_or_halved_answer_touches_nobody(town: Town, trick: Any) -> None:
    await full_sync(town.service, "exact")
    before = town.enabled()
    town.answers.play(trick)

    with pytest.raises(Unsafe):
        await full_sync(town.service, "exact")
    await days_pass(town.world, 2)

    assert before - town.enabled() <= before - town.at_work(TODAY + timedelta(days=2))


async def test_lost_right_renames_nobody(town: Town) -> None:
    await full_sync(town.service, "exact")
    names = {a.employee_id: a.attributes for a in town.world.entra.accounts.values()}
    town.rig.environment.personal_rights = False

    for read in (full_sync, poll):
        with pytest.raises(Permanent, match="View personal information"):
            await read(town.service, "exact")
    await settle(town.world)

    assert names == {a.employee_id: a.attributes for a in town.world.entra.accounts.values()}


async def test_half_a_company_that_ends_today_is_held(town: Town) -> None:
    await full_sync(town.service, "exact")
    before = town.enabled()
    town.answers.play("ended", n=15, last_day=TODAY - timedelta(days=1))

    await full_sync(town.service, "exact")
    await settle(town.world)

    assert town.enabled() == before
