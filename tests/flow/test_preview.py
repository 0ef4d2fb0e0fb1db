"""A preview says what would happen, by the calculation that does it, and writes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_leaver, a_policy, a_record, moved
from fakes import World
from turning import days_pass, first_load

from shared.errors import Permanent
from shared.flow.collect import full_sync
from shared.flow.preview import preview
from shared.flow.sweep import sweep
from shared.model.change import Harm, Kind
from shared.model.desired import State
from shared.model.person import BadRecord


async def test_newcomer_is_shown_with_reasons_and_nothing_is_written(world: World) -> None:
    await sweep(world.service)
    world.hr.put(a_record("1042"))

    shown = await preview(world.service, "afas", "1042")

    entra, topdesk = shown.plans
    assert entra.changes[0].kind == Kind.CREATE_ACCOUNT
    assert topdesk.changes[0].kind == Kind.CREATE_CARD
    assert all(change.reasons for plan in shown.plans for change in plan.changes)
    assert (world.entra.accounts, world.topdesk.cards, world.bus.wakes) == ({}, {}, [])
    assert await world.service.ledger.identities.find("afas", "1042") is None


async def test_mover_is_shown_as_hr_has_him_now(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))

    shown = await preview(world.service, "afas", "1042")

    changed = {change.key for change in shown.plans[0].changes}
    assert {"add to group:Zorg", "remove from group:ICT"} <= changed
    assert shown.harms == {Harm.RIGHT}


async def test_leaver_counts_as_harm_on_the_day_after(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(a_leaver(TODAY))

    today = await preview(world.service, "afas", "1042")
    tomorrow = await preview(
        world.service, "afas", "1042", at=world.clock.now() + timedelta(days=1)
    )

    assert (today.desired.entra.state, today.harms) == (State.ACTIVE, frozenset())
    assert (tomorrow.desired.entra.state, tomorrow.harms) == (
        State.BLOCKED,
        frozenset({Harm.BLOCK}),
    )


async def test_another_policy_can_be_tried(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    tried = a_policy(POLICY.replace("- group: Iedereen", "- group: Zorg"))

    shown = await preview(world.service, "afas", "1042", policy=tried)

    changed = {change.key for change in shown.plans[0].changes}
    assert changed == {"add to group:Zorg", "remove from group:Iedereen"}


async def test_whom_hr_names_again_is_not_missing(world: World) -> None:
    world.hr.put(*(a_record(str(number)) for number in range(1040, 1051)))
    await first_load(world)
    returned = world.hr.people.pop("1042")
    await full_sync(world.service, "afas")
    await days_pass(world, 15)
    assert (await preview(world.service, "afas", "1042")).desired.entra.state == State.BLOCKED
    world.hr.put(returned)

    shown = await preview(world.service, "afas", "1042")

    assert shown.desired.entra.state == State.ACTIVE


async def test_nobody_and_an_unreadable_record_are_refused(world: World) -> None:
    await sweep(world.service)
    world.hr.put(BadRecord(source="afas", number="7", field="Begindatum", problem="no date"))

    with pytest.raises(Permanent, match="does not know it either"):
        await preview(world.service, "afas", "999")
    with pytest.raises(Permanent, match="Begindatum"):
        await preview(world.service, "afas", "7")
