"""Whole groups are looked through for members whom no rule explains, people of HR or not."""

from __future__ import annotations

from build import a_record
from fakes import FakeGroups, World
from owning import HELD, NURSE, REPORTED, STRICT, by_hand
from turning import account_of, audit_of, dossier_of, first_load, held_of, settle, with_policy

from shared.apply.groups import Member
from shared.flow.members import Unexplained, Unlooked, look, note, unexplained
from shared.flow.provision import provision
from shared.model.change import Harm
from shared.model.desired import TargetName

ADMIN = Member(id="x1", kind="person", name="adm-boer@proef.example")


async def found(world: World) -> list[Unexplained | Unlooked]:
    return [one async for one in unexplained(world.service)]


async def a_group_with_others(world: World, policy: str) -> World:
    """ICT under the policy, with one whom a rule puts there, a nurse, and nobody of HR."""
    world = with_policy(world, policy)
    world.hr.put(a_record("7"), NURSE)
    await first_load(world)
    by_hand(world, "1042")
    assert isinstance(world.service.groups, FakeGroups)
    world.service.groups.strangers["ICT"] = (ADMIN,)
    return world


async def test_nobody_looks_where_the_policy_does_not(world: World) -> None:
    world.hr.put(a_record("7"))
    await first_load(world)

    assert await found(world) == []


async def test_members_whom_no_rule_explains_are_told_apart(world: World) -> None:
    world = await a_group_with_others(world, REPORTED)

    nurse, admin = await found(world)

    assert isinstance(nurse, Unexplained)
    assert isinstance(admin, Unexplained)
    assert (nurse.number, nurse.member.id) == ("afas:1042", account_of(world, "1042").id)
    assert (admin.person_id, admin.member) == (None, ADMIN)


async def test_a_group_that_cannot_be_read_is_told_with_its_mend(world: World) -> None:
    world = await a_group_with_others(world, STRICT)
    world.entra.groups -= {"ICT"}

    assert await found(world) == [Unlooked("ICT", "group ICT does not exist")]


async def test_whoever_is_written_down_is_decided_on_and_taken(world: World) -> None:
    world = await a_group_with_others(world, STRICT)
    nurse, admin = await found(world)
    assert isinstance(nurse, Unexplained)
    assert isinstance(admin, Unexplained)

    noted = [await note(world.service, one) for one in (nurse, nurse, admin)]
    await settle(world)

    assert noted == [True, False, False]
    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}
    assert "ICT" in account_of(world, "7").groups
    line = "entra: found in ICT, which no rule explains (managed: strict)"
    assert (await audit_of(world, "1042")).count(line) == 1
    assert (await dossier_of(world, "1042")).target(TargetName.ENTRA).applied.strays == {}


async def test_guard_is_asked_about_them_too(world: World) -> None:
    world = await a_group_with_others(world, HELD)
    nurse, _ = await found(world)
    assert isinstance(nurse, Unexplained)

    await note(world.service, nurse)
    await settle(world)

    assert await held_of(world, "1042") == {Harm.RIGHT}
    assert "ICT" in account_of(world, "1042").groups


async def test_the_daily_look_finds_them_and_counts_the_others(world: World) -> None:
    world = await a_group_with_others(world, STRICT)

    first = await look(world.service)
    await settle(world)
    second = await look(world.service)

    assert first.said.startswith("2 members whom no rule explains, 1 of them new; 1 are nobody")
    assert second.said.startswith("1 members whom no rule explains, 0 of them new")
    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}
    world.entra.groups -= {"ICT"}
    assert (await look(world.service)).problems == ("group ICT does not exist",)


async def test_a_worker_of_an_earlier_decision_takes_nothing(world: World) -> None:
    """It comes to light, and somebody works on the person before it was decided on."""
    world = await a_group_with_others(world, STRICT)
    nurse, _ = await found(world)
    assert isinstance(nurse, Unexplained)
    await note(world.service, nurse)
    dossier = await dossier_of(world, "1042")
    row = dossier.target(TargetName.ENTRA).model_copy(update={"due_at": world.clock.now()})
    await world.service.ledger.people.save(dossier, TargetName.ENTRA, row)

    await provision(world.service, TargetName.ENTRA, dossier.person_id)
    assert "ICT" in account_of(world, "1042").groups

    await settle(world)
    assert "ICT" not in account_of(world, "1042").groups
