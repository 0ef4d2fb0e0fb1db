"""Two companies in Nmbrs come to stand in both targets, and one bad answer harms nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from build import POLICY, TODAY, a_name, a_record
from contract.source.nmbrs_stage import Rig
from fakes import FakeClock, FakeSource, World, a_world
from turning import days_pass, settle

from sandbox.clock import ManualClock
from sandbox.faults import Fault
from shared.errors import Permanent, Unsafe
from shared.flow.collect import full_sync, poll
from shared.flow.service import Service
from shared.flow.sweep import sweep
from shared.ledger.sqlite import open_sqlite

NOBODY = '{"data": [], "pagination": {"totalPages": 1, "totalRecords": 0}}'


class Clock(ManualClock):
    """The rig's time is the flow's."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def wall(self) -> float:
        return self._clock.now().timestamp()

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds=seconds)


@dataclass
class Town:
    """The flow, and the companies that Nmbrs tells it of."""

    world: World
    rig: Rig

    @property
    def service(self) -> Service:
        return self.world.service

    def enabled(self) -> set[str]:
        accounts = self.world.entra.accounts.values()
        return {str(account.employee_id) for account in accounts if account.enabled}

    def at_work(self, on: date) -> set[str]:
        """By the world: company and number of everybody with a contract that day."""
        return {
            number
            for number in self.rig.numbers()
            if any(
                row.covers(on) and row.department.startswith("SO") == number.startswith("2-")
                for row in self.rig.world.person(number[2:]).contracts
            )
        }

    async def problem(self) -> str:
        """What doctor says of the last read."""
        cursor, _ = await self.service.ledger.cursors.read("nmbrs")
        return cursor.problem or ""


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock, policy=POLICY)
    rig = Rig.of(clock=Clock(clock))
    source = rig.source()
    service = replace(world.service, sources={"nmbrs": source})
    made = Town(replace(world, service=service), rig)
    await sweep(service)
    await full_sync(made.service, "nmbrs")
    await settle(made.world)
    yield made
    await rig.close()
    await store.close()


async def test_first_load_enables_whoever_works_today(town: Town) -> None:
    assert town.enabled() == town.at_work(TODAY)
    assert len(town.enabled()) > 25


async def test_joiner_mover_and_leaver_follow_the_poll(town: Town) -> None:
    joiner = town.rig.world.hire(department="ICT-SD", job="0141", start=TODAY).number
    mover, leaver = (number for number in sorted(town.enabled())[5:7])
    town.rig.world.move(mover[2:], on=TODAY, department="ICT-BEH")
    town.rig.world.end_contract(leaver[2:], TODAY)

    await poll(town.service, "nmbrs")
    await settle(town.world)
    assert {f"1-{joiner}", leaver} <= town.enabled()
    moved = town.world.entra.by_number(mover)
    assert moved is not None
    assert moved.attributes["department"] == "ICT Beheer"

    await days_pass(town.world, 1)
    assert leaver not in town.enabled()


@pytest.mark.parametrize("trick", ["empty", "half"])
async def test_empty_or_halved_answer_touches_nobody(town: Town, trick: Any) -> None:
    before = town.enabled()
    town.rig.answers.play(trick)

    with pytest.raises(Unsafe):
        await full_sync(town.service, "nmbrs")
    await days_pass(town.world, 2)

    assert before - town.enabled() <= before - town.at_work(TODAY + timedelta(days=2))


@pytest.mark.parametrize("kind", ["personalinfo", "employments"])
async def test_lost_right_ends_nobody(town: Town, kind: str) -> None:
    before = town.enabled()
    town.rig.faults.plan(Fault("status", status=200, path=f".*/{kind}", body=NOBODY))

    with pytest.raises(Permanent):
        await full_sync(town.service, "nmbrs")
    await settle(town.world)

    assert town.enabled() == before
    assert f"{kind} of none" in await town.problem()


async def test_hidden_employments_of_some_park_them(town: Town) -> None:
    """The login's rights are filtered by tags: one list loses some people."""
    before = town.enabled()
    hidden = sorted(before)[4]
    plain = hidden[2:]
    await town.rig.settings(items={plain: {"employments": {"employmentId": ""}}})

    await full_sync(town.service, "nmbrs")
    await settle(town.world)

    assert town.enabled() == before


async def test_company_that_is_gone_is_no_mass_leave(town: Town) -> None:
    """A consent that was narrowed to one debtor, or a company that was archived."""
    before = town.enabled()
    gone = {number[2:] for number in town.rig.numbers() if number.startswith("2-")}
    await town.rig.settings(hidden=sorted(gone))

    await full_sync(town.service, "nmbrs")
    await settle(town.world)

    assert len(gone) > 3
    assert town.enabled() == before


async def test_consent_that_ended_is_told_with_its_mend(town: Town) -> None:
    before = town.enabled()
    await town.rig.expire("refresh")
    await town.rig.expire("access")
    town.world.clock.advance(hours=2)

    with pytest.raises(Permanent):
        await full_sync(town.service, "nmbrs")
    told = await town.problem()
    await town.rig.consent()
    await full_sync(town.service, "nmbrs")

    assert "instroom hr connect nmbrs" in told
    assert await town.problem() == ""
    assert town.enabled() == before


async def test_half_a_company_that_ends_at_once_is_held(town: Town) -> None:
    before = town.enabled()
    town.rig.answers.play("ended", n=15, last_day=TODAY - timedelta(days=1))

    await full_sync(town.service, "nmbrs")
    await settle(town.world)

    assert town.enabled() == before


async def test_one_human_in_afas_and_nmbrs_has_one_account(town: Town) -> None:
    """Two people of Nmbrs whom AFAS knows too: by birth date and name, each rig in its words."""
    afas, both = FakeSource(), sorted(town.enabled())[5:7]
    for number in both:
        there = town.rig.world.person(number[2:])
        name = a_name(
            initials=there.initials,
            given="",
            nickname=there.nickname.upper(),
            birth_prefix="",
            birth=there.birth_surname(),
        )
        afas.put(a_record(f"9{number[2:]}", name=name, birth_date=there.birth_date))
    town.world.service = replace(
        town.service, sources={"nmbrs": town.service.sources["nmbrs"], "afas": afas}
    )
    before = town.enabled()

    await full_sync(town.service, "afas")
    await settle(town.world)

    assert town.enabled() == before
    for number in both:
        account = town.world.entra.by_number(number)
        assert account is not None
        assert "ICT" in account.groups
    assert [one async for one in town.service.ledger.matches.proposals()] == []
