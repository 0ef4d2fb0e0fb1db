"""People whom Active Directory masters: the cloud goes on, and nothing is done before it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from build import POLICY, TODAY, a_contract, a_leaver, a_record
from fakes import World
from turning import (
    audit_of,
    card_of,
    days_pass,
    dossier_of,
    first_load,
    minutes_pass,
    settle,
    with_policy,
)

from shared.errors import Permanent
from shared.flow.by_hand import all_open
from shared.flow.collect import signalled
from shared.ledger.people import TargetRow
from shared.model.account import EntraAccount, OnPremises
from shared.model.desired import State, TargetName
from shared.model.task import Place, Task

DN = "CN=Sanne van Dijk,OU=Staff,DC=proef,DC=local"
BORN_IN_AD = (
    POLICY
    + """
active_directory:
  where: [{when: {employer.code: "01"}, value: ad}, {value: cloud}]
  path: OU=Staff,DC=proef,DC=local
"""
)


def account_of(world: World, number: str = "1042") -> EntraAccount:
    account = world.entra.by_number(number)
    assert account is not None
    return account


async def row_of(world: World, number: str = "1042") -> TargetRow:
    return (await dossier_of(world, number)).target(TargetName.ENTRA)


async def tasks_of(world: World) -> list[Task]:
    return [one.task async for one in all_open(world.service)]


def synchronised(world: World, number: str = "1042", **brings: object) -> None:
    """A cycle of Entra Connect brings what Active Directory says of this account."""
    account = account_of(world, number)
    known = OnPremises(dn=DN, sam="sannevandijk", synced_at=world.clock.now())
    values: Mapping[str, object] = {"synced": True, "on_premises": known, **brings}
    world.entra.accounts[account.id] = account.model_copy(update=values)


async def leaves(world: World) -> None:
    """Sanne stands, Active Directory masters her account, and yesterday was her last day."""
    world.hr.put(a_record("1042"))
    await first_load(world)
    synchronised(world)
    world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    await signalled(world.service, "afas", "1042")
    await settle(world)


async def test_a_leaver_is_blocked_in_the_cloud_and_waits_for_active_directory(
    world: World,
) -> None:
    await leaves(world)

    row = await row_of(world)
    assert not account_of(world).enabled
    assert account_of(world).groups == frozenset()
    assert card_of(world, "1042").archived
    assert row.problem == (
        "blocked in the cloud, waiting for Active Directory: disable account; see "
        "`instroom ad tasks`"
    )
    assert (row.applied.state, row.mender) == (State.ACTIVE, "operator")
    (task,) = await tasks_of(world)
    assert task.on["distinguishedName"] == DN


async def test_nothing_is_done_before_a_synchronisation_shows_it(world: World) -> None:
    await leaves(world)

    await minutes_pass(world, 31)
    assert (await row_of(world)).applied.state is State.ACTIVE

    synchronised(world, enabled=False)
    await minutes_pass(world, 31)

    row = await row_of(world)
    assert (row.applied.state, row.problem, row.tasks) == (State.BLOCKED, None, ())
    assert await tasks_of(world) == []
    assert world.entra.calls["revoke sessions"] == 1
    assert world.entra.calls["block in the cloud"] == 1


async def test_a_block_that_a_synchronisation_undid_is_made_again_and_told(world: World) -> None:
    await leaves(world)
    world.clock.advance(minutes=20)
    synchronised(world, enabled=True)

    await minutes_pass(world, 31)

    assert not account_of(world).enabled
    assert world.entra.calls["block in the cloud"] == 2
    (task,) = await tasks_of(world)
    assert task.undone == 1
    assert task.since is not None
    assert task.since < world.clock.now() - timedelta(minutes=30)


async def test_a_block_that_entra_leaves_to_active_directory_is_told_as_such(
    world: World,
) -> None:
    world.entra.leaves_blocks_to_ad = True
    await leaves(world)

    assert str((await row_of(world)).problem).startswith("can still sign in, waiting for Active")
    for _ in range(3):
        await minutes_pass(world, 31)
    assert world.entra.calls["block in the cloud"] == 1
    assert world.entra.calls["revoke sessions"] == 1

    synchronised(world, enabled=False)
    await minutes_pass(world, 31)
    assert (await row_of(world)).applied.state is State.BLOCKED


async def test_who_waits_for_active_directory_fills_nobodys_day(world: World) -> None:
    """The guard of this policy lets three people be blocked a day, and nobody is counted twice."""
    await leaves(world)
    for _ in range(3):
        await days_pass(world, 1)

    assert [one async for one in world.service.ledger.batches.unfinished()] == []
    assert (await row_of(world)).tasks[0].what == "disable account"


async def test_a_leaver_whom_active_directory_keeps_is_never_called_deleted(world: World) -> None:
    await leaves(world)
    world.clock.advance(minutes=20)
    synchronised(world, enabled=False)

    await days_pass(world, 32)
    row = await row_of(world)
    assert account_of(world).id in world.entra.accounts
    assert (row.applied.state, [t.what for t in row.tasks]) == (State.BLOCKED, ["delete account"])

    gone = account_of(world)
    world.entra.bin[gone.id] = world.entra.accounts.pop(gone.id).model_copy(
        update={"deleted": True}
    )
    await days_pass(world, 1)
    assert (await row_of(world)).applied.state is State.DELETED


async def test_who_is_born_in_active_directory_is_asked_for_and_taken_over(world: World) -> None:
    world = with_policy(world, BORN_IN_AD)
    world.hr.put(a_record("1042"))
    await first_load(world)

    assert world.entra.accounts == {}
    assert world.topdesk.cards == {}
    (task,) = await tasks_of(world)
    assert task.values["userPrincipalName"] == "sanne.van.dijk@proef.example"
    assert task.values["path"] == "OU=Staff,DC=proef,DC=local"
    assert "employer.code = 01" in task.why

    world.hr.put(a_record("7"))
    await signalled(world.service, "afas", "7")
    await settle(world)
    names = {one.values["userPrincipalName"] for one in await tasks_of(world)}
    assert names == {"sanne.van.dijk@proef.example", "s.m.van.dijk@proef.example"}

    world.entra.accounts["ad1"] = EntraAccount(
        id="ad1",
        user_principal_name="sanne.van.dijk@proef.example",
        enabled=True,
        synced=True,
        employee_id="1042",
        attributes={
            "displayName": "Sanne van Dijk",
            "department": "ICT Beheer",
            "jobTitle": "Systeembeheerder",
        },
    )
    await minutes_pass(world, 31)

    row = await row_of(world)
    assert (row.applied.account_id, row.applied.state) == ("ad1", State.ACTIVE)
    assert account_of(world).groups == {"Iedereen", "ICT"}
    assert card_of(world, "1042").fields["tasLoginName"] == "sanne.van.dijk@proef.example"
    assert len(await tasks_of(world)) == 1


async def test_who_leaves_before_active_directory_made_her_is_still_shut(world: World) -> None:
    world = with_policy(world, BORN_IN_AD)
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    assert await tasks_of(world) == []

    world.entra.accounts["ad1"] = EntraAccount(
        id="ad1",
        user_principal_name="sanne.van.dijk@proef.example",
        enabled=True,
        synced=True,
        employee_id="1042",
    )
    await days_pass(world, 1)

    assert not world.entra.accounts["ad1"].enabled
    assert [task.what for task in await tasks_of(world)] == ["disable account"]


async def test_the_audit_says_how_fast_a_block_was_seen_to_stand(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    await signalled(world.service, "afas", "1042")
    world.clock.advance(seconds=4)
    await settle(world)

    row = await row_of(world)
    assert row.applied.blocked is not None
    assert row.applied.blocked.seconds == 4
    assert "entra: seen blocked 4 s after it was decided" in await audit_of(world, "1042")


async def test_what_entra_leaves_to_active_directory_after_all_stops_nothing(
    world: World,
) -> None:
    """Which attributes are the cloud's own is by Microsoft's documents; Entra has the say."""
    text = POLICY.replace("  groups:", '    usageLocation: "NL"\n  groups:', 1)
    world = with_policy(world, text)
    world.entra.accounts["ad1"] = EntraAccount(
        id="ad1",
        user_principal_name="s@proef.example",
        enabled=True,
        synced=True,
        employee_id="1042",
    )
    world.entra.refuses = {"set attributes": Permanent("Entra refuses (400)", mender="target")}
    world.hr.put(a_record("1042"))

    await first_load(world)

    row = await row_of(world)
    assert account_of(world).groups == {"Iedereen", "ICT"}
    assert card_of(world, "1042").fields["tasLoginName"] == "s@proef.example"
    assert [(task.place, sorted(task.values)) for task in row.tasks] == [
        (Place.ACTIVE_DIRECTORY, ["department", "displayName", "title"]),
        (Place.ENTRA, ["usageLocation"]),
    ]

    await minutes_pass(world, 31)
    assert world.entra.calls["set attributes"] == 1
    assert [(task.place, sorted(task.values)) for task in (await row_of(world)).tasks] == [
        (Place.ACTIVE_DIRECTORY, ["department", "displayName", "title", "usageLocation"])
    ]


async def test_a_block_that_entra_does_not_show_yet_is_not_called_done(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.entra.shows_blocks = False
    world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    row = await row_of(world)
    assert (row.applied.state, row.problem) == (State.ACTIVE, "Entra does not show the block yet")

    world.entra.shows_blocks = True
    await minutes_pass(world, 5)
    assert (await row_of(world)).applied.state is State.BLOCKED


async def test_a_manager_is_named_as_active_directory_knows_him(world: World) -> None:
    for number in ("2", "1042"):
        world.entra.accounts[f"ad{number}"] = EntraAccount(
            id=f"ad{number}",
            user_principal_name=f"n{number}@proef.example",
            enabled=True,
            synced=True,
            employee_id=number,
            on_premises=OnPremises(dn=f"CN={number},{DN}"),
        )
    works_for = (a_contract(key="1042-1", manager="2"),)
    world.hr.put(a_record("2"), a_record("1042", contracts=works_for))

    await first_load(world)

    values = [dict(t.values) for t in await tasks_of(world) if t.what == "set manager"]
    assert values == [{"manager": f"CN=2,{DN}"}]
