"""Every crash point of a heal and of the upkeep: stop at each outside call, and begin again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from build import POLICY, a_record
from fakes import FakeClock, World, a_world
from fakes_changes import FakeChanges
from stopping import (
    Image,
    Stopper,
    begun_from,
    image_of,
    restarted,
    runs_to_its_end,
    watch,
    without_waiting,
)
from turning import account_of, audit_of, first_load, leases_run_out, settle

from shared.flow import drift, retention, sealing, upkeep
from shared.flow.upkeep import Task

TITLE = "Burgemeester"
TASKS = (Task("history", sealing.seal), Task("what need not be kept", retention.forget))


async def _image() -> Image:
    """Somebody stands in both systems, and Entra was read through once."""
    clock = FakeClock()
    world = a_world(await without_waiting(clock.wall), clock=clock, policy=POLICY)
    world.service = replace(world.service, changes=FakeChanges(world))
    world.hr.put(a_record("1042"))
    await first_load(world)
    await drift(world.service)
    return await image_of(world)


async def _begun(image: Image) -> World:
    world = await begun_from(image, policy=POLICY)
    world.service = replace(world.service, changes=FakeChanges(world))
    return world


def _changes(world: World) -> FakeChanges:
    changes = world.service.changes
    assert isinstance(changes, FakeChanges)
    return changes


async def _heals(world: World) -> None:
    await drift(world.service)
    await settle(world)


async def _moments(image: Image, story: Callable[[World], Awaitable[None]]) -> int:
    world, stopper = await _changed_by_hand(image), Stopper()
    watch(world, stopper)
    await story(world)
    await world.service.ledger.store.close()
    return len(stopper.moments)


async def _changed_by_hand(image: Image) -> World:
    world = await _begun(image)
    attributes = {**account_of(world, "1042").attributes, "jobTitle": TITLE}
    _changes(world).by_hand("1042", attributes=attributes)
    return world


async def test_stop_while_healing_never_leaves_it_as_it_was() -> None:
    image = await _image()
    moments = await _moments(image, _heals)

    for at in range(moments):
        world = await _changed_by_hand(image)
        watch(world, Stopper(at))
        assert not await runs_to_its_end(partial(_heals, world))
        world = restarted(world)
        await _heals(world)
        await leases_run_out(world)

        assert account_of(world, "1042").attributes["jobTitle"] != TITLE, at
        told = await audit_of(world, "1042")
        assert any("drift in entra, put right" in line for line in told), at
        await world.service.ledger.store.close()
    assert moments > 15


async def _day(world: World) -> None:
    world.clock.advance(days=1)
    await upkeep(world.service, TASKS)


async def test_stop_in_the_upkeep_leaves_a_chain_that_holds() -> None:
    image = await _image()
    moments = await _moments(image, _day)

    for at in range(moments):
        world = await _begun(image)
        watch(world, Stopper(at))
        assert not await runs_to_its_end(partial(_day, world))
        world = restarted(world)
        world.clock.advance(minutes=16)
        assert await upkeep(world.service, TASKS), at

        seen = await sealing.verified(world.service)
        assert (seen.broken, seen.days) == (None, 1), at
        await world.service.ledger.store.close()
    assert moments > 8
