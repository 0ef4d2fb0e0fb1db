"""Ends are agreed to before the day; whoever changes in between is judged like anybody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import World
from turning import (
    account_of,
    audit_of,
    days_pass,
    first_load,
    open_batches,
    settle,
    with_policy,
)

from shared.errors import Unsafe
from shared.flow import ahead
from shared.flow.collect import signalled
from shared.model.person import Record

SIZE = 5
LAST = TODAY + timedelta(days=3)
NOBODY = POLICY.replace("count: 3", "count: 0")
FOUR_EYES = NOBODY.replace("guard:\n", "guard:\n  four_eyes: true\n")


def leaver(number: int, last: date = LAST) -> Record:
    return a_leaver(last, str(number)).model_copy(update={"name": a_name(birth=f"Nr{number}")})


async def company(world: World, policy: str = NOBODY) -> World:
    world = with_policy(world, policy)
    world.hr.put(*(leaver(n) for n in range(SIZE)), a_record("9", name=a_name(birth="Blijft")))
    await first_load(world)
    return world


def out(world: World) -> list[str]:
    return [str(n) for n in (*range(SIZE), 9) if not account_of(world, str(n)).enabled]


async def test_coming_ends_are_listed_with_the_day_and_the_reason(world: World) -> None:
    world = await company(world)
    later = a_contract(key="9-1", end=LAST + timedelta(days=1))
    world.hr.put(a_record("9", name=a_name(birth="Blijft"), contracts=(later,)))
    await signalled(world.service, "afas", "9")

    assert await ahead.forecast(world.service, LAST - timedelta(days=1)) == ()
    coming = await ahead.forecast(world.service, LAST)
    assert [one.number for one in coming] == [f"afas:{n}" for n in range(SIZE)]
    assert {(one.day, one.why) for one in coming} == {
        (LAST + timedelta(days=1), f"last day {LAST}")
    }
    assert len(await ahead.forecast(world.service, LAST + timedelta(days=1))) == SIZE + 1


async def test_who_was_agreed_to_goes_on_the_day_without_a_question(world: World) -> None:
    world = await company(world)
    await ahead.agree(world.service, await ahead.forecast(world.service, LAST), "anna")
    assert all(one.is_agreed for one in await ahead.forecast(world.service, LAST))
    await days_pass(world, 3)
    assert out(world) == []

    await days_pass(world, 1)
    assert out(world) == [str(n) for n in range(SIZE)]
    assert await open_batches(world) == []
    assert f"end on {LAST + timedelta(days=1)} approved before the day" in await audit_of(
        world, "0"
    )


async def test_without_a_yes_the_same_people_are_held(world: World) -> None:
    world = await company(world)
    await days_pass(world, 4)

    assert out(world) == []
    (shown,) = await open_batches(world)
    assert [cause.text for cause in shown.causes] == [f"last day {LAST}"]


@pytest.mark.parametrize(
    "changes", [{"phone": "0123"}, {"contracts": (a_contract(end=LAST - timedelta(days=1)),)}]
)
async def test_whoever_changed_since_is_agreed_to_no_longer(
    world: World, changes: dict[str, object]
) -> None:
    world = await company(world)
    before = await ahead.forecast(world.service, LAST)
    await ahead.agree(world.service, before, "anna")
    world.hr.put(leaver(0).model_copy(update=changes))
    await signalled(world.service, "afas", "0")

    (again,) = [one for one in await ahead.forecast(world.service, LAST) if not one.is_agreed]
    assert (again.number, again.said) == ("afas:0", None)
    await days_pass(world, 4)
    assert out(world) == [str(n) for n in range(1, SIZE)]
    (shown,) = await open_batches(world)
    assert [m.number for m in shown.members] == ["afas:0"]


async def test_another_rule_leaves_the_yes_and_another_lifecycle_does_not(world: World) -> None:
    world = await company(world)
    await ahead.agree(world.service, await ahead.forecast(world.service, LAST), "anna")
    world = with_policy(world, NOBODY.replace("    - {group: Zorg,", "    - {group: ICT,"))
    await settle(world)
    assert all(one.is_agreed for one in await ahead.forecast(world.service, LAST))

    world = with_policy(world, NOBODY.replace("delete_after_days: 30", "delete_after_days: 10"))
    await settle(world)
    assert not any(one.is_agreed for one in await ahead.forecast(world.service, LAST))


async def test_the_mark_is_of_those_who_wait_for_a_yes(world: World) -> None:
    world = await company(world)
    coming = await ahead.forecast(world.service, LAST)
    assert ahead.seen(coming) == ahead.seen(tuple(reversed(coming)))
    assert ahead.seen(coming) != ahead.seen(coming[1:])

    await ahead.agree(world.service, coming[:1], "anna")
    assert ahead.seen(await ahead.forecast(world.service, LAST)) == ahead.seen(coming[1:])


async def test_four_eyes_look_at_the_coming_ends_too(world: World) -> None:
    world = await company(world, FOUR_EYES)
    said = await ahead.agree(world.service, await ahead.forecast(world.service, LAST), "anna")
    assert {one.answer for one in said} == {"signed"}

    with pytest.raises(Unsafe, match="second person"):
        await ahead.agree(world.service, await ahead.forecast(world.service, LAST), "anna")
    said = await ahead.agree(world.service, await ahead.forecast(world.service, LAST), "bert")
    assert {(one.answer, one.who) for one in said} == {("approved", "anna and bert")}
    await days_pass(world, 4)
    assert len(out(world)) == SIZE


async def test_one_signature_lets_nobody_through(world: World) -> None:
    world = await company(world, FOUR_EYES)
    await ahead.agree(world.service, await ahead.forecast(world.service, LAST), "anna")
    await days_pass(world, 4)

    assert out(world) == []
