"""The stories of the field on fakes: HR says something, and both targets come to agree."""

from __future__ import annotations

from datetime import date, timedelta

from build import TODAY, a_contract, a_leaver, a_name, a_record, moved
from fakes import World
from turning import days_pass, deliver, first_load, settle

from shared.flow.approve import approve
from shared.flow.collect import full_sync, signalled


async def test_joiner_stands_in_both_targets_with_rights(world: World) -> None:
    world.hr.put(a_record("1042"))

    await first_load(world)

    account = world.entra.by_number("1042")
    assert account is not None
    assert account.enabled
    assert account.user_principal_name == "sanne.van.dijk@proef.example"
    assert account.groups == {"Iedereen", "ICT"}
    card = world.topdesk.by_number("1042")
    assert card is not None
    assert card.fields["tasLoginName"] == "sanne.van.dijk@proef.example"
    assert card.operator is not None
    assert card.operator.permission_groups == {"Beheerders"}


async def test_mover_changes_rights_in_both_targets(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)

    world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    account, card = world.entra.by_number("1042"), world.topdesk.by_number("1042")
    assert account is not None
    assert account.groups == {"Iedereen", "Zorg"}
    assert account.attributes["department"] == "Zorg"
    assert card is not None
    assert card.operator is not None
    assert card.operator.permission_groups == {"Zorgdesk"}


async def test_leaver_is_blocked_at_midnight_and_deleted_after_the_grace(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    world.hr.put(a_leaver(TODAY + timedelta(days=2)))
    await signalled(world.service, "afas", "1042")

    await days_pass(world, 2)
    account = world.entra.by_number("1042")
    assert account is not None
    assert account.enabled, "the last day is a working day"

    await days_pass(world, 1)
    account, card = world.entra.by_number("1042"), world.topdesk.by_number("1042")
    assert account is not None
    assert not account.enabled
    assert account.groups == frozenset()
    assert card is not None
    assert card.archived

    await days_pass(world, 31)
    assert world.entra.accounts == {}
    assert len(world.entra.bin) == 1


async def test_prehire_is_prepared_and_enabled_on_the_day(world: World) -> None:
    start = TODAY + timedelta(days=20)
    world.hr.put(a_record("1042", contracts=(a_contract(start=start),)))
    await first_load(world)
    assert world.entra.accounts == {}

    await days_pass(world, 13)
    account = world.entra.by_number("1042")
    assert account is not None
    assert not account.enabled

    await days_pass(world, 7)
    account = world.entra.by_number("1042")
    assert account is not None
    assert account.enabled


async def test_namesake_gets_a_numbered_name(world: World) -> None:
    world.hr.put(a_record("1"), a_record("2"))

    await first_load(world)

    names = sorted(a.user_principal_name for a in world.entra.accounts.values())
    assert names == ["s.m.van.dijk@proef.example", "sanne.van.dijk@proef.example"]


async def test_returner_gets_the_same_account_back(world: World) -> None:
    world.hr.put(a_leaver(TODAY - timedelta(days=1), "7"), a_record("1042"))
    await first_load(world)
    before = world.entra.by_number("1042")
    world.hr.put(a_leaver(TODAY, "1042"))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 40)
    assert world.entra.accounts == {}

    again = a_contract(key="1042-2", start=TODAY + timedelta(days=45))
    world.hr.put(a_record("1042", contracts=(a_contract(key="1042-1", end=TODAY), again)))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 6)

    account, card = world.entra.by_number("1042"), world.topdesk.by_number("1042")
    assert before is not None
    assert account is not None
    assert account.id == before.id
    assert account.enabled
    assert account.groups == {"Iedereen", "ICT"}
    assert card is not None
    assert not card.archived
    assert world.entra.created == {"1042": 1}


async def test_manager_is_set_when_the_managers_account_comes_to_stand(world: World) -> None:
    report = a_record("2", name=a_name(nickname="Bo"), contracts=(a_contract(manager="1"),))
    world.hr.put(report)
    await first_load(world)
    world.hr.put(a_record("1", name=a_name(nickname="Anna")))
    await signalled(world.service, "afas", "1")
    await settle(world)

    manager, account = world.entra.by_number("1"), world.entra.by_number("2")
    assert manager is not None
    assert account is not None
    assert account.manager_id == manager.id
    card, report_card = world.topdesk.by_number("1"), world.topdesk.by_number("2")
    assert card is not None
    assert report_card is not None
    assert card.is_manager
    assert report_card.manager_id == card.id


async def test_mass_leave_is_held_until_a_human_approves(world: World) -> None:
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(20)))
    await first_load(world)
    world.hr.put(*(a_leaver(date(2026, 10, 30), str(n)) for n in range(10)))

    await full_sync(world.service, "afas")
    await settle(world)

    assert all(account.enabled for account in world.entra.accounts.values())
    (shown,) = [s async for s in world.service.ledger.batches.unfinished()]
    assert len(shown.members) == 10

    await approve(world.service, shown, "beheerder")
    await settle(world)

    blocked = [a for a in world.entra.accounts.values() if not a.enabled]
    assert len(blocked) == 10
    assert [s async for s in world.service.ledger.batches.unfinished()] == []


async def test_leavers_over_the_daily_limit_wait_and_the_rest_goes_on(world: World) -> None:
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(10)))
    await first_load(world)

    for n in range(5):
        world.hr.put(a_leaver(date(2026, 10, 30), str(n)))
        await signalled(world.service, "afas", str(n))
    await deliver(world)

    assert sum(not account.enabled for account in world.entra.accounts.values()) == 3
    (shown,) = [s async for s in world.service.ledger.batches.unfinished()]
    assert len(shown.members) == 2
