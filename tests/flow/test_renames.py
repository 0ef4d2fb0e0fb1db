"""HR changes a name or an employer: what happens to the user name, and to the old one?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import World
from turning import days_pass, dossier_of, first_load, person_id_of, settle, with_policy

from shared import cli
from shared.errors import UnknownReply
from shared.flow.approve import approve
from shared.flow.collect import full_sync, signalled
from shared.flow.naming import USER_PRINCIPAL_NAME
from shared.model.account import Applied, EntraAccount
from shared.model.change import Kind
from shared.model.desired import TargetName
from shared.model.name import NameUsage
from shared.model.person import Record, Unit

FOLLOW = f"{POLICY}\nnames: {{on_rename: follow}}\n"
OTHER_PATTERN = POLICY + '\nnames: {on_rename: follow, user_name: ["{name.surname}"]}\n'
TWO_EMPLOYERS = FOLLOW.replace(
    "{name: Proef, mail_domain: proef.example}",
    "{name: Proef, mail_domain: proef.example,"
    " mail_domains: [{when: {employer.code: '02'}, value: zorg.example}]}",
)
SANNE = a_record("1042")
MARRIED = a_record(
    "1042", name=a_name(partner_prefix="de", partner="Boer", usage=NameUsage.PARTNER)
)
OLD, NEW = "sanne.van.dijk@proef.example", "sanne.de.boer@proef.example"


async def hr_says(world: World, record: Record) -> None:
    world.hr.put(record)
    await signalled(world.service, "afas", record.number)
    await settle(world)


async def stands(world: World, *records: Record, policy: str = FOLLOW) -> World:
    world = with_policy(world, policy)
    world.hr.put(*records)
    await first_load(world)
    return world


def account_of(world: World, number: str = "1042") -> EntraAccount:
    account = world.entra.by_number(number)
    assert account is not None
    return account


def login_on_card(world: World, number: str = "1042") -> object:
    card = world.topdesk.by_number(number)
    assert card is not None
    return card.fields["tasLoginName"]


async def applied_of(world: World, number: str = "1042") -> Applied:
    return (await dossier_of(world, number)).target(TargetName.ENTRA).applied


async def test_a_marriage_changes_the_display_name_alone(world: World) -> None:
    world = await stands(world, SANNE, policy=POLICY)

    await hr_says(world, MARRIED)

    account = account_of(world)
    assert account.user_principal_name == OLD
    assert account.attributes["displayName"] == "Sanne de Boer"
    assert login_on_card(world) == OLD
    assert (await applied_of(world)).aliases == ()


async def test_the_user_name_follows_where_the_policy_says_so(world: World) -> None:
    world = await stands(world, SANNE)

    await hr_says(world, MARRIED)

    assert account_of(world).user_principal_name == NEW
    assert login_on_card(world) == NEW
    applied = await applied_of(world)
    assert (applied.login, applied.aliases) == (NEW, (OLD,))
    assert world.entra.calls[Kind.RENAME_ACCOUNT] == 1


async def test_the_old_name_stays_the_persons_and_comes_back_with_a_divorce(world: World) -> None:
    world = await stands(world, SANNE)
    await hr_says(world, MARRIED)
    await hr_says(world, a_record("7"))
    assert account_of(world, "7").user_principal_name == "s.m.van.dijk@proef.example"

    await hr_says(world, SANNE)

    assert account_of(world).user_principal_name == OLD
    assert (await applied_of(world)).aliases == (NEW,)


async def test_an_alias_is_wanted_until_exchange_has_it(world: World) -> None:
    world = await stands(world, SANNE)
    await hr_says(world, MARRIED)
    await days_pass(world, 2)
    assert (await applied_of(world)).aliases == (OLD,)

    account = account_of(world)
    has = account.model_copy(update={"addresses": frozenset({OLD, NEW})})
    world.entra.accounts[account.id] = has
    await days_pass(world, 1)

    applied = await applied_of(world)
    assert (applied.aliases, applied.earlier_logins) == ((), (OLD,))
    row = (await dossier_of(world, "1042")).target(TargetName.ENTRA)
    assert row.due_at is None


async def test_people_says_which_alias_is_wanted(world: World) -> None:
    world = await stands(world, SANNE, a_record("7", name=a_name(nickname="Bo")))
    await hr_says(world, MARRIED)

    with cli.console.capture() as everyone:
        await cli._print_everyone(world.service)
    with cli.console.capture() as one:
        await cli._print_person(world.service, "afas", "1042")

    assert f"alias wanted: {OLD} beside {NEW}" in one.get()
    lines = [line for line in everyone.get().splitlines() if "Exchange" in line]
    assert len(lines) == 1
    assert OLD not in everyone.get()


async def test_no_alias_is_wanted_where_the_policy_does_not_ask(world: World) -> None:
    policy = FOLLOW.replace("follow", "follow, keep_old_address: false")
    world = await stands(world, SANNE, policy=policy)

    await hr_says(world, MARRIED)

    applied = await applied_of(world)
    assert (applied.login, applied.aliases, applied.earlier_logins) == (NEW, (), (OLD,))


async def test_a_taken_name_is_passed_over_at_a_rename_too(world: World) -> None:
    world = await stands(world, SANNE)
    stranger = EntraAccount(id="x", user_principal_name=NEW, enabled=True)
    world.entra.accounts["x"] = stranger

    await hr_says(world, MARRIED)

    assert account_of(world).user_principal_name == "s.m.de.boer@proef.example"
    assert world.entra.accounts["x"] == stranger
    assert (await applied_of(world)).aliases == (OLD,)


async def test_a_name_that_a_colleague_had_first_is_not_asked_for(world: World) -> None:
    world = await stands(world, SANNE, a_record("7", name=a_name(birth_prefix="de", birth="Boer")))

    await hr_says(world, MARRIED)

    assert account_of(world).user_principal_name == "s.m.de.boer@proef.example"
    assert world.entra.calls[Kind.RENAME_ACCOUNT] == 1


async def test_a_held_rename_is_done_after_the_approval(world: World) -> None:
    policy = FOLLOW.replace("rename: {count: 20, minimum_population: 100}", "rename: {count: 0}")
    assert policy != FOLLOW
    world = await stands(world, SANNE, policy=policy)
    await hr_says(world, MARRIED)
    await days_pass(world, 2)
    assert account_of(world).user_principal_name == OLD
    assert (await applied_of(world)).named_for["name.surname"] == "van Dijk"

    for shown in [s async for s in world.service.ledger.batches.unfinished()]:
        await approve(world.service, shown, "beheerder")
    await settle(world)

    assert account_of(world).user_principal_name == NEW
    assert (await applied_of(world)).aliases == (OLD,)


async def test_a_lost_reply_renames_once(world: World) -> None:
    world = await stands(world, SANNE)
    world.entra.fails = [UnknownReply("lost")]

    await hr_says(world, MARRIED)

    assert account_of(world).user_principal_name == NEW
    assert (await applied_of(world)).aliases == (OLD,)


@pytest.mark.parametrize(
    "corrected",
    [
        a_name(initials="S."),
        a_name(given="Suzanna"),
        a_name(birth="Díjk"),
        a_name(partner="Boer", partner_prefix="de"),
    ],
    ids=["initials", "given name", "an accent", "partner's name that is not in use"],
)
async def test_what_makes_no_other_name_renames_nobody(world: World, corrected: object) -> None:
    world = await stands(world, SANNE)

    await hr_says(world, SANNE.model_copy(update={"name": corrected}))
    await days_pass(world, 1)

    assert account_of(world).user_principal_name == OLD
    assert world.entra.calls[Kind.RENAME_ACCOUNT] == 0


async def test_a_new_pattern_in_the_policy_renames_nobody(world: World) -> None:
    world = await stands(world, SANNE)

    world = with_policy(world, OTHER_PATTERN)
    await settle(world)
    await days_pass(world, 1)

    assert account_of(world).user_principal_name == OLD


async def test_whose_name_changes_after_that_gets_the_new_pattern(world: World) -> None:
    world = with_policy(await stands(world, SANNE), OTHER_PATTERN)
    await settle(world)

    await hr_says(world, MARRIED)

    assert account_of(world).user_principal_name == "de.boer@proef.example"


async def test_who_kept_a_name_keeps_it_when_the_policy_lets_names_follow(world: World) -> None:
    world = await stands(world, SANNE, policy=POLICY)
    await hr_says(world, MARRIED)

    world = with_policy(world, FOLLOW)
    await settle(world)
    await days_pass(world, 1)

    assert account_of(world).user_principal_name == OLD


async def test_an_adopted_account_with_a_name_of_its_own_keeps_it(world: World) -> None:
    theirs = "sdijk@proef.example"
    world.entra.accounts["x"] = EntraAccount(
        id="x", user_principal_name=theirs, enabled=True, employee_id="1042"
    )
    world = await stands(world, SANNE)

    await hr_says(world, MARRIED)

    assert account_of(world).user_principal_name == theirs


async def test_an_adopted_account_with_a_name_like_ours_follows(world: World) -> None:
    world.entra.accounts["x"] = EntraAccount(
        id="x", user_principal_name=OLD, enabled=True, employee_id="1042"
    )
    world = await stands(world, SANNE)

    await hr_says(world, MARRIED)

    assert account_of(world).user_principal_name == NEW


async def test_a_name_that_somebody_gave_by_hand_is_left_alone(world: World) -> None:
    world = await stands(world, SANNE)
    account = account_of(world)
    theirs = account.model_copy(update={"user_principal_name": "baas@proef.example"})
    world.entra.accounts[account.id] = theirs

    await hr_says(world, MARRIED)
    await hr_says(world, SANNE)

    assert account_of(world).user_principal_name == "baas@proef.example"


async def test_active_directory_is_asked_to_rename_its_accounts(world: World) -> None:
    world = await stands(world, SANNE)
    account = account_of(world)
    world.entra.accounts[account.id] = account.model_copy(update={"synced": True})

    await hr_says(world, MARRIED)

    row = (await dossier_of(world, "1042")).target(TargetName.ENTRA)
    assert account_of(world).user_principal_name == OLD
    assert "waiting for Active Directory: change user name" in str(row.problem)
    assert row.tasks[0].values == {"userPrincipalName": NEW, "mailNickname": NEW.partition("@")[0]}

    done = account_of(world).model_copy(update={"user_principal_name": NEW})
    world.entra.accounts[account.id] = done
    await days_pass(world, 1)
    row = (await dossier_of(world, "1042")).target(TargetName.ENTRA)
    assert "user name" not in str(row.problem)
    assert row.applied.login == NEW


async def test_another_employer_means_another_domain_where_names_follow(world: World) -> None:
    world = await stands(world, SANNE, policy=TWO_EMPLOYERS)
    other = a_contract(key="2", start=TODAY, employer=Unit(code="02", name="Zorg"))

    await hr_says(world, a_record("1042", contracts=(other,)))

    assert account_of(world).user_principal_name == "sanne.van.dijk@zorg.example"
    assert login_on_card(world) == "sanne.van.dijk@zorg.example"


async def test_another_employer_changes_nothing_where_names_are_kept(world: World) -> None:
    policy = TWO_EMPLOYERS.replace("follow", "keep")
    world = await stands(world, SANNE, policy=policy)
    other = a_contract(key="2", start=TODAY, employer=Unit(code="02", name="Zorg"))

    await hr_says(world, a_record("1042", contracts=(other,)))
    await hr_says(world, a_record("7", contracts=(other,)))

    assert account_of(world).user_principal_name == OLD
    assert account_of(world, "7").user_principal_name == "sanne.van.dijk@zorg.example"


async def test_a_leaver_is_not_renamed_and_a_returner_is(world: World) -> None:
    world = await stands(world, SANNE)
    await hr_says(world, a_leaver(TODAY - timedelta(days=1)))
    gone = a_leaver(TODAY - timedelta(days=1)).model_copy(update={"name": MARRIED.name})
    await hr_says(world, gone)
    assert account_of(world).user_principal_name == OLD

    again = a_contract(key="1042-2", start=TODAY + timedelta(days=3))
    await hr_says(world, gone.model_copy(update={"contracts": (*gone.contracts, again)}))

    assert account_of(world).user_principal_name == NEW


# --- the register ------------------------------------------------------------------------------


async def left(world: World) -> World:
    """Somebody who was renamed, and whose account is deleted now."""
    world = await stands(world, SANNE, a_record("8", name=a_name(nickname="Bo")))
    await hr_says(world, MARRIED)
    gone = a_leaver(TODAY).model_copy(update={"name": MARRIED.name})
    await hr_says(world, gone)
    await days_pass(world, 32)
    assert world.entra.by_number("1042") is None
    return world


async def is_free(world: World, name: str) -> bool:
    """Could the other person have it now?"""
    return await world.service.ledger.names.reserve(
        USER_PRINCIPAL_NAME,
        name,
        await person_id_of(world, "8"),
        now=world.clock.now(),
        reuse_after=timedelta(days=730),
    )


async def test_every_name_of_a_deleted_account_is_free_after_the_days(world: World) -> None:
    world = await left(world)
    assert not await is_free(world, OLD)
    assert not await is_free(world, NEW)

    world.clock.advance(days=728)
    assert not await is_free(world, NEW)
    world.clock.advance(days=3)
    assert await is_free(world, NEW)
    assert await is_free(world, OLD)


async def test_who_comes_back_keeps_the_name(world: World) -> None:
    world = await left(world)
    again = a_contract(key="1042-2", start=NOW.date() + timedelta(days=35))
    back = MARRIED.model_copy(update={"contracts": (a_contract(end=TODAY), again)})
    await hr_says(world, back)
    assert account_of(world).user_principal_name == NEW

    world.clock.advance(days=800)
    assert not await is_free(world, NEW)


async def test_a_namesake_gets_the_name_after_the_days(world: World) -> None:
    world = await left(world)
    world.clock.advance(days=731)

    world.hr.put(MARRIED.model_copy(update={"number": "9"}))
    await full_sync(world.service, "afas")
    await settle(world)

    assert account_of(world, "9").user_principal_name == NEW
