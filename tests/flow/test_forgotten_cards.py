"""A card that an administrator deleted in TOPdesk: parked until a human says so, then let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from build import TODAY, a_leaver, a_record
from fakes import World
from turning import audit_of, card_of, dossier_of, first_load, leases_run_out, settle

from shared.errors import Misconfigured
from shared.flow.collect import signalled
from shared.flow.forget import forget_card
from shared.flow.roles import topdesk_roles
from shared.model.desired import State, TargetName


async def test_a_deleted_card_parks_and_a_word_makes_a_new_one(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    old = card_of(world, "1042").id
    world.topdesk.cards.clear()
    world.hr.put(a_record("1042", mobile="+31612345678"))
    await signalled(world.service, "afas", "1042")
    await leases_run_out(world)
    world.clock.advance(days=1)

    said = await forget_card(world.service, "afas", "1042", who="beheerder")
    await settle(world)
    assert said == old
    assert card_of(world, "1042").operator is not None
    assert (await dossier_of(world, "1042")).target(TargetName.TOPDESK).problem is None
    assert f"topdesk: person card {old} is forgotten" in await audit_of(world, "1042")


async def test_nothing_is_forgotten_that_topdesk_shows(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)

    with pytest.raises(Misconfigured, match="TOPdesk shows"):
        await forget_card(world.service, "afas", "1042", who="beheerder")
    with pytest.raises(Misconfigured, match="is not known"):
        await forget_card(world.service, "afas", "9", who="beheerder")
    assert world.topdesk.created == {"1042": 1}


async def test_a_leaver_s_deleted_card_is_let_go_and_none_is_made(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(a_leaver(TODAY - timedelta(days=3)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    world.topdesk.cards.clear()
    world.clock.advance(days=31)
    await settle(world)

    await forget_card(world.service, "afas", "1042", who="beheerder")
    await settle(world)
    row = (await dossier_of(world, "1042")).target(TargetName.TOPDESK)
    assert world.topdesk.cards == {}
    assert (row.problem, row.applied.account_id) == (None, None)
    assert row.applied.state is State.ABSENT


async def test_roles_are_counted_by_person(world: World) -> None:
    world.hr.put(a_record("1042"), a_record("2042"))
    await first_load(world)

    found = await topdesk_roles(world.service)
    assert found.people == {"the operator card": 2, "Beheerders": 2}
    assert (found.paid, found.paying) == (None, 0)

    async def licensed() -> dict[str, bool]:
        return {"Beheerders": True, "Zorgdesk": False}

    told = await topdesk_roles(replace(world.service, licensed=licensed))
    assert told.paying == 2
