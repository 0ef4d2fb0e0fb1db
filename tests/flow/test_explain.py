"""Why, and why not: by the ledger, for today and for any day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOW, TODAY, a_contract, a_leaver, a_policy, a_record, moved
from fakes import World
from hypothesis import given, settings
from strategies import people, ties
from turning import first_load, settle

from shared.errors import Misconfigured
from shared.flow.collect import signalled
from shared.flow.explain import Explanation, explained
from shared.model.desired import State, TargetName
from shared.model.person import Person, Ties
from shared.policy.desired import desired
from shared.policy.explain import explain


def says(told: Explanation, right: str) -> tuple[bool, str]:
    (answer,) = (answer for answer in told.answers if answer.right == right)
    return answer.given, answer.because


async def test_every_rule_says_why_it_gives_and_why_not(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)

    told = await explained(world.service, "afas", "1042")

    assert says(told, "ICT") == (True, "department.code = ICT-BEH, contract 1042-1")
    assert says(told, "Zorg") == (False, "department.code is ICT-BEH, not ZORG")
    assert says(told, "Zorgdesk") == (False, "department.code is ICT-BEH, not ZORG")
    assert (TargetName.TOPDESK, "Beheerders") in told.applied
    assert told.left == ()


async def test_what_is_still_to_come_and_to_be_taken_is_told_apart(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")

    told = await explained(world.service, "afas", "1042")

    assert says(told, "Zorg")[0]
    assert (TargetName.ENTRA, "Zorg") not in told.applied
    assert {(one.target, one.right) for one in told.left} == {
        (TargetName.ENTRA, "ICT"),
        (TargetName.TOPDESK, "Beheerders"),
    }
    assert all(one.reasons for one in told.left)


async def test_a_day_to_come_is_explained_by_what_hr_says_now(world: World) -> None:
    world.hr.put(a_leaver(TODAY))
    await first_load(world)

    told = await explained(world.service, "afas", "1042", at=world.clock.now() + timedelta(days=1))

    assert told.standing.state is State.BLOCKED
    assert says(told, "Iedereen") == (False, f"the account is blocked (last day {TODAY})")


async def test_a_role_that_waits_for_the_first_day_says_so(world: World) -> None:
    first_day = TODAY + timedelta(days=3)
    world.hr.put(a_record("1042", contracts=(a_contract(key="1042-1", start=first_day),)))
    await first_load(world)

    told = await explained(world.service, "afas", "1042")

    assert says(told, "ICT")[0]
    assert says(told, "Beheerders") == (
        False,
        f"operators begin on the first day (first day {first_day})",
    )


async def test_somebody_unknown_is_refused_with_what_to_do(world: World) -> None:
    await settle(world)

    with pytest.raises(Misconfigured, match="is not known here"):
        await explained(world.service, "afas", "4711")


@settings(deadline=None)
@given(people, ties)
def test_a_right_is_given_exactly_when_it_is_desired(person: Person, known: Ties) -> None:
    policy, at = a_policy(), NOW
    want = desired(person, known, policy, at)

    answers = explain(person, want, policy, at)

    operator = want.topdesk.operator
    wanted = set(want.entra.groups) | set(operator.permission_groups if operator else ())
    assert {answer.right for answer in answers if answer.given} == wanted
    assert all(answer.because for answer in answers)
