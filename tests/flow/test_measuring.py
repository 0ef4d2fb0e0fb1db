"""What those who watch are told of how it is going: by the real sweep and the real work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_leaver, a_record
from fakes import World
from listening import listening
from turning import deliver, first_load, settle, with_policy

from shared.errors import Permanent, Transient
from shared.flow.collect import full_sync, signalled
from shared.flow.sweep import sweep

HELD = POLICY.replace("block: {count: 3", "block: {count: 1")
type Points = dict[str, list[tuple[dict[str, object], float]]]


def _of(points: Points, name: str) -> dict[str, float]:
    """A measurement by the values of its attributes."""
    return {
        " ".join(str(value) for value in attributes.values()): value
        for attributes, value in points.get(name, [])
    }


async def test_a_joiner_is_served_and_timed_in_each_target(world: World) -> None:
    world.hr.put(a_record("7"))
    await first_load(world)
    world.hr.put(a_record("1042"))
    with listening() as ear:
        await signalled(world.service, "afas", "1042")
        world.clock.advance(seconds=40)
        await deliver(world)
        await sweep(world.service)
        await settle(world)
        points = ear.points()
        steps = ear.steps()

    assert set(_of(points, "instroom.latency")) == {"entra", "topdesk"}
    assert _of(points, "instroom.latency")["entra"] == pytest.approx(40, abs=5)
    assert _of(points, "instroom.served")["entra done"] == 1
    assert dict(steps["do create account"].attributes or {})["instroom.kind"] == "create_account"


async def test_who_is_due_for_long_is_told_in_seconds(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    await settle(world)
    entries = [entry async for entry in world.service.ledger.due.upcoming()]
    person = entries[0].person_id
    overdue = world.clock.now() - timedelta(minutes=20)
    await world.service.ledger.due.add(overdue, person, suffix="late")
    with listening() as ear:
        await sweep(world.service)
        points = ear.points()

    assert _of(points, "instroom.due") == {"": 1}
    assert _of(points, "instroom.due.oldest")[""] == pytest.approx(1200, abs=5)
    assert 0 <= _of(points, "instroom.unread")["afas"] < 24 * 3600


async def test_what_is_held_is_told_by_kind_and_age(world: World) -> None:
    world = with_policy(world, HELD)
    world.hr.put(*(a_record(number) for number in ("1", "2", "3", "4")))
    await first_load(world)
    last = TODAY - timedelta(days=1)
    world.hr.put(*(a_leaver(last, number) for number in ("1", "2", "3", "4")))
    await full_sync(world.service, "afas")
    world.clock.advance(hours=30)
    with listening() as ear:
        await sweep(world.service)
        points = ear.points()

    assert _of(points, "instroom.held")["block"] >= 3
    assert _of(points, "instroom.held.oldest")[""] == pytest.approx(30 * 3600, abs=60)


async def test_who_is_parked_is_counted_until_it_is_mended(world: World) -> None:
    world.hr.put(a_record("1042"))
    world.entra.fails = [Permanent("no licence", mender="target")]
    await first_load(world)
    world.clock.advance(minutes=-world.clock.now().minute % 15)
    with listening() as ear:
        await sweep(world.service)
        parked = _of(ear.points(), "instroom.parked")
    world.clock.advance(days=1, minutes=1)
    await settle(world)
    world.clock.advance(minutes=-world.clock.now().minute % 15)
    with listening() as ear:
        await sweep(world.service)
        mended = _of(ear.points(), "instroom.parked")

    assert parked == {"": 1}
    assert mended == {"": 0}


async def test_a_target_that_makes_wait_is_an_ending(world: World) -> None:
    world.hr.put(a_record("7"))
    await first_load(world)
    world.hr.put(a_record("1042"))
    world.entra.fails = [Transient("graph: GET /users: throttled", retry_after_seconds=60)]
    with listening() as ear:
        await signalled(world.service, "afas", "1042")
        await deliver(world)
        points = ear.points()

    assert _of(points, "instroom.served")["entra waiting"] == 1
    assert "instroom.latency" not in points or "entra" not in _of(points, "instroom.latency")
