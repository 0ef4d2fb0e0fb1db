"""Accounts that were there before: found without a number, and those beside the main one."""

from __future__ import annotations

from datetime import timedelta

from build import POLICY, TODAY, a_leaver, a_name, a_record
from fakes import World
from turning import days_pass, dossier_of, first_load, settle, with_policy

from shared.flow.collect import signalled
from shared.model.account import EntraAccount, LinkedAccount
from shared.model.change import Kind
from shared.model.desired import State, TargetName

ENTRA = TargetName.ENTRA
BY_MAIL = """
targets:
  entra:
    match: [{by: mail, value: "{name.given}.{name.surname}@proef.example"}]
"""
LINKED = """
targets:
  entra:
    linked:
      - {kind: admin, by: userPrincipalName, value: "adm-{number}@proef.example"}
      - {kind: test, by: employeeId, value: "T{number}", on_leave: report}
      - {kind: service, by: employeeId, value: "S{number}", on_leave: keep}
"""


def without_number(account_id: str = "old", **changes: object) -> EntraAccount:
    has: dict[str, object] = {
        "id": account_id,
        "user_principal_name": f"{account_id}@proef.example",
        "enabled": True,
        "attributes": {"mail": "susanna.van.dijk@proef.example"},
    }
    return EntraAccount.model_validate({**has, **changes})


async def test_account_is_found_by_mail_and_gets_the_number(world: World) -> None:
    world = with_policy(world, POLICY + BY_MAIL)
    world.entra.accounts["old"] = without_number()
    world.hr.put(a_record("1042"))

    await first_load(world)

    account = world.entra.accounts["old"]
    assert (account.employee_id, set(account.groups)) == ("1042", {"Iedereen", "ICT"})
    assert not world.entra.created


async def test_in_report_it_is_told_how_it_was_found(world: World) -> None:
    world = with_policy(world, POLICY + BY_MAIL + "    adopt: report\n")
    world.entra.accounts["old"] = without_number()
    world.hr.put(a_record("1042"))

    await first_load(world)

    told = (await dossier_of(world, "1042")).target(ENTRA).report
    assert told is not None
    assert told.why.because.endswith("would be taken over (found by mail)")
    assert world.entra.accounts["old"] == without_number()


async def test_two_people_who_fit_one_account_do_not_share_it(world: World) -> None:
    world = with_policy(world, POLICY + BY_MAIL)
    world.entra.accounts["old"] = without_number()
    world.hr.put(a_record("1042"), a_record("1043"))
    world.entra.fails = [RuntimeError("stopped between taking it and writing the number")]

    try:
        await first_load(world)
    except RuntimeError:
        await settle(world)

    rows = [(await dossier_of(world, number)).target(ENTRA) for number in ("1042", "1043")]
    assert [row.applied.account_id for row in rows].count("old") == 1
    (problem,) = [row.problem for row in rows if row.problem]
    assert "account old fits this person by mail, but its user name is another" in problem


async def linked(world: World) -> World:
    world = with_policy(world, POLICY + LINKED)
    world.entra.linked["1042"] = tuple(
        LinkedAccount(id=f"{kind}-id", kind=kind, enabled=True)
        for kind in ("admin", "test", "service")
    )
    world.hr.put(a_record("1042"))
    await first_load(world)
    return world


async def leave(world: World) -> None:
    world.hr.put(a_leaver(TODAY - timedelta(days=1), "1042"))
    await signalled(world.service, "afas", "1042")
    await settle(world)


async def test_linked_accounts_end_with_the_person_as_the_policy_says(world: World) -> None:
    world = await linked(world)
    row = (await dossier_of(world, "1042")).target(ENTRA)
    assert [one.kind for one in row.applied.linked] == ["admin", "test", "service"]
    assert not world.entra.calls[Kind.BLOCK_LINKED]

    await leave(world)

    enabled = {one.kind: one.enabled for one in world.entra.linked["1042"]}
    assert enabled == {"admin": False, "test": True, "service": True}
    row = (await dossier_of(world, "1042")).target(ENTRA)
    assert row.applied.state is State.BLOCKED
    assert row.problem is not None
    assert "test test-id of somebody who has left can still sign in: block it by hand" in (
        row.problem
    )
    assert "service" not in row.problem


async def test_linked_account_that_may_not_be_touched_is_a_task_for_a_human(world: World) -> None:
    world = await linked(world)
    world.entra.privileged = frozenset({"admin-id"})

    await leave(world)

    account = world.entra.by_number("1042")
    row = (await dossier_of(world, "1042")).target(ENTRA)
    assert account is not None
    assert not account.enabled
    assert row.applied.state is State.BLOCKED
    assert row.problem is not None
    assert "the linked account admin-id: block it by hand" in row.problem

    world.entra.privileged = frozenset()
    await days_pass(world, 1)

    assert world.entra.linked["1042"][0].enabled is False


async def test_linked_accounts_wait_with_the_person(world: World) -> None:
    world = await linked(world)
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Naam{n}")) for n in range(1, 9)))
    for n in range(1, 9):
        await signalled(world.service, "afas", str(n))
    await settle(world)
    for n in range(1, 9):
        world.hr.put(a_leaver(TODAY - timedelta(days=1), str(n)))
        await signalled(world.service, "afas", str(n))
    await settle(world)

    await leave(world)

    assert (await dossier_of(world, "1042")).decision is not None
    assert world.entra.linked["1042"][0].enabled, "guard.block is full: a human is asked first"
