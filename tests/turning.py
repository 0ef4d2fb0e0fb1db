"""Turn a world of fakes until nothing is left to do, as the host's pump and timers would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fakes import World

from shared.flow.collect import full_sync
from shared.flow.pass_mail import notify
from shared.flow.provision import provision
from shared.flow.service import Ledger
from shared.flow.sweep import sweep
from shared.ledger.batches import Shown
from shared.ledger.pack import unpack
from shared.ledger.people import Dossier
from shared.model.account import EntraAccount, TopdeskCard
from shared.model.change import Harm
from shared.model.harm import HarmEntry
from shared.model.outcome import Outcome
from shared.model.person import PersonId


async def deliver(world: World) -> list[Outcome]:
    """Hand every message on the bus to its worker, and those that come of it."""
    outcomes = []
    while world.bus.wakes:
        target, person_id, _ = world.bus.wakes.pop(0)
        outcomes.append(await provision(world.service, target, person_id))
    return outcomes


async def deliver_notices(world: World) -> None:
    """Hand every notice on the bus to its worker."""
    while world.bus.notices:
        await notify(world.service, world.bus.notices.pop(0))


async def settle(world: World, *, rounds: int = 20) -> None:
    """Sweep and deliver until nobody is due and nothing travels."""
    for _ in range(rounds):
        await sweep(world.service)
        await deliver(world)
        await deliver_notices(world)
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


async def harm_of(ledger: Ledger, kind: Harm) -> dict[PersonId, HarmEntry]:
    """All that the guard remembers of one kind."""
    rows = ledger.store.scan("guard", kind, first="entry:")
    entries = [unpack(HarmEntry, row) async for row in rows]
    return {entry.person_id: entry for entry in entries}


async def leases_run_out(world: World) -> None:
    """Let claims and leases end and everything unfinished come back."""
    world.clock.advance(seconds=timedelta(minutes=16).total_seconds())
    await settle(world)


async def minutes_pass(world: World, minutes: float) -> None:
    """Let some time run, and what came due be worked off."""
    world.clock.advance(minutes=minutes)
    await settle(world)


def with_policy(world: World, text: str) -> World:
    """The same world after a deployment with this policy file."""
    return replace(world, service=replace(world.service, policy_text=lambda: text))


async def person_id_of(world: World, number: str) -> PersonId:
    """Who has this number."""
    known = await world.service.ledger.identities.find("afas", number)
    assert known is not None
    return known.person_id


async def dossier_of(world: World, number: str) -> Dossier:
    """What the ledger holds of this number."""
    return await world.service.ledger.people.read(await person_id_of(world, number))


async def held_of(world: World, number: str) -> set[Harm]:
    """The kinds of harm that wait for a human."""
    decision = (await dossier_of(world, number)).decision
    assert decision is not None
    return set(decision.hold)


async def audit_of(world: World, number: str) -> list[str]:
    """What the audit says was done to this number."""
    person_id = await person_id_of(world, number)
    return [line.what async for line in world.service.ledger.history.of(person_id)]


async def open_batches(world: World) -> list[Shown]:
    """What waits for a human."""
    shown = [s async for s in world.service.ledger.batches.unfinished()]
    return [s for s in shown if s.batch.state == "open"]


def account_of(world: World, number: str) -> EntraAccount:
    """The account of this number, which must exist."""
    account = world.entra.by_number(number)
    assert account is not None
    return account


def card_of(world: World, number: str) -> TopdeskCard:
    """The card of this number, which must exist."""
    card = world.topdesk.by_number(number)
    assert card is not None
    return card
