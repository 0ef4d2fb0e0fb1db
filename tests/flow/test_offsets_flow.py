"""After a move the old department's rights stay for two weeks, and go by the calendar alone."""

from __future__ import annotations

from datetime import timedelta

from build import POLICY, TODAY, a_contract, a_record
from fakes import World
from turning import (
    account_of,
    card_of,
    days_pass,
    first_load,
    held_of,
    open_batches,
    settle,
    with_policy,
)

from shared.flow.collect import signalled
from shared.model.change import Harm
from shared.model.person import Unit

STAYS = POLICY.replace("{department.code: ICT*}", "{department.code: ICT*}, days_after: 14")
DAY = timedelta(days=1)
OLD = a_contract(key="old", end=TODAY - DAY)
NEW = a_contract(key="new", start=TODAY, department=Unit(code="ZORG", name="Zorg"))


async def a_mover(world: World, policy: str) -> World:
    world = with_policy(world, policy)
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(a_record("1042", contracts=(OLD, NEW)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    return world


def has(world: World) -> tuple[set[str], set[str]]:
    operator = card_of(world, "1042").operator
    assert operator is not None
    return set(account_of(world, "1042").groups), set(operator.permission_groups)


async def test_old_rights_stay_two_weeks_and_then_go(world: World) -> None:
    world = await a_mover(world, STAYS)
    assert has(world) == ({"Iedereen", "ICT", "Zorg"}, {"Beheerders", "Zorgdesk"})

    await days_pass(world, 13)
    assert "ICT" in account_of(world, "1042").groups

    await days_pass(world, 1)
    assert has(world) == ({"Iedereen", "Zorg"}, {"Zorgdesk"})


async def test_what_goes_after_two_weeks_is_counted_then(world: World) -> None:
    held = STAYS.replace("right: {count: 20,", "right: {count: 0,")
    world = await a_mover(world, held)
    assert await held_of(world, "1042") == set()

    await days_pass(world, 14)

    assert await held_of(world, "1042") == {Harm.RIGHT}
    (shown,) = await open_batches(world)
    assert [member.cause for member in shown.members] == ["days_after (14) are over"]
    assert "ICT" in account_of(world, "1042").groups
