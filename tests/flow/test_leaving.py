"""What a policy makes of a leaver beside the block: once for each leave, and around refusals."""

from __future__ import annotations

from datetime import timedelta

from build import POLICY, TODAY, a_contract, a_leaver, a_record
from fakes import World, with_mail
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
from shared.flow.approve import approve
from shared.flow.by_hand import all_open
from shared.flow.collect import signalled
from shared.flow.stop import lift, stop
from shared.ledger.people import TargetRow
from shared.model.account import EntraAccount
from shared.model.desired import State, TargetName
from shared.model.person import Record

ONCE = (
    POLICY
    + """
leaver:
  sign_in_methods: remove
  devices: disable
  auto_reply:
    - when: {employer.code: "02"}
      value: "{name.display} no longer works here."
    - value: |
        {name.display} werkt hier niet meer.
        Mail {employer.name}.
"""
)
STEPS = ("remove sign-in methods", "disable devices", "set auto-reply")
ADMIN = Permanent("Entra refuses (403): the account holds an admin role", mender="operator")


def account_of(world: World) -> EntraAccount:
    account = world.entra.by_number("1042")
    assert account is not None
    return account


async def row_of(world: World) -> TargetRow:
    return (await dossier_of(world, "1042")).target(TargetName.ENTRA)


async def hr_says(world: World, record: Record) -> None:
    world.hr.put(record)
    await signalled(world.service, "afas", "1042")
    await settle(world)


async def leaves(world: World, last_day: int = -1) -> None:
    """Sanne stands, and HR says that her last day was yesterday."""
    world.hr.put(a_record("1042"))
    await first_load(world)
    await hr_says(world, a_leaver(TODAY + timedelta(days=last_day)))


def done(world: World) -> list[int]:
    return [world.entra.calls[step] for step in STEPS]


async def test_each_step_is_done_once_for_each_leave(world: World) -> None:
    world = with_policy(world, ONCE)
    await leaves(world)

    assert done(world) == [1, 1, 1]
    assert list(world.entra.replies.values()) == [
        "Sanne van Dijk werkt hier niet meer.\nMail Proef."
    ]
    assert f"entra: {STEPS[0]}" in await audit_of(world, "1042")

    world.hr.put(a_leaver(TODAY - timedelta(days=1)).model_copy(update={"phone": "070"}))
    await days_pass(world, 2)
    assert done(world) == [1, 1, 1]

    again = a_contract(key="1042-2", start=TODAY + timedelta(days=2))
    back = a_leaver(TODAY - timedelta(days=1))
    await hr_says(world, back.model_copy(update={"contracts": (*back.contracts, again)}))
    assert account_of(world).enabled
    assert (await row_of(world)).applied.parted == ()

    ended = again.model_copy(update={"end": TODAY + timedelta(days=2)})
    await hr_says(world, back.model_copy(update={"contracts": (*back.contracts, ended)}))
    await days_pass(world, 1)
    assert done(world) == [2, 2, 2]


async def test_who_is_stopped_at_once_loses_methods_and_keeps_the_mailbox(world: World) -> None:
    world = with_policy(world, ONCE)
    world.hr.put(a_record("1042"))
    await first_load(world)

    await stop(world.service, "afas", "1042", who="operator", reason="ticket 4711")
    await settle(world)
    assert done(world) == [1, 1, 0]

    await lift(world.service, "afas", "1042", who="operator", reason="a mistake")
    await settle(world)
    assert account_of(world).enabled


async def test_rights_go_so_many_days_after_the_last_day(world: World) -> None:
    world = with_policy(world, POLICY + "leaver: {rights: 3}\n")
    world.entra.groups |= {"Feestcommissie"}
    await leaves(world)
    assert not account_of(world).enabled
    assert account_of(world).groups == {"Iedereen", "ICT"}

    await days_pass(world, 2)
    assert account_of(world).groups == {"Iedereen", "ICT"}
    await days_pass(world, 1)
    assert account_of(world).groups == frozenset()
    assert (await row_of(world)).applied.rights == {}


async def test_rights_that_go_at_deletion_are_there_for_a_return(world: World) -> None:
    world = with_policy(world, POLICY + "leaver: {rights: at_deletion}\n")
    await leaves(world)
    await days_pass(world, 20)
    assert account_of(world).groups == {"Iedereen", "ICT"}

    await days_pass(world, 12)
    assert world.entra.accounts == {}
    assert world.entra.calls["remove from group"] == 0


async def test_a_right_that_cannot_be_taken_now_is_taken_when_it_can(world: World) -> None:
    """A group that was made dynamic, say: told, and not forgotten, until somebody mends it."""
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.entra.groups -= {"ICT"}
    await hr_says(world, a_leaver(TODAY - timedelta(days=1)))
    for _ in range(2):
        row = await row_of(world)
        assert account_of(world).groups == {"ICT"}
        assert "ICT" in str(row.problem)
        assert row.applied.rights.keys() == {"ICT"}
        await days_pass(world, 1)

    world.entra.groups |= {"ICT"}
    await days_pass(world, 1)
    row = await row_of(world)
    assert account_of(world).groups == frozenset()
    assert (row.problem, row.applied.rights) == (None, {})


async def test_a_group_that_refuses_keeps_a_leaver_none_of_the_rest(world: World) -> None:
    """Such as one that can carry admin roles by now; a human hears of it by its name."""
    world = with_policy(world, ONCE)
    world.entra.refuses = {"remove from group": ADMIN}
    await leaves(world)

    row = await row_of(world)
    assert not account_of(world).enabled
    assert done(world) == [1, 1, 1]
    assert row.applied.rights.keys() == {"Iedereen", "ICT"}
    tasks = sorted([one.task.what async for one in all_open(world.service)])
    assert tasks == ["remove from group ICT", "remove from group Iedereen"]

    world.entra.refuses.clear()
    await days_pass(world, 1)
    row = await row_of(world)
    assert account_of(world).groups == frozenset()
    assert (row.problem, row.tasks, row.applied.rights) == (None, (), {})


async def test_a_leaver_gets_no_group_that_she_lacked(world: World) -> None:
    world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    world = with_policy(world, POLICY + "leaver: {rights: at_deletion}\n")
    world.entra.accounts["e1"] = EntraAccount(
        id="e1", user_principal_name="s@proef.example", enabled=True, employee_id="1042"
    )
    await first_load(world)

    assert world.entra.calls["add to group"] == 0


async def test_an_administrators_block_is_a_loud_task_and_the_rest_goes_on(world: World) -> None:
    world = with_policy(world, ONCE + "notices: {send: [task], operators: [ict@proef.example]}\n")
    mailer = with_mail(world)
    world.entra.refuses = {"block sign-in": ADMIN, "remove sign-in methods": ADMIN}
    await leaves(world)

    row = await row_of(world)
    assert account_of(world).enabled
    assert account_of(world).groups == frozenset()
    assert card_of(world, "1042").archived
    assert done(world) == [1, 1, 1]
    assert row.applied.parted == ("disable devices", "set auto-reply")
    assert (row.applied.state, row.mender) == (State.ACTIVE, "operator")
    assert "the account holds an admin role" in str(row.problem)
    assert [(t.task.what, t.task.urgent) async for t in all_open(world.service)] == [
        ("block sign-in", True),
        ("remove sign-in methods", False),
    ]
    await minutes_pass(world, 1)
    (letter,) = mailer.letters
    assert letter.to == ("ict@proef.example",)
    assert "afas:1042 wacht op iemand: block sign-in" in letter.subject
    assert "accountEnabled moet worden: false" in letter.text

    account = account_of(world)
    world.entra.accounts[account.id] = account.model_copy(update={"enabled": False})
    world.entra.refuses.clear()
    await days_pass(world, 1)
    row = await row_of(world)
    assert (row.applied.state, row.problem, row.tasks) == (State.BLOCKED, None, ())
    assert len(mailer.letters) == 1


async def test_a_mailbox_is_handed_over_to_the_manager_and_looked_at(world: World) -> None:
    world = with_policy(world, POLICY + "leaver: {mailbox: hand_over}\n")
    works_for = (a_contract(key="1042-1", manager="2"),)
    world.hr.put(a_record("2"), a_record("1042", contracts=works_for))
    await first_load(world)
    account = account_of(world)
    world.entra.accounts[account.id] = account.model_copy(update={"mailbox": "user"})
    gone = (works_for[0].model_copy(update={"end": TODAY - timedelta(days=1)}),)
    await hr_says(world, a_record("1042", contracts=gone))

    row = await row_of(world)
    (task,) = row.tasks
    manager = world.entra.by_number("2")
    assert manager is not None
    assert task.values == {
        "RecipientTypeDetails": "SharedMailbox",
        "FullAccess": manager.user_principal_name,
    }
    assert row.applied.state is State.BLOCKED
    assert str(row.problem).startswith("waiting for Exchange: share the mailbox")

    blocked = account_of(world)
    world.entra.accounts[blocked.id] = blocked.model_copy(update={"mailbox": "shared"})
    await days_pass(world, 1)
    assert (await row_of(world)).problem is None


async def test_what_is_held_with_the_block_is_not_begun(world: World) -> None:
    world = with_policy(world, ONCE.replace("block: {count: 3", "block: {count: 0"))
    await leaves(world)
    assert done(world) == [0, 0, 0]

    (shown,) = [one async for one in world.service.ledger.batches.unfinished()]
    await approve(world.service, shown, "a human")
    await minutes_pass(world, 1)
    assert done(world) == [1, 1, 1]
