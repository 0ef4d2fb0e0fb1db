"""Turn a world of fakes until nothing is left to do, as the host's pump and timers would."""

from __future__ import annotations

from datetime import timedelta

from fakes import World

from shared.flow.collect import full_sync
from shared.flow.provision import provision
from shared.flow.sweep import sweep
from shared.model.outcome import Outcome


async def deliver(world: World) -> list[Outcome]:
    """Hand every message on the bus to its worker, and those that come of it."""
    outcomes = []
    while world.bus.wakes:
        target, person_id, _ = world.bus.wakes.pop(0)
        outcomes.append(await provision(world.service, target, person_id))
    return outcomes


async def settle(world: World, *, rounds: int = 20) -> None:
    """Sweep and deliver until nobody is due and nothing travels."""
    for _ in range(rounds):
        await sweep(world.service)
        await deliver(world)
        due = [e async for e in world.service.ledger.due.until(world.clock.now())]
        if not due and not world.bus.wakes:
            return
    raise AssertionError(f"not settled after {rounds} rounds")


async def first_load(world: World) -> None:
    """Activate the policy, read all of HR, and let everything come to stand."""
    await sweep(world.service)
    await full_sync(world.service, "afas")
    await settle(world)


async def days_pass(world: World, days: int) -> None:
    """Let the calendar run, a day at a time, with the sweep that each day has."""
    for _ in range(days):
        world.clock.advance(days=1)
        await settle(world)


async def leases_run_out(world: World) -> None:
    """Let claims and leases end and everything unfinished come back."""
    world.clock.advance(seconds=timedelta(minutes=16).total_seconds())
    await settle(world)
