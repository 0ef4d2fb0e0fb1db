"""Stop the process at every outside call of a push, send the call again, and end the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from build import POLICY, TODAY
from fakes import FakeClock, World, a_world
from fakes import undisturbed as nothing_happens
from pushing import push_people, someone, until, with_push
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
from turning import leases_run_out, open_batches, settle

from shared.ledger.sqlite import open_sqlite

STRICT = POLICY.replace("count: 3", "count: 1")
KNOWN = ("0", "1", "2")
GONE = TODAY - timedelta(days=1)
CALL = (
    someone("9"),
    someone("0", name={"nickname": "Anders", "birth": "Dijk0"}),
    until("1", GONE),
    until("2", GONE),
    {"number": "8"},
)
"""A joiner, a change, more leavers than a day allows, and somebody who cannot be read."""


async def _begun() -> Image:
    clock = FakeClock()
    store = WatchedStore(await open_sqlite(None, wall=clock.wall))
    world = with_push(a_world(store, clock=clock, policy=STRICT))
    await push_people(world, *map(someone, KNOWN))
    await settle(world)
    world.clock.advance(minutes=20)
    await settle(world)
    return await image_of(world)


async def _played(image: Image, stopper: Stopper) -> Mapping[str, object]:
    """What stands after the call, and after it came again when it was stopped."""
    world = with_push(await begun_from(image, policy=STRICT))
    watch(world, stopper)
    if not await runs_to_its_end(lambda: push_people(world, *CALL, call_id="msg_crash")):
        world = with_push(restarted(world))
        world.bus.wakes.clear()
        world.clock.advance(seconds=30)
        await push_people(world, *CALL, call_id="msg_crash")
    watch(world, nothing_happens)
    await settle(world)
    await leases_run_out(world)
    end = await _what_stands(world)
    await world.service.ledger.store.close()
    return end


async def _what_stands(world: World) -> Mapping[str, object]:
    accounts = {str(a.employee_id): a for a in world.entra.accounts.values()}
    held = [m.number for shown in await open_batches(world) for m in shown.members]
    cursor, _ = await world.service.ledger.cursors.read("push")
    return {
        "accounts": {n: (a.enabled, a.groups, dict(a.attributes)) for n, a in accounts.items()},
        "created": (dict(world.entra.created), dict(world.topdesk.created)),
        "held": sorted(held),
        "population": cursor.population,
    }


async def test_stop_at_any_moment_of_a_push_ends_the_same() -> None:
    image = await _begun()
    undisturbed = Stopper()
    should = await _played(image, undisturbed)
    assert should["held"] == ["push:1", "push:2"]
    assert "9" in str(should["created"])

    wrong = {}
    for at, moment in enumerate(undisturbed.moments):
        if (ended := await _played(image, Stopper(at))) != should:
            wrong[f"{at} {moment}"] = ended

    print(f"push: {len(undisturbed.moments)} stops")  # noqa: T201 - for people
    assert len(undisturbed.moments) > 30
    assert not wrong, next(iter(wrong.items()))
