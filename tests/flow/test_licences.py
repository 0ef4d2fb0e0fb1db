"""Seats are counted before the day on which somebody needs one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import FakeClock, FakeEntra, World, a_world
from turning import account_of, card_of, dossier_of, first_load, minutes_pass, settle

from shared.apply.licences import NOT_GIVEN
from shared.flow.collect import signalled
from shared.flow.licences import look
from shared.ledger.sqlite import open_sqlite
from shared.model.account import Applied, EntraAccount, Found
from shared.model.desired import DesiredEntra, TargetName
from shared.model.licence import Licence
from shared.model.person import Record

WATCHED = f"{POLICY}licences: {{watch: true, look_ahead_days: 14}}\n"


@dataclass
class FakeLicences:
    groups: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"ICT": ("e3",)})

    async def bought(self) -> tuple[Licence, ...]:
        return (Licence(id="e3", name="SPE_E3", bought=10, used=10),)

    async def carried_by(self, group: str) -> tuple[str, ...]:
        return self.groups.get(group, ())


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock, policy=WATCHED)
    world.service = replace(world.service, licences=FakeLicences())
    yield world
    await store.close()


def starts(number: str, days: int) -> Record:
    contract = a_contract(key=f"{number}-1", start=TODAY + timedelta(days=days))
    return a_record(number, name=a_name(birth=f"Nr{number}"), contracts=(contract,))


async def test_a_joiner_for_whom_there_is_no_seat_is_told_before_the_day(world: World) -> None:
    world.hr.put(a_record("1"), starts("2", 10), starts("3", 60))
    await first_load(world)

    looked = await look(world.service)

    (told,) = looked.problems
    assert told == (
        "licence SPE_E3 (group 'ICT'): 0 free now, and from 05-11-2026 1 seat too few for afas:2."
        " Buy 1 seat or free them before that day; the people get everything else"
    )


async def test_a_seat_that_somebody_gives_back_in_time_is_counted(world: World) -> None:
    world.hr.put(a_record("1"), starts("2", 10))
    await first_load(world)
    world.hr.put(a_leaver(TODAY + timedelta(days=1), "1"))
    await signalled(world.service, "afas", "1")
    await settle(world)

    assert (await look(world.service)).problems == ()


async def test_nobody_is_counted_who_stands_already(world: World) -> None:
    world.hr.put(a_record("1"))
    await first_load(world)

    looked = await look(world.service)

    assert (looked.said, looked.problems) == ("counted the seats of 1 groups until 16-11-2026", ())


async def test_nothing_is_asked_unless_the_policy_says_so(world: World) -> None:
    world.service = replace(world.service, policy_text=lambda: POLICY)
    world.hr.put(starts("2", 1))
    await first_load(world)

    assert "licences.watch is false" in (await look(world.service)).said


class WithoutSeats(FakeEntra):
    """Entra that notes at each account in ICT that no licence was given."""

    async def read(self, desired: DesiredEntra, applied: Applied) -> Found[EntraAccount]:
        found = await super().read(desired, applied)
        got = found.account.groups if found.account else frozenset[str]()
        lacks = {f"{NOT_GIVEN}ICT": "no seat is left: buy one"} if "ICT" in got else {}
        return found.model_copy(update={"obstacles": {**found.obstacles, **lacks}})


async def test_whoever_got_no_seat_is_partly_done_and_told_half_an_hour_later(
    world: World,
) -> None:
    world.entra = WithoutSeats()
    world.service = replace(world.service, entra=world.entra)
    world.hr.put(a_record("1"))
    await first_load(world)
    assert (await dossier_of(world, "1")).target(TargetName.ENTRA).problem is None

    await minutes_pass(world, 31)

    row = (await dossier_of(world, "1")).target(TargetName.ENTRA)
    assert (row.problem, row.mender) == ("no seat is left: buy one", "operator")
    assert set(row.applied.rights) == {"Iedereen", "ICT"}
    assert account_of(world, "1").groups == {"Iedereen", "ICT"}
    assert card_of(world, "1").operator, "and TOPdesk goes on"
