"""What somebody changes by hand is put right or told; what we write ourselves is neither."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from build import POLICY, a_contract, a_record
from fakes import FakeEntra, World, with_mail
from fakes_changes import FakeChanges, changed
from turning import account_of, audit_of, card_of, first_load, minutes_pass, person_id_of, settle

from shared.apply.changes import ChangedAccount
from shared.flow import drift
from shared.flow.collect import signalled
from shared.flow.drift import orphans
from shared.model.account import Applied, EntraAccount, Found
from shared.model.desired import DesiredEntra
from shared.model.drift import Drift, DriftKind
from shared.model.person import Unit

TOLD = POLICY + "notices:\n  operators: [beheer@proef.example]\n"


async def watched(world: World, policy: str = POLICY, *numbers: str) -> FakeChanges:
    """These stand in both systems, and Entra was read through once."""
    changes = FakeChanges(world)
    world.service = replace(world.service, policy_text=lambda: policy, changes=changes)
    world.hr.put(*(a_record(number) for number in numbers or ("1042",)))
    await first_load(world)
    await drift(world.service)
    return changes


async def found(world: World) -> list[Drift]:
    return [one async for one in world.service.ledger.drift.found()]


async def test_what_we_write_ourselves_is_no_drift(world: World) -> None:
    changes = await watched(world)
    world.hr.put(
        a_record(
            "1042", contracts=(a_contract(key="1042", department=Unit(code="ZORG", name="Zorg")),)
        )
    )
    await signalled(world.service, "afas", "1042")
    await settle(world)
    changes.accounts_.append(changed(account_of(world, "1042")))
    reads = world.entra.calls.total()

    looked = await drift(world.service)

    assert (looked.accounts, looked.found) == (1, 0)
    assert world.entra.calls.total() == reads
    assert await found(world) == []


async def test_attribute_changed_by_hand_is_put_right(world: World) -> None:
    changes = await watched(world)
    before = account_of(world, "1042").attributes
    changes.by_hand("1042", attributes={**before, "jobTitle": "Burgemeester"})

    looked = await drift(world.service)
    await settle(world)

    assert (looked.found, looked.healed) == (1, 1)
    assert account_of(world, "1042").attributes == before
    assert any(
        "drift in entra, put right: set attributes" in t for t in await audit_of(world, "1042")
    )


async def test_membership_taken_by_hand_is_given_again(world: World) -> None:
    changes = await watched(world)
    changes.group("1042", "Iedereen", removed=True)

    await drift(world.service)
    await settle(world)

    assert "Iedereen" in account_of(world, "1042").groups


async def test_membership_given_by_hand_is_left_alone(world: World) -> None:
    changes = await watched(world)
    changes.group("1042", "Zorg", removed=False)

    await drift(world.service)
    await settle(world)

    assert "Zorg" in account_of(world, "1042").groups
    assert await found(world) == []


async def test_block_by_hand_is_told_and_left_so(world: World) -> None:
    mailer = with_mail(world)
    changes = await watched(world, TOLD)
    changes.by_hand("1042", enabled=False)

    looked = await drift(world.service)
    await drift(world.service)
    await settle(world)

    [one] = await found(world)
    assert looked.healed == 0
    assert one.kinds == (DriftKind.DISABLED,)
    assert one.why == "the policy says report for disabled"
    assert not account_of(world, "1042").enabled
    assert [letter.subject for letter in mailer.letters] == [
        "Instroom: 1 account is met de hand gewijzigd"
    ]
    assert "afas:1042" in mailer.letters[0].text


async def test_what_somebody_put_right_himself_is_told_no_more(world: World) -> None:
    changes = await watched(world)
    changes.by_hand("1042", enabled=False)
    await drift(world.service)
    changes.by_hand("1042", enabled=True)

    await drift(world.service)

    assert await found(world) == []


async def test_leaver_who_is_let_in_by_hand_is_blocked_again(world: World) -> None:
    changes = await watched(world, POLICY, "1042", "1043")
    world.hr.put(
        a_record("1042", contracts=(a_contract(key="1042", end=world.clock.now().date()),))
    )
    await signalled(world.service, "afas", "1042")
    await settle(world)
    world.clock.advance(days=1)
    await settle(world)
    assert not account_of(world, "1042").enabled
    changes.by_hand("1042", enabled=True)

    await drift(world.service)
    await settle(world)

    assert not account_of(world, "1042").enabled


async def test_account_in_the_bin_is_told_and_by_policy_brought_back(world: World) -> None:
    changes = await watched(world)
    account = account_of(world, "1042")
    world.entra.bin[account.id] = world.entra.accounts.pop(account.id).model_copy(
        update={"deleted": True}
    )
    changes.accounts_.append(ChangedAccount(account.id, removed=True))
    await drift(world.service)
    [one] = await found(world)
    assert one.kinds == (DriftKind.DELETED,)
    heals = POLICY + "drift: {deleted: heal}\n"
    world.service = replace(world.service, policy_text=lambda: heals)
    await settle(world)

    await drift(world.service)
    await settle(world)

    assert account_of(world, "1042").id == account.id


async def test_one_kind_that_is_only_told_keeps_the_whole_person(world: World) -> None:
    changes = await watched(world)
    other = {**account_of(world, "1042").attributes, "jobTitle": "Burgemeester"}
    changes.by_hand("1042", enabled=False, attributes=other)

    await drift(world.service)
    await settle(world)

    assert account_of(world, "1042").attributes == other
    assert (await found(world))[0].kinds == (DriftKind.ATTRIBUTES, DriftKind.DISABLED)


async def test_who_undoes_us_again_and_again_is_told(world: World) -> None:
    changes = await watched(world)
    other = {**account_of(world, "1042").attributes, "jobTitle": "Burgemeester"}
    for _ in range(4):
        changes.by_hand("1042", attributes=other)
        await drift(world.service)
        await minutes_pass(world, 20)

    [one] = await found(world)
    assert not one.healed
    assert "3 times in a week" in one.why
    assert account_of(world, "1042").attributes == other


async def test_link_that_grew_too_old_looks_at_everybody(world: World) -> None:
    """A membership that was taken meanwhile is in no page any more."""
    changes = await watched(world)
    account = account_of(world, "1042")
    world.entra.accounts[account.id] = account.model_copy(update={"groups": frozenset()})
    changes.gone = 1

    await drift(world.service)
    await settle(world)

    assert "Iedereen" in account_of(world, "1042").groups


async def test_account_of_nobody_is_listed_and_left_alone(world: World) -> None:
    changes = await watched(world)
    world.entra.accounts["x"] = account_of(world, "1042").model_copy(
        update={"id": "x", "employee_id": "99120", "user_principal_name": "x@proef.example"}
    )
    changes.accounts_.append(changed(world.entra.accounts["x"]))
    await drift(world.service)

    assert [one.employee_id for one in await orphans(world.service)] == ["99120"]
    assert "x" in world.entra.accounts
    world.hr.put(a_record("99120"))
    await signalled(world.service, "afas", "99120")
    assert await orphans(world.service) == []


async def test_nobody_on_whom_work_is_under_way_is_looked_at(world: World) -> None:
    changes = await watched(world)
    world.hr.put(
        a_record(
            "1042", contracts=(a_contract(key="1042", department=Unit(code="ZORG", name="Zorg")),)
        )
    )
    await signalled(world.service, "afas", "1042")
    changes.by_hand("1042", enabled=False)

    looked = await drift(world.service)

    assert looked.found == 0


class Meanwhile:
    """Entra, in which something happens just before it is read."""

    def __init__(self, entra: FakeEntra, happens: Callable[[], Awaitable[None]]) -> None:
        self._entra = entra
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entra, name)

    async def read(self, desired: DesiredEntra, applied: Applied) -> Found[EntraAccount]:
        await self._happens()
        return await self._entra.read(desired, applied)


async def test_what_we_write_while_somebody_is_looked_at_is_no_drift(world: World) -> None:
    """A page that lags behind makes us look, and HR moves the person in that moment."""
    changes = await watched(world)
    stale = account_of(world, "1042").model_copy(update={"attributes": {}})
    changes.accounts_.append(changed(stale))
    before = world.service

    async def moves() -> None:
        zorg = Unit(code="ZORG", name="Zorg")
        contracts = (a_contract(key="1042", department=zorg),)
        world.hr.put(a_record("1042", contracts=contracts))
        await signalled(before, "afas", "1042")
        await settle(world)

    looked = await drift(replace(before, entra=Meanwhile(world.entra, moves)))

    assert looked.found == 0
    assert await found(world) == []
    assert "Zorg" in account_of(world, "1042").groups


async def test_who_could_not_be_seen_is_looked_at_though_the_run_breaks_off(world: World) -> None:
    await watched(world)
    person_id = await person_id_of(world, "1042")
    await world.service.ledger.drift.look_again(person_id)

    async def breaks() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await drift(replace(world.service, entra=Meanwhile(world.entra, breaks)))

    assert [one async for one, _ in world.service.ledger.drift.to_look_at()] == [person_id]
    await drift(world.service)
    assert [one async for one in world.service.ledger.drift.to_look_at()] == []


async def test_many_that_are_only_told_keep_nobody_from_being_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is read again, some in a run and all of them in turn: a run has an end."""
    monkeypatch.setattr(import_module("shared.flow.drift"), "MOST_AGAIN", 1)
    changes = await watched(world, POLICY, "1042", "1043")
    for number in ("1042", "1043"):
        changes.by_hand(number, enabled=False)
    await drift(world.service)
    assert len(await found(world)) == 2
    for number in ("1042", "1043"):
        account = account_of(world, number)
        world.entra.accounts[account.id] = account.model_copy(update={"enabled": True})

    left = []
    for _ in range(2):
        world.clock.advance(minutes=15)
        await drift(world.service)
        left.append(len(await found(world)))

    assert left == [1, 0]


async def test_everybody_else_stays_as_they_are(world: World) -> None:
    changes = await watched(world, POLICY, "1042", "1043")
    card, calls = card_of(world, "1043"), world.entra.calls.total()
    changes.by_hand("1042", attributes={"jobTitle": "Burgemeester"})

    await drift(world.service)
    await settle(world)

    assert card_of(world, "1043") == card
    assert world.entra.calls.total() == calls + 1
    assert await person_id_of(world, "1043") not in {one.person_id for one in await found(world)}


@pytest.mark.parametrize("attribute", ["jobTitle"])
async def test_another_set_of_attributes_begins_anew(world: World, attribute: str) -> None:
    """What was not asked for with the first call is never told."""
    changes = await watched(world)
    text = POLICY.replace("  attributes:", f'  attributes:\n    {attribute}2: "x"').replace(
        f"{attribute}2", "officeLocation"
    )
    world.service = replace(world.service, policy_text=lambda: text)
    await settle(world)

    await drift(world.service)

    assert changes.asked[-2] == ("accounts", None)


# --- groups that are looked at, and those of our own making ------------------------------------


async def test_what_the_policy_only_tells_of_a_group_is_no_drift(world: World) -> None:
    zorg = "group: Zorg, when: {department.code: ZORG}"
    changes = await watched(world, POLICY.replace(zorg, f"{zorg}, managed: report"))
    changes.group("1042", "Zorg", removed=False)
    await drift(world.service)
    await settle(world)
    changes.by_hand("1042", attributes={"jobTitle": "Burgemeester"})

    await drift(world.service)
    await settle(world)

    assert "Zorg" in account_of(world, "1042").groups
    told = [line for line in await audit_of(world, "1042") if "drift" in line]
    assert told, "the other change is put right"
    assert not [line for line in told if "Zorg" in line]


async def test_membership_of_a_group_of_ours_is_given_again(world: World) -> None:
    makes = (
        '  generated:\n    - {name: Afdelingen, group: "Afdeling {department.name}"}\ntopdesk:\n'
    )
    changes = await watched(world, POLICY.replace("topdesk:\n", makes, 1))
    right = "generated: Afdelingen/ICT-BEH"
    changes.group("1042", right, removed=True)
    (told,) = changes.members_
    changes.members_ = [replace(told, group_id=f"g {right}", group_name="Afdeling ICT Beheer")]

    looked = await drift(world.service)
    await settle(world)

    assert looked.healed == 1
    assert right in account_of(world, "1042").groups


async def test_a_group_is_the_same_whatever_its_case(world: World) -> None:
    """Entra finds it as the policy spells it, and tells it as it is called there."""
    changes = await watched(world)
    changes.group("1042", "ICT", removed=True)
    (told,) = changes.members_
    changes.members_ = [replace(told, group_name="ict")]

    looked = await drift(world.service)
    await settle(world)

    assert looked.healed == 1
    assert "ICT" in account_of(world, "1042").groups


async def test_account_that_we_deleted_is_nobodys_any_more(world: World) -> None:
    changes = await watched(world)
    account_id = account_of(world, "1042").id
    assert await world.service.ledger.drift.owner(account_id)
    gone = world.clock.now().date() - timedelta(days=60)
    world.hr.put(a_record("1042", contracts=(a_contract(key="1042", end=gone),)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    assert account_id in world.entra.bin
    changes.accounts_.append(ChangedAccount(account_id, removed=True))

    looked = await drift(world.service)

    assert looked.found == 0
    assert await world.service.ledger.drift.owner(account_id) is None
