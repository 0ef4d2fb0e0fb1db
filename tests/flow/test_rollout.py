"""Going live in steps: where the policy says report, everything is told and nothing is written."""

from __future__ import annotations

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record, moved
from fakes import World
from turning import (
    audit_of,
    days_pass,
    dossier_of,
    first_load,
    held_of,
    open_batches,
    settle,
    with_policy,
)

from shared.flow import rollout
from shared.flow.activate import activate
from shared.flow.approve import approve
from shared.flow.collect import full_sync, signalled
from shared.flow.explain import explained
from shared.flow.naming import USER_PRINCIPAL_NAME
from shared.flow.preview import preview
from shared.flow.stop import stop, where_only_told
from shared.ledger.names import TABLE as NAMES
from shared.ledger.pack import key_of
from shared.model.account import EntraAccount, TopdeskCard
from shared.model.change import Harm, Kind
from shared.model.desired import State, TargetName
from shared.model.name import NameUsage
from shared.model.report import Report

ENTRA, TOPDESK = TargetName.ENTRA, TargetName.TOPDESK
BOTH = "targets: {entra: {stage: report}, topdesk: {stage: report}}\n"
ONLY_ENTRA = "targets: {entra: {stage: report}}\n"
ONLY_ICT = "targets: {entra: {scope: {department.code: ICT*}}}\n"
ONLY_SAID = "targets: {entra: {adopt: report}, topdesk: {adopt: report}}\n"


def an_account(number: str = "1042", **changes: object) -> EntraAccount:
    """One that was there before Instroom, under a name of its own."""
    has: dict[str, object] = {
        "id": f"old-{number}",
        "user_principal_name": f"s.vandijk.{number}@proef.example",
        "enabled": True,
        "employee_id": number,
        "attributes": {
            "displayName": "Dijk, Sanne van",
            "department": "ICT Beheer",
            "jobTitle": "Systeembeheerder",
        },
        "groups": frozenset({"Iedereen"}),
    }
    return EntraAccount.model_validate({**has, **changes})


def put(world: World, *accounts: EntraAccount) -> None:
    world.entra.accounts.update({account.id: account for account in accounts})


def put_cards(world: World, *numbers: str) -> None:
    for number in numbers:
        names = {"surName": "van Dijk", "firstName": "Sanne"}
        world.topdesk.cards[f"old-{number}"] = TopdeskCard(
            id=f"old-{number}", archived=False, employee_number=number, fields=names
        )


async def report_of(world: World, target: TargetName, number: str = "1042") -> Report:
    told = (await dossier_of(world, number)).target(target).report
    assert told is not None
    return told


async def is_reserved(world: World, name: str) -> bool:
    place = f"{USER_PRINCIPAL_NAME}:{key_of(name)}"
    return await world.service.ledger.store.get(NAMES, place, "name") is not None


# --- report -----------------------------------------------------------------------------------


async def test_nothing_is_written_in_report_and_everything_is_told(world: World) -> None:
    world = with_policy(world, POLICY + BOTH)
    put(world, an_account())
    world.hr.put(a_record("1042"), a_record("7", contracts=(a_contract(key="7"),)))

    await first_load(world)
    world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 2)

    assert not world.entra.calls
    assert not world.topdesk.calls
    told = await report_of(world, ENTRA)
    assert [str(one) for one in told.differences] == [
        "set attributes displayName",
        "set attributes department",
        "add to group Zorg",
    ]
    assert told.differences[1].reasons[0].because == "HR's department.name"
    assert told.summary == "report: 3 differences"
    newcomer = await report_of(world, ENTRA, "7")
    assert str(newcomer.differences[0]) == "create account"
    assert not await is_reserved(world, "sanne.van.dijk@proef.example")
    assert world.bus.notices == []
    assert "entra is only told" in (await audit_of(world, "1042"))[0]


async def test_report_is_made_anew_each_day(world: World) -> None:
    world = with_policy(world, POLICY + BOTH)
    put(world, an_account())
    world.hr.put(a_record("1042"))
    await first_load(world)
    before = await report_of(world, ENTRA)
    put(world, an_account(groups=frozenset({"Iedereen", "ICT"})))

    await days_pass(world, 1)

    after = await report_of(world, ENTRA)
    assert (len(before.differences), len(after.differences)) == (2, 1)
    assert after.at > before.at


async def test_leaver_in_report_is_told_and_counts_for_nobody(world: World) -> None:
    world.hr.put(*(a_record(str(number)) for number in range(1040, 1046)))
    await first_load(world)
    world = with_policy(world, POLICY + BOTH)
    await settle(world)
    world.entra.calls.clear()
    world.topdesk.calls.clear()

    world.hr.put(*(a_leaver(TODAY, str(number)) for number in range(1040, 1046)))
    await full_sync(world.service, "afas")
    await days_pass(world, 1)

    assert not world.entra.calls
    assert not world.topdesk.calls
    assert await open_batches(world) == []
    told = await report_of(world, ENTRA, "1040")
    assert Kind.BLOCK_SIGN_IN in {one.kind for one in told.differences}
    assert (await dossier_of(world, "1040")).target(ENTRA).applied.state is State.ACTIVE


async def test_back_in_apply_the_guard_counts_what_waited(world: World) -> None:
    world.hr.put(*(a_record(str(number)) for number in range(1040, 1046)))
    await first_load(world)
    world = with_policy(world, POLICY + BOTH)
    await settle(world)
    world.hr.put(*(a_leaver(TODAY, str(number)) for number in range(1040, 1046)))
    await full_sync(world.service, "afas")
    await days_pass(world, 1)

    world = with_policy(world, POLICY)
    await settle(world)

    blocked = [a for a in world.entra.accounts.values() if not a.enabled]
    assert len(blocked) == 3, "guard.block lets three a day through"
    (batch,) = await open_batches(world)
    assert (batch.batch.kind, len(batch.waiting)) == (Harm.BLOCK, 3)


# --- switching on -----------------------------------------------------------------------------


async def test_switching_on_wakes_everybody_and_ends_the_report(world: World) -> None:
    world = with_policy(world, POLICY + BOTH)
    put(world, an_account())
    world.hr.put(a_record("1042"), a_record("7"))
    await first_load(world)

    world = with_policy(world, POLICY)
    await settle(world)

    account, newcomer = world.entra.by_number("1042"), world.entra.by_number("7")
    assert account is not None
    assert newcomer is not None
    assert (account.id, set(account.groups)) == ("old-1042", {"Iedereen", "ICT"})
    assert account.attributes["displayName"] == "Sanne van Dijk"
    assert world.topdesk.by_number("7") is not None
    row = (await dossier_of(world, "1042")).target(ENTRA)
    assert (row.report, row.applied.state, row.due_at) == (None, State.ACTIVE, None)


async def test_switching_on_asks_a_human_about_many_new_accounts(world: World) -> None:
    world = with_policy(world, POLICY + BOTH)
    put(world, an_account("2001"), an_account("2002"))
    put_cards(world, "2001", "2002")
    world.hr.put(*(a_record(number) for number in ("1001", "1002", "1003", "2001", "2002")))
    await first_load(world)
    world = with_policy(world, POLICY.replace("joiner: {count: 20", "joiner: {count: 1"))

    await settle(world)

    made = {number for number in world.entra.created if number.startswith("1")}
    assert len(made) == 1
    assert world.entra.created.keys() == made, "who has an account gets no second one"
    taken = await dossier_of(world, "2002")
    assert taken.target(ENTRA).applied.account_id == "old-2002"
    (shown,) = await open_batches(world)
    assert (shown.batch.kind, len(shown.waiting)) == (Harm.JOINER, 2)


async def test_other_names_on_what_is_taken_over_count_as_renames(world: World) -> None:
    careful = POLICY.replace("rename: {count: 20", "rename: {count: 1")
    world = with_policy(world, careful + BOTH)
    numbers = ("3001", "3002", "3003")
    put(world, *map(an_account, numbers))
    put_cards(world, *numbers)
    world.hr.put(*(a_record(number) for number in numbers))
    await first_load(world)
    world = with_policy(world, careful)

    await settle(world)

    renamed = [
        a for a in world.entra.accounts.values() if a.attributes["displayName"] == "Sanne van Dijk"
    ]
    assert len(renamed) == 1
    assert all("ICT" in a.groups for a in world.entra.accounts.values()), "the rest goes on"
    (shown,) = await open_batches(world)
    assert (shown.batch.kind, len(shown.waiting)) == (Harm.RENAME, 2)

    await approve(world.service, shown, "beheerder")
    await settle(world)

    names = {a.attributes["displayName"] for a in world.entra.accounts.values()}
    assert names == {"Sanne van Dijk"}


async def test_a_name_that_was_empty_is_no_rename(world: World) -> None:
    world = with_policy(world, POLICY + BOTH)
    put(world, an_account(attributes={"displayName": None}))
    world.hr.put(a_record("1042"))
    await first_load(world)

    assert (await dossier_of(world, "1042")).target(ENTRA).applied.names == {}


# --- scope ------------------------------------------------------------------------------------


async def test_outside_the_scope_nobody_is_written(world: World) -> None:
    world = with_policy(world, POLICY + ONLY_ICT)
    world.hr.put(a_record("1042"), moved(a_record("7"), "ZORG", "Zorg"))

    await first_load(world)

    assert world.entra.created == {"1042": 1}
    told = await report_of(world, ENTRA, "7")
    assert (told.why.rule, told.why.because) == (
        "targets.entra.scope",
        "department.code is ZORG, not ICT*",
    )


async def test_who_moves_into_the_scope_gets_an_account(world: World) -> None:
    world = with_policy(world, POLICY + ONLY_ICT)
    world.hr.put(moved(a_record("7"), "ZORG", "Zorg"))
    await first_load(world)
    world.hr.put(a_record("7"))

    await signalled(world.service, "afas", "7")
    await settle(world)

    assert world.entra.created == {"7": 1}


# --- TOPdesk and a login that does not come -----------------------------------------------------


async def test_card_takes_the_login_of_an_account_that_is_only_told_about(world: World) -> None:
    world = with_policy(world, POLICY + ONLY_ENTRA)
    put(world, an_account())
    world.hr.put(a_record("1042"))

    await first_load(world)

    card = world.topdesk.by_number("1042")
    assert card is not None
    assert card.fields["tasLoginName"] == "s.vandijk.1042@proef.example"
    assert not world.entra.calls


async def test_card_says_that_no_login_comes_and_takes_it_when_it_does(world: World) -> None:
    world = with_policy(world, POLICY + ONLY_ENTRA)
    world.hr.put(a_record("1042"))
    await first_load(world)
    problem = (await dossier_of(world, "1042")).target(TOPDESK).problem
    assert problem is not None
    assert "none is made while Entra is only told about (targets.entra.stage" in problem
    put(world, an_account())

    await days_pass(world, 1)

    card = world.topdesk.by_number("1042")
    assert card is not None
    assert card.fields["tasLoginName"] == "s.vandijk.1042@proef.example"


# --- adoption in stages -------------------------------------------------------------------------


async def test_what_exists_is_told_and_what_does_not_is_made(world: World) -> None:
    world = with_policy(world, POLICY + ONLY_SAID)
    put(world, an_account())
    card = TopdeskCard(id="old", archived=False, employee_number="1042")
    world.topdesk.cards["old"] = card
    world.hr.put(a_record("1042"), a_record("7"))

    await first_load(world)

    assert world.entra.accounts["old-1042"] == an_account()
    assert world.topdesk.cards["old"] == card
    assert world.entra.created == {"7": 1}
    told = await report_of(world, ENTRA)
    assert (told.why.rule, told.account_id) == ("targets.entra.adopt", "old-1042")

    world = with_policy(world, POLICY)
    await settle(world)

    assert world.entra.accounts["old-1042"].groups == {"Iedereen", "ICT"}
    assert (await held_of(world, "1042")) == set()


# --- preview ------------------------------------------------------------------------------------


@pytest.mark.parametrize("targets", [BOTH, ONLY_SAID])
async def test_preview_says_that_it_would_only_be_told(world: World, targets: str) -> None:
    world = with_policy(world, POLICY + targets)
    put(world, an_account())
    world.hr.put(a_record("1042", name=a_name(usage=NameUsage.BIRTH)))
    await first_load(world)

    shown = await preview(world.service, "afas", "1042")

    assert shown.only_told[ENTRA].rule.startswith("targets.entra.")
    assert Kind.ADD_TO_GROUP in {change.kind for change in shown.plans[0].changes}


async def test_stop_at_once_says_where_nothing_is_done(world: World) -> None:
    world = with_policy(world, POLICY + ONLY_ENTRA)
    world.hr.put(a_record("1042"))
    await first_load(world)

    await stop(world.service, "afas", "1042", who="an operator", reason="ticket 77")

    assert await where_only_told(world.service, "afas", "1042") == (ENTRA,)


async def test_explanation_says_that_nothing_is_written(world: World) -> None:
    world = with_policy(world, POLICY + BOTH)
    world.hr.put(a_record("1042"))
    await first_load(world)

    told = await explained(world.service, "afas", "1042")

    assert (
        "nothing is written in entra (targets.entra.stage: the stage is report)" in told.problems
    )


async def test_nobody_is_counted_by_a_sweep_that_has_thousands_to_look_at(world: World) -> None:
    """To count is to read everybody: then a sweep would outlast its function."""
    world = with_policy(world, POLICY + BOTH)
    await activate(world.service)
    measures = world.service.ledger.measures

    await rollout.keep_the_day(world.service, due=rollout.BUSY)
    busy = await measures.of(ENTRA, TODAY)
    await rollout.keep_the_day(world.service, due=rollout.BUSY - 1)

    assert (busy is None, await measures.of(ENTRA, TODAY) is None) == (True, False)
