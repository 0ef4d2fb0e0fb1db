"""A human gives or denies one person one right for a while, whatever the rules say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from build import NOW, POLICY, TODAY, a_leaver, a_record, moved
from fakes import World
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import people
from turning import (
    account_of,
    audit_of,
    card_of,
    days_pass,
    deliver,
    dossier_of,
    first_load,
    held_of,
    open_batches,
    settle,
    with_policy,
)

from shared.errors import Misconfigured, Unsafe
from shared.flow.collect import signalled
from shared.flow.exceptions import Agreed, end, everyone, make
from shared.flow.explain import explained
from shared.flow.preview import preview
from shared.model.change import Harm
from shared.model.desired import ALIVE, TargetName
from shared.model.exemption import Exemption
from shared.model.person import BadRecord, Person, Ties
from shared.policy.desired import desired
from shared.policy.exceptions import with_exceptions
from shared.policy.load import load

DAY = timedelta(days=1)
FOUR_EYES = POLICY + "  four_eyes: true\n"


def zorg(**changes: Any) -> Exemption:
    parts: dict[str, Any] = {
        "target": TargetName.ENTRA,
        "right": "Zorg",
        "gives": True,
        "until": TODAY + 9 * DAY,
        "reason": "project 12",
        "owner": "hoofd Zorg",
    }
    return Exemption(**{**parts, **changes})


NO_ICT = zorg(right="ICT", gives=False)
DESK = zorg(target=TargetName.TOPDESK, right="Zorgdesk")


async def says(world: World, one: Exemption, who: str = "an operator") -> Agreed:
    return await make(world.service, "afas", "1042", one, who=who)


async def works(world: World, policy: str = POLICY) -> World:
    world = with_policy(world, policy)
    world.hr.put(a_record("1042"))
    await first_load(world)
    return world


async def test_a_grant_gives_at_once_and_goes_after_its_last_day(world: World) -> None:
    await works(world)

    await says(world, zorg())
    await deliver(world)
    assert account_of(world, "1042").groups == {"Iedereen", "ICT", "Zorg"}

    await days_pass(world, 9)
    assert "Zorg" in account_of(world, "1042").groups, "the last day counts"
    await days_pass(world, 1)
    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}


async def test_a_denial_takes_at_once_and_the_rule_gives_it_back(world: World) -> None:
    await works(world)

    await says(world, NO_ICT)
    await deliver(world)
    assert account_of(world, "1042").groups == {"Iedereen"}

    await days_pass(world, 10)
    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}


async def test_a_denial_is_counted_by_the_guard_like_any_lost_right(world: World) -> None:
    world = await works(world, POLICY.replace("right: {count: 20,", "right: {count: 0,"))

    agreed = await says(world, NO_ICT)
    await settle(world)

    assert await held_of(world, "1042") == {Harm.RIGHT}
    (shown,) = await open_batches(world)
    assert agreed.held == shown.batch.batch_id
    assert [member.cause for member in shown.members] == ["an exception denies ICT"]
    assert "ICT" in account_of(world, "1042").groups


async def test_the_end_of_a_grant_is_told_as_the_cause(world: World) -> None:
    world = await works(world, POLICY.replace("right: {count: 20,", "right: {count: 0,"))
    await says(world, zorg())
    await settle(world)

    await days_pass(world, 10)

    (shown,) = await open_batches(world)
    assert [m.cause for m in shown.members] == ["an exception that gave Zorg is over"]


async def test_a_role_in_topdesk_makes_an_operator_for_as_long_as_it_lasts(world: World) -> None:
    world = with_policy(
        world, POLICY.replace("{department.code: ICT*}, perm", "{number: x}, perm")
    )
    world.hr.put(a_record("1042"))
    await first_load(world)
    assert card_of(world, "1042").operator is None

    await says(world, DESK)
    await deliver(world)
    operator = card_of(world, "1042").operator
    assert operator is not None
    assert operator.permission_groups == {"Zorgdesk"}

    await days_pass(world, 10)
    retired = card_of(world, "1042").operator
    assert retired is not None
    assert (retired.archived, retired.rights) == (True, frozenset())


async def test_who_loses_the_only_role_is_no_operator(world: World) -> None:
    await works(world)

    await says(world, zorg(target=TargetName.TOPDESK, right="beheerders", gives=False))
    await deliver(world)

    operator = card_of(world, "1042").operator
    assert operator is not None
    assert operator.archived


async def test_explain_names_owner_reason_and_end(world: World) -> None:
    await works(world)
    await says(world, zorg())
    await says(world, NO_ICT)
    await settle(world)

    told = await explained(world.service, "afas", "1042")

    words = f"until {TODAY + 9 * DAY}: project 12 (hoofd Zorg answers for it)"
    mine = {(a.right, a.given, a.because) for a in told.answers if a.rule == "exception"}
    assert mine == {("Zorg", True, f"given {words}"), ("ICT", False, f"denied {words}")}
    (rule,) = (a for a in told.answers if a.right == "ICT" and a.rule != "exception")
    assert (rule.given, rule.because) == (False, f"denied {words}")


async def test_another_day_is_explained_and_previewed_without_it(world: World) -> None:
    await works(world)
    await says(world, zorg())
    await settle(world)
    later = world.clock.now() + 10 * DAY

    told = await explained(world.service, "afas", "1042", at=later)
    shown = await preview(world.service, "afas", "1042", at=later)

    assert not [answer for answer in told.answers if answer.rule == "exception"]
    assert [c.key for c in shown.plans[0].changes] == ["remove from group:Zorg"]


async def test_audit_says_who_what_and_why(world: World) -> None:
    await works(world)

    await says(world, zorg())
    await end(world.service, "afas", "1042", TargetName.ENTRA, "zorg", who="another")
    await settle(world)

    lines = await audit_of(world, "1042")
    words = f"entra Zorg given until {TODAY + 9 * DAY}: project 12 (hoofd Zorg answers for it)"
    assert f"exception: {words}" in lines
    assert any(line.startswith("exception ended: entra zorg") for line in lines)
    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}
    assert [one async for one in everyone(world.service)] == []


async def test_ending_what_is_not_there_is_refused(world: World) -> None:
    await works(world)

    with pytest.raises(Misconfigured, match="has no exception for 'Zorg'"):
        await end(world.service, "afas", "1042", TargetName.ENTRA, "Zorg", who="another")


async def test_another_exception_for_the_same_right_takes_its_place(world: World) -> None:
    await works(world)
    await says(world, zorg(right="ICT"))

    await says(world, NO_ICT)
    await settle(world)

    assert account_of(world, "1042").groups == {"Iedereen"}
    assert [stored.asked async for _, stored in everyone(world.service)] == [NO_ICT]


async def test_two_people_must_say_the_same_when_the_policy_wants_it(world: World) -> None:
    world = await works(world, FOUR_EYES)

    first = await says(world, zorg(), "an operator")
    await settle(world)
    assert not first.said.is_final
    assert "Zorg" not in account_of(world, "1042").groups
    with pytest.raises(Unsafe, match="has agreed to this already"):
        await says(world, zorg(), "An Operator")
    assert not (await says(world, zorg(until=TODAY), "another")).said.is_final

    assert (await says(world, zorg(until=TODAY), "a third")).said.is_final
    await settle(world)
    assert "Zorg" in account_of(world, "1042").groups


async def test_what_is_in_force_stays_while_another_waits(world: World) -> None:
    world = await works(world)
    await says(world, zorg())
    world = with_policy(world, FOUR_EYES)
    await settle(world)

    await says(world, zorg(gives=False))
    await settle(world)

    assert "Zorg" in account_of(world, "1042").groups


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (zorg(until=TODAY - DAY), "no last day"),
        (zorg(until=TODAY + 366 * DAY), "exceptions.max_days"),
        (zorg(reason=" "), "reason"),
        (zorg(owner="a\nb"), "owner"),
        (zorg(right="Weg"), "group Weg does not exist"),
        (zorg(right="Zrog", gives=False), "Did you mean 'Zorg'"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_mend(
    world: World, one: Exemption, told: str
) -> None:
    await works(world)

    with pytest.raises(Misconfigured, match=told):
        await says(world, one)
    assert (await dossier_of(world, "1042")).exceptions == {}


async def test_protected_and_unknown_people_are_refused(world: World) -> None:
    world = await works(world, POLICY + 'protected: ["afas:1042"]\n')

    with pytest.raises(Misconfigured, match="is protected"):
        await says(world, zorg())
    with pytest.raises(Misconfigured, match="is not known here"):
        await make(world.service, "afas", "4711", zorg(), who="an operator")


async def test_a_leaver_has_no_exception_left_to_stand_on(world: World) -> None:
    await works(world)
    await says(world, zorg())
    await settle(world)
    world.hr.put(a_leaver(TODAY))
    await signalled(world.service, "afas", "1042")

    await days_pass(world, 1)

    assert account_of(world, "1042").groups == frozenset()


async def test_a_denial_reaches_whoever_hr_made_unreadable(world: World) -> None:
    await works(world)
    world.hr.put(BadRecord(source="afas", number="1042", field="Begindatum", problem="no date"))
    await signalled(world.service, "afas", "1042")

    await says(world, NO_ICT)
    await settle(world)

    assert "ICT" not in account_of(world, "1042").groups


async def test_a_move_leaves_what_was_given(world: World) -> None:
    await works(world)
    await says(world, zorg(right="ICT", until=TODAY + 30 * DAY))
    world.hr.put(moved(a_record("1042"), "HRM", "HRM"))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert "ICT" in account_of(world, "1042").groups


EXCEPTIONS = st.builds(
    zorg,
    right=st.sampled_from(["ICT", "ict", "Zorg", "Iedereen", "Nieuw"]),
    gives=st.booleans(),
    until=st.integers(-3, 3).map(lambda n: TODAY + n * DAY),
)
RULES = load(POLICY)


@settings(max_examples=50, deadline=None)
@given(people, st.lists(EXCEPTIONS, max_size=3, unique_by=lambda one: one.key).map(tuple))
def test_nothing_but_what_was_excepted_differs(
    person: Person, exceptions: tuple[Exemption, ...]
) -> None:
    plain = desired(person, Ties(), RULES, NOW)

    excepted = person.model_copy(update={"exceptions": exceptions})
    with_them = desired(excepted, Ties(), RULES, NOW)

    if plain.entra.state not in ALIVE:
        assert with_them.entra.groups == {}
        return
    live = [one for one in exceptions if one.until >= TODAY]
    assert with_them.entra.groups == with_exceptions(plain.entra.groups, live)
    given = {one.right.casefold() for one in live if one.gives}
    denied = {one.right.casefold() for one in live if not one.gives}
    has = {group.casefold() for group in with_them.entra.groups}
    assert has == ({g.casefold() for g in plain.entra.groups} | given) - denied
    assert with_them.entra.model_copy(update={"groups": plain.entra.groups}) == plain.entra
