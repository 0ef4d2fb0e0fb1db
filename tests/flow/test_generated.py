"""Groups that Instroom makes itself: with their first member, once, renamed as HR renames."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record, moved
from fakes import FakeGroups, World
from turning import (
    account_of,
    audit_of,
    days_pass,
    dossier_of,
    first_load,
    leases_run_out,
    settle,
    with_policy,
)

from shared.errors import Misconfigured, UnknownReply
from shared.flow.collect import signalled
from shared.flow.emptied import look
from shared.flow.explain import explained
from shared.flow.preview import preview
from shared.model.desired import TargetName
from shared.policy.load import load

RULE = '{name: Afdelingen, group: "Alle medewerkers {department.name}"}'
MAKES = POLICY.replace("topdesk:\n", f"  generated:\n    - {RULE}\ntopdesk:\n", 1)
RIGHT = "generated: Afdelingen/ICT-BEH"
ZORG = "generated: Afdelingen/ZORG"


def groups_of(world: World) -> FakeGroups:
    assert isinstance(world.service.groups, FakeGroups)
    return world.service.groups


async def hr_renames(world: World, name: str, *numbers: str) -> None:
    for number in numbers:
        record = a_record(number, name=a_name(birth=f"Nr{number}"))
        world.hr.put(moved(record, "ICT-BEH", name))
        await signalled(world.service, "afas", number)
    await settle(world)


async def test_a_group_is_made_once_with_its_first_member(world: World) -> None:
    world = with_policy(world, MAKES)
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(3)))
    await first_load(world)

    assert world.entra.made == {RIGHT: "Alle medewerkers ICT Beheer"}
    assert world.entra.makings == {RIGHT: 1}
    assert all(RIGHT in account_of(world, str(n)).groups for n in range(3))
    made = "entra: made group 'Alle medewerkers ICT Beheer'"
    assert sum([(await audit_of(world, str(n))).count(made) for n in range(3)]) == 1


async def test_nobody_there_means_no_group(world: World) -> None:
    world = with_policy(world, MAKES)
    world.hr.put(a_leaver(TODAY - timedelta(days=60)))
    await first_load(world)

    assert world.entra.made == {}


async def test_a_mover_leaves_one_and_makes_the_other(world: World) -> None:
    world = with_policy(world, MAKES)
    world.hr.put(a_record("1042"))
    await first_load(world)

    world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert {RIGHT, ZORG} & account_of(world, "1042").groups == {ZORG}
    assert world.entra.made == {
        RIGHT: "Alle medewerkers ICT Beheer",
        ZORG: "Alle medewerkers Zorg",
    }, "an empty one stays"


async def test_a_renamed_department_renames_its_group_and_moves_nobody(world: World) -> None:
    world = with_policy(world, MAKES)
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(2)))
    await first_load(world)
    calls = world.entra.calls.copy()

    await hr_renames(world, "Digitaal", "0", "1")

    assert world.entra.made == {RIGHT: "Alle medewerkers Digitaal"}
    assert world.entra.makings == {RIGHT: 1}
    assert world.entra.calls["remove from group"] == calls["remove from group"]
    told = "entra: renamed group 'Alle medewerkers ICT Beheer' to 'Alle medewerkers Digitaal'"
    assert told in await audit_of(world, "0")


async def test_two_names_of_one_code_do_not_take_turns(world: World) -> None:
    world = with_policy(world, MAKES)
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(2)))
    await first_load(world)
    await hr_renames(world, "Digitaal", "0")

    await hr_renames(world, "ICT Beheer", "1")
    assert world.entra.made == {RIGHT: "Alle medewerkers Digitaal"}

    await days_pass(world, 2)
    await hr_renames(world, "ICT Beheer", "0")
    assert world.entra.made == {RIGHT: "Alle medewerkers ICT Beheer"}, "HR means it"


@pytest.mark.parametrize("loses", [True, False])
async def test_a_create_without_an_answer_is_not_sent_again_at_once(
    world: World, *, loses: bool
) -> None:
    world = with_policy(world, MAKES)
    groups = groups_of(world)
    groups.fails, groups.loses = [UnknownReply("no answer")], loses
    world.hr.put(a_record("1042"))
    await first_load(world)

    world.clock.advance(minutes=3)
    await settle(world)
    assert world.entra.makings[RIGHT] == int(loses)

    await leases_run_out(world)
    await leases_run_out(world)
    assert world.entra.makings == {RIGHT: 1}
    assert RIGHT in account_of(world, "1042").groups


async def test_a_group_that_somebody_deleted_is_made_again(world: World) -> None:
    world = with_policy(world, MAKES)
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.clock.advance(days=1)
    world.entra.made.clear()

    world.hr.put(a_record("7", name=a_name(birth="Nr7")))
    await signalled(world.service, "afas", "7")
    await settle(world)

    assert world.entra.makings == {RIGHT: 2}
    assert RIGHT in account_of(world, "7").groups


async def test_explain_and_preview_tell_of_it(world: World) -> None:
    world = with_policy(world, MAKES)
    world.hr.put(a_record("1042"))
    await first_load(world)
    nurse = moved(a_record("7", name=a_name(birth="Nr7")), "ZORG", "Zorg")
    world.hr.put(nurse)

    told = await explained(world.service, "afas", "1042")
    shown = await preview(world.service, "afas", "7")

    (answer,) = (answer for answer in told.answers if answer.right == RIGHT)
    assert answer.rule == "entra.generated[0] (Afdelingen): Alle medewerkers ICT Beheer"
    assert (answer.given, answer.because) == (True, "everyone, contract 1042-1")
    assert (TargetName.ENTRA, RIGHT) in told.applied
    assert told.left == ()
    assert ZORG in shown.plans[0].obstacles
    assert ZORG not in world.entra.made, "a preview makes nothing"


async def test_a_rule_that_fits_nobody_here_says_why(world: World) -> None:
    world = with_policy(
        world, MAKES.replace(RULE, RULE.replace('}"}', '}", when: {job.code: x}}'))
    )
    world.hr.put(a_record("1042"))
    await first_load(world)

    told = await explained(world.service, "afas", "1042")

    (answer,) = (a for a in told.answers if a.right == "Afdelingen (generated)")
    assert (answer.given, answer.because) == (False, "job.code is 0142, not x")


async def test_two_jobs_are_in_two_groups_and_one_of_them_once(world: World) -> None:
    world = with_policy(world, MAKES)
    second = moved(a_record("1042"), "ZORG", "Zorg").contracts[0]
    both = (a_contract(key="a"), second.model_copy(update={"key": "b"}))
    world.hr.put(a_record("1042", contracts=both))
    await first_load(world)

    applied = (await dossier_of(world, "1042")).target(TargetName.ENTRA).applied
    assert {RIGHT, ZORG} <= applied.rights.keys()


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('{name: A, group: "Iedereen"}', "must hold a field"),
        ('{name: A, group: "Club van {name.display}"}', "name.display is of one person"),
        ('{name: A, group: "{department.name}", key: "{number}"}', "number is of one person"),
        ('{group: "{department.name}"}', "'entra.generated.0.name' is missing"),
    ],
)
def test_what_would_make_a_group_for_everybody_is_refused(rule: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        load(MAKES.replace(RULE, rule))


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(Misconfigured, match="have one name"):
        load(MAKES.replace(f"- {RULE}", f"- {RULE}\n    - {RULE}"))


# --- when nobody is left -----------------------------------------------------------------------

GOES = MAKES.replace(RULE, RULE.replace('}"}', '}", delete_empty_after_days: 30}'))


async def a_left_department(world: World, policy: str) -> World:
    world = with_policy(world, policy)
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    return world


async def test_an_empty_group_stays_for_ever_by_default(world: World) -> None:
    world = await a_left_department(world, MAKES)
    for _ in range(3):
        await look(world.service)
        world.clock.advance(days=400)

    assert world.entra.made.keys() == {RIGHT, ZORG}


async def test_an_empty_group_goes_when_its_days_are_over(world: World) -> None:
    world = await a_left_department(world, GOES)
    await look(world.service)
    world.clock.advance(days=29)
    assert (await look(world.service)).said.endswith("1 stand empty, 0 of them deleted")

    world.clock.advance(days=1)
    seen = await look(world.service)

    assert seen.said == "2 groups of our own making; 1 stand empty, 1 of them deleted"
    assert world.entra.made.keys() == {ZORG}
    assert [one.right async for one, _ in world.service.ledger.groups.everything()] == [ZORG]


async def test_no_group_goes_while_entra_is_only_told_about(world: World) -> None:
    world = await a_left_department(world, GOES)
    await look(world.service)
    world = with_policy(world, GOES + "targets: {entra: {stage: report}}\n")
    await settle(world)
    world.clock.advance(days=40)

    await look(world.service)

    assert world.entra.made.keys() == {RIGHT, ZORG}


async def test_a_group_that_fills_again_counts_its_days_anew(world: World) -> None:
    world = await a_left_department(world, GOES)
    await look(world.service)
    world.clock.advance(days=29)
    world.hr.put(a_record("7", name=a_name(birth="Nr7")))
    await signalled(world.service, "afas", "7")
    await settle(world)
    world.clock.advance(days=2)

    await look(world.service)

    assert world.entra.made.keys() == {RIGHT, ZORG}
    assert RIGHT in account_of(world, "7").groups


async def test_a_department_that_comes_back_gets_a_new_group(world: World) -> None:
    world = await a_left_department(world, GOES)
    await look(world.service)
    world.clock.advance(days=31)
    await look(world.service)

    world.hr.put(a_record("1042"))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert world.entra.makings[RIGHT] == 2
    assert RIGHT in account_of(world, "1042").groups
