"""Every crash point of the write-back: stop at each moment of HR's lane, begin again, and look.

A joiner, a rename, a leaver and a returner. HR is told the same in the end, and never of what it
knows already: the HR of these tests refuses that, and a refusal would be parked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import FakeClock, World, a_world
from stopping import (
    Image,
    Stopper,
    WatchedStore,
    begun_from,
    image_of,
    restarted,
    runs_to_its_end,
    watch,
)
from turning import days_pass, dossier_of, first_load, leases_run_out, settle

from shared.flow.collect import full_sync, signalled
from shared.ledger.sqlite import open_sqlite
from shared.model.desired import TargetName
from shared.model.name import NameUsage

RULES = (
    POLICY
    + "write_back: {afas: {fields: [work_mail], user: true, leaver: clear}}\n"
    + "names: {on_rename: follow}\n"
)
OTHER = a_record("7", name=a_name(birth="Anders"))
SANNE = a_record("1042")
MARRIED = SANNE.model_copy(
    update={"name": a_name(partner_prefix="de", partner="Boer", usage=NameUsage.PARTNER)}
)
BACK = a_contract(key="1042-2", start=TODAY + timedelta(days=3))
type Play = Callable[[World], Awaitable[None]]


async def hears(world: World) -> None:
    await signalled(world.service, "afas", "1042")
    await settle(world)


async def joins(world: World) -> None:
    world.hr.put(SANNE)
    await hears(world)


async def marries(world: World) -> None:
    world.hr.put(MARRIED)
    await hears(world)


async def leaves(world: World) -> None:
    world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    await hears(world)


async def left(world: World) -> None:
    await joins(world)
    await leaves(world)


async def returns(world: World) -> None:
    again = BACK.model_copy(update={"start": TODAY})
    world.hr.put(a_record("1042", contracts=(*a_leaver(TODAY).contracts, again)))
    await hears(world)


async def nothing(_world: World) -> None:
    return None


STORIES: dict[str, tuple[Play, Play]] = {
    "joiner": (nothing, joins),
    "rename": (joins, marries),
    "leaver": (joins, leaves),
    "returner": (left, returns),
}


async def begun(before: Play) -> Image:
    clock = FakeClock()
    store = WatchedStore(await open_sqlite(None, wall=clock.wall))
    world = a_world(store, clock=clock, policy=RULES)
    world.hr.put(OTHER)
    await first_load(world)
    await before(world)
    return await image_of(world)


async def stands(world: World) -> object:
    row = (await dossier_of(world, "1042")).target(TargetName.HR)
    applied = row.applied
    return (
        world.told.records,
        dict(applied.written),
        dict(applied.writing),
        applied.state,
        row.problem,
        len(world.entra.accounts),
    )


async def ended(image: Image, story: Play, stopper: Stopper, *, bus_lost: bool) -> object:
    world = await begun_from(image, policy=RULES)
    store = world.service.ledger.store
    watch(world, stopper)
    stopped = not await runs_to_its_end(lambda: story(world))
    if stopped:
        world = restarted(world)
        if bus_lost:
            world.bus.wakes.clear()
        await full_sync(world.service, "afas")
        await leases_run_out(world)
    await days_pass(world, 1)
    end = await stands(world)
    await store.close()
    return end


@pytest.mark.parametrize("name", STORIES)
async def test_stop_at_any_moment_of_hrs_lane_ends_the_same(name: str) -> None:
    before, story = STORIES[name]
    image, whole = await begun(before), Stopper()
    undisturbed = await ended(image, story, whole, bus_lost=False)
    moments = [at for at, moment in enumerate(whole.moments) if _is_hrs(moment)]

    wrong = {
        whole.moments[at]: end
        for at in moments
        if (end := await ended(image, story, Stopper(at), bus_lost=bool(at % 2))) != undisturbed
    }
    assert len(moments) >= 10
    assert wrong == {}


def _is_hrs(moment: str) -> bool:
    return any(word in moment for word in ("hr read", "write back", "HR user", "target:hr"))
