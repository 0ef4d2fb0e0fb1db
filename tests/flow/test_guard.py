"""What hurts many at once waits for a human: rights, names, accounts; whoever wakes them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from build import POLICY, a_contract, a_name, a_record, moved
from fakes import World
from stopping import Stopped, Stopper, WatchedStore
from turning import (
    account_of,
    audit_of,
    card_of,
    days_pass,
    dossier_of,
    first_load,
    held_of,
    open_batches,
    person_id_of,
    settle,
    with_policy,
)

from shared.errors import Unsafe
from shared.flow import sealing, waiting
from shared.flow.approve import approve, reject
from shared.flow.collect import full_sync, signalled
from shared.flow.service import Ledger, Service
from shared.ledger.batches import Shown
from shared.model.change import Harm
from shared.model.harm import Waiting
from shared.model.person import Record

SIZE = 8
RULE = "    - {group: ICT, when: {department.code: ICT*}}\n"
GUARDED = POLICY.replace("right: {count: 20,", "right: {count: 3,")
NO_ICT = GUARDED.replace(RULE, "")
EDITED = "policy edited: entra.groups[1] (ICT) gives it no more"


def staff(size: int = SIZE) -> list[Record]:
    return [a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(size)]


async def company(world: World, policy: str = GUARDED, size: int = SIZE) -> World:
    """A department of ICT that stands in both targets."""
    world = with_policy(world, policy)
    world.hr.put(*staff(size))
    await first_load(world)
    return world


def in_ict(world: World) -> list[str]:
    return [
        str(n) for n in range(len(world.hr.people)) if "ICT" in account_of(world, str(n)).groups
    ]


async def the_batch(world: World) -> Shown:
    (shown,) = await open_batches(world)
    return shown


async def move(world: World, *numbers: str, code: str = "ZORG") -> None:
    for number in numbers:
        record = world.hr.people[number]
        assert isinstance(record, Record)
        world.hr.put(moved(record, code, code.capitalize()))
        await signalled(world.service, "afas", number)
    await settle(world)


# --- rights ------------------------------------------------------------------------------------


async def test_a_policy_that_drops_a_rule_is_held_beyond_the_limit(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)

    assert len(in_ict(world)) == SIZE - 3
    shown = await the_batch(world)
    assert (shown.batch.kind, len(shown.members)) == (Harm.RIGHT, SIZE - 3)
    assert {member.cause for member in shown.members} == {EDITED}
    assert shown.members[0].losses[0].what == ("ICT",)
    assert "lets 3 people a day through" in shown.batch.cause


@pytest.mark.parametrize("size", [3, 4])
async def test_a_dropped_rule_reaches_everybody_up_to_the_limit(world: World, size: int) -> None:
    world = with_policy(await company(world, size=size), NO_ICT)
    await settle(world)

    assert len(in_ict(world)) == size - 3
    assert len(await open_batches(world)) == size - 3


async def test_nothing_is_taken_whoever_wakes_the_person(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    waiting = in_ict(world)

    await full_sync(world.service, "afas")
    for number in waiting:
        record = world.hr.people[number]
        assert isinstance(record, Record)
        world.hr.put(record.model_copy(update={"phone": "0123"}))
        await signalled(world.service, "afas", number)
        await world.service.ledger.due.add(
            world.clock.now(), await person_id_of(world, number), suffix=world.service.mint()
        )
    await days_pass(world, 3)

    assert in_ict(world) == waiting
    assert len((await the_batch(world)).members) == SIZE - 3


async def test_what_is_given_goes_on_while_what_is_taken_waits(world: World) -> None:
    world = await company(world, GUARDED.replace("count: 3, min", "count: 0, min"))
    await move(world, "0")

    assert account_of(world, "0").groups == {"Iedereen", "ICT", "Zorg"}
    assert account_of(world, "0").attributes["department"] == "Zorg"
    operator = card_of(world, "0").operator
    assert operator is not None
    assert operator.permission_groups == {"Beheerders", "Zorgdesk"}
    assert await held_of(world, "0") == {Harm.RIGHT}


async def test_movers_of_a_day_go_on_under_the_limit_and_not_above(world: World) -> None:
    world = await company(world)
    await move(world, "0", "1", "2")
    assert len(in_ict(world)) == SIZE - 3

    await move(world, "3")
    assert len(in_ict(world)) == SIZE - 3

    await days_pass(world, 2)
    await move(world, "4")
    assert "3" in in_ict(world)
    assert "4" not in in_ict(world)


async def test_a_reorganisation_is_one_cause(world: World) -> None:
    world = await company(world)
    world.hr.put(*(moved(record, "4200", "Nieuw") for record in staff()))
    await full_sync(world.service, "afas")
    await settle(world)

    shown = await the_batch(world)
    assert [cause.text for cause in shown.causes] == ["department.code ICT-BEH became 4200"]


async def test_a_card_and_its_groups_stay_while_their_loss_is_held(world: World) -> None:
    world = await company(world, GUARDED.replace("count: 3, min", "count: 0, min"))
    await move(world, "0", code="HRM")

    operator = card_of(world, "0").operator
    assert operator is not None
    assert not operator.archived
    assert operator.permission_groups == {"Beheerders"}

    await approve(world.service, await the_batch(world), "anna")
    await settle(world)
    operator = card_of(world, "0").operator
    assert operator is not None
    assert operator.archived
    assert await held_of(world, "0") == set()


async def test_one_cause_may_have_a_limit_of_its_own(world: World) -> None:
    own = GUARDED.replace("right: {count: 3,", "right: {count: 20, per_cause: 2,")
    world = with_policy(await company(world, own), own.replace(RULE, ""))
    await settle(world)
    await move(world, "0", "1")

    assert len(in_ict(world)) == SIZE - 2
    assert "per_cause lets 2 people" in (await the_batch(world)).batch.cause


async def test_a_right_taken_while_its_account_is_made_is_held(world: World) -> None:
    world = with_policy(world, GUARDED.replace("count: 3, min", "count: 0, min"))
    world.hr.put(a_record("0"))
    await full_sync(world.service, "afas")
    world.bus.wakes.clear()
    world.hr.put(moved(a_record("0"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "0")

    assert await held_of(world, "0") == {Harm.RIGHT}


async def test_a_policy_that_is_put_back_leaves_nothing_to_approve(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    world = with_policy(world, GUARDED)
    await settle(world)

    assert await open_batches(world) == []
    assert len(in_ict(world)) == SIZE


async def test_an_edit_of_another_rule_leaves_an_approval_what_it_was(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    seen = (await the_batch(world)).fingerprint
    world = with_policy(world, NO_ICT + "protected: [noodaccount@proef.example]\n")
    await settle(world)

    assert (await the_batch(world)).fingerprint == seen


# --- names -------------------------------------------------------------------------------------


async def test_a_new_template_for_names_is_held_and_the_rest_goes_on(world: World) -> None:
    few = POLICY.replace("rename: {count: 20,", "rename: {count: 2,")
    world = await company(world, few)
    turned = few.replace('"{name.display}"', '"{name.surname}, {name.first}"')
    world = with_policy(world, turned.replace('"{job.name}"', '"{job.code}"'))
    await settle(world)

    names = [str(account_of(world, str(n)).attributes["displayName"]) for n in range(SIZE)]
    assert sum("," in name for name in names) == 2
    assert {account_of(world, str(n)).attributes["jobTitle"] for n in range(SIZE)} == {"0142"}
    shown = await the_batch(world)
    assert {m.cause for m in shown.members} == {"policy edited: entra.attributes.displayName"}

    await approve(world.service, shown, "anna")
    await settle(world)
    names = [str(account_of(world, str(n)).attributes["displayName"]) for n in range(SIZE)]
    assert all("," in name for name in names)


async def test_a_held_name_stays_held_and_is_shown_without_it(world: World) -> None:
    none = POLICY.replace("rename: {count: 20,", "rename: {count: 0,")
    world = await company(world, none, size=1)
    world.hr.put(a_record("0", name=a_name(nickname="Bo"), mobile="06"))
    await signalled(world.service, "afas", "0")
    await days_pass(world, 2)

    assert account_of(world, "0").attributes["displayName"] == "Sanne van Nr0"
    assert card_of(world, "0").fields["firstName"] == "Sanne"
    shown = await the_batch(world)
    assert "Bo" not in shown.members[0].model_dump_json()
    assert shown.members[0].cause == "name changed in HR"


# --- accounts ----------------------------------------------------------------------------------


async def test_a_first_load_is_not_held(world: World) -> None:
    world = await company(world, POLICY.replace("joiner: {count: 20,", "joiner: {count: 1,"))

    assert len(world.entra.accounts) == SIZE
    assert await open_batches(world) == []


async def test_joiners_beyond_the_limit_get_nothing_until_a_human_agrees(world: World) -> None:
    world = await company(world, POLICY.replace("joiner: {count: 20,", "joiner: {count: 2,"))
    world.hr.put(*(a_record(f"9{n}", name=a_name(birth=f"Jong{n}")) for n in range(5)))
    await full_sync(world.service, "afas")
    await settle(world)

    assert len(world.entra.accounts) == len(world.topdesk.cards) == SIZE + 2
    shown = await the_batch(world)
    assert {member.cause for member in shown.members} == {"contract since 2024-01-01"}
    held = [str(m.number).partition(":")[2] for m in shown.members]
    assert (await dossier_of(world, held[0])).targets["entra"].applied.rights == {}  # type: ignore[index]

    await approve(world.service, shown, "anna")
    await settle(world)
    assert len(world.entra.accounts) == len(world.topdesk.cards) == SIZE + 5
    assert account_of(world, held[0]).groups == {"Iedereen", "ICT"}


async def test_a_held_joiner_takes_over_no_account(world: World) -> None:
    world = await company(world, POLICY.replace("joiner: {count: 20,", "joiner: {count: 0,"))
    theirs = account_of(world, "0").model_copy(
        update={"id": "own", "employee_id": "90", "user_principal_name": "x@proef.example"}
    )
    world.entra.accounts["own"] = theirs
    world.hr.put(a_record("90"))
    await signalled(world.service, "afas", "90")
    await settle(world)

    assert world.entra.accounts["own"] == theirs
    assert (await dossier_of(world, "90")).decision is not None


async def test_a_held_joiner_who_does_not_come_leaves_the_batch(world: World) -> None:
    world = await company(world, POLICY.replace("joiner: {count: 20,", "joiner: {count: 0,"))
    late = a_contract(start=world.clock.now().date() + timedelta(days=3))
    world.hr.put(a_record("90", contracts=(late,)))
    await signalled(world.service, "afas", "90")
    assert len((await the_batch(world)).members) == 1

    never = a_contract(start=world.clock.now().date() + timedelta(days=90))
    world.hr.put(a_record("90", contracts=(never,)))
    await signalled(world.service, "afas", "90")
    await settle(world)
    assert await open_batches(world) == []


# --- yes, no, and by whom ----------------------------------------------------------------------


async def two_causes(world: World) -> World:
    """Nobody may lose a right: a rule was dropped, and two have moved."""
    none = GUARDED.replace("right: {count: 3,", "right: {count: 0,")
    world = await company(world, none)
    await move(world, "0", "1")
    world = with_policy(world, none.replace(RULE, ""))
    await settle(world)
    return world


async def test_approving_one_cause_releases_only_that_cause(world: World) -> None:
    world = await two_causes(world)
    shown = await the_batch(world)
    edited, moved_away = shown.causes
    assert (len(edited.members), len(moved_away.members)) == (SIZE - 2, 2)

    await approve(world.service, shown, "anna", cause=moved_away)
    await settle(world)

    assert in_ict(world) == [str(n) for n in range(2, SIZE)]
    assert [cause.text for cause in (await the_batch(world)).open_causes] == [EDITED]
    assert "right approved" in await audit_of(world, "0")
    assert "right approved" not in await audit_of(world, "2")


async def test_who_comes_after_a_cause_was_approved_waits_in_another_batch(world: World) -> None:
    world = await two_causes(world)
    shown = await the_batch(world)
    await approve(world.service, shown, "anna", cause=shown.causes[0])
    await settle(world)
    await move(world, "0", code="HRM")
    world.hr.put(a_record("9", name=a_name(birth="Nr9")))
    await signalled(world.service, "afas", "9")
    await settle(world)

    batches = {s.batch.batch_id: {m.number for m in s.waiting} for s in await open_batches(world)}
    assert batches == {"right-1": {"afas:0", "afas:1"}}


async def test_a_no_sticks_and_reminds_nobody(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    waiting = in_ict(world)
    await reject(world.service, await the_batch(world), "anna", "the group stays")
    await full_sync(world.service, "afas")
    await days_pass(world, 9)

    assert in_ict(world) == waiting
    assert await open_batches(world) == []
    assert await held_of(world, waiting[0]) == {Harm.RIGHT}
    assert "right rejected: the group stays" in await audit_of(world, waiting[0])


async def test_a_no_is_judged_anew_when_something_changes(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    waiting = in_ict(world)
    await reject(world.service, await the_batch(world), "anna", "no")
    await move(world, waiting[0])

    shown = await the_batch(world)
    assert [m.number for m in shown.waiting] == [f"afas:{waiting[0]}"]
    assert waiting[0] in in_ict(world)
    assert "changed since" in shown.batch.cause

    (old,) = [s async for s in world.service.ledger.batches.unfinished() if s.batch != shown.batch]
    assert len(old.members) == len(waiting) - 1


async def test_a_no_ends_when_nothing_is_to_be_taken_any_more(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    await reject(world.service, await the_batch(world), "anna", "no")
    world = with_policy(world, GUARDED)
    await settle(world)

    assert [s async for s in world.service.ledger.batches.unfinished()] == []


async def test_a_no_may_become_a_yes(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    await reject(world.service, await the_batch(world), "anna", "not yet")
    (shown,) = [s async for s in world.service.ledger.batches.unfinished()]
    await approve(world.service, shown, "anna", cause=shown.causes[0])
    await settle(world)

    assert in_ict(world) == []
    assert [s async for s in world.service.ledger.batches.unfinished()] == []


async def test_nothing_is_agreed_to_twice(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    shown = await the_batch(world)
    await approve(world.service, shown, "anna")

    with pytest.raises(Unsafe, match="changed since"):
        await approve(world.service, shown, "bert")
    (now,) = [await world.service.ledger.batches.read("right-1")]
    assert now is not None
    with pytest.raises(Unsafe, match="nothing waits"):
        await approve(world.service, now, "bert")
    with pytest.raises(Unsafe, match="approved already"):
        await reject(world.service, now, "bert", "no", cause=now.causes[0])


async def test_four_eyes_are_two_different_people(world: World) -> None:
    strict = NO_ICT.replace("guard:\n", "guard:\n  four_eyes: true\n")
    world = with_policy(await company(world), strict)
    await settle(world)
    (said,) = await approve(world.service, await the_batch(world), "anna")
    await settle(world)
    assert said.answer == "signed"
    assert len(in_ict(world)) == SIZE - 3

    with pytest.raises(Unsafe, match="second person"):
        await approve(world.service, await the_batch(world), "Anna")
    (said,) = await approve(world.service, await the_batch(world), "bert")
    await settle(world)
    assert (said.answer, said.who) == ("approved", "anna and bert")
    assert in_ict(world) == []


async def test_a_first_signature_is_void_when_somebody_joins(world: World) -> None:
    strict = NO_ICT.replace("guard:\n", "guard:\n  four_eyes: true\n")
    world = with_policy(await company(world), strict)
    await settle(world)
    await approve(world.service, await the_batch(world), "anna")
    waiting = in_ict(world)
    record = world.hr.people[waiting[0]]
    assert isinstance(record, Record)
    world.hr.put(record.model_copy(update={"phone": "0123"}))
    await signalled(world.service, "afas", waiting[0])
    await settle(world)

    (said,) = await approve(world.service, await the_batch(world), "bert")
    assert (said.answer, said.who) == ("signed", "bert")


async def test_an_approval_survives_a_reminder_that_came_between(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    shown = await the_batch(world)
    await world.service.ledger.batches.remind(shown, 1)

    (said,) = await approve(world.service, shown, "anna")
    assert said.answer == "approved"


# --- reminders ---------------------------------------------------------------------------------


async def test_each_reminder_is_said_once_and_the_second_to_deputies_too(world: World) -> None:
    heard: list[Waiting] = []

    async def announce(waits: Waiting) -> None:
        heard.append(waits)

    people = "guard:\n  approvers: [anna@proef.example]\n  deputies: [bert]\n"
    world = with_policy(await company(world), NO_ICT.replace("guard:\n", people))
    await settle(world)
    world.service = replace(world.service, announce=announce)
    for _ in range(200):
        world.clock.advance(hours=1)
        await settle(world)

    assert [(one.step, one.hours, one.people) for one in heard] == [
        (1, 24, SIZE - 3),
        (2, 72, SIZE - 3),
        (3, 168, SIZE - 3),
    ]
    assert heard[0].to == ("anna@proef.example",)
    assert heard[1].to == heard[2].to == ("anna@proef.example", "bert")


async def test_whoever_was_away_hears_the_last_reminder_only(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    world.clock.advance(hours=100)
    await settle(world)

    said = [line for line in caplog.messages if "held batch waits" in line]
    assert len(said) == 1
    assert "step=2" in said[0]
    assert "hours=100" in said[0]
    assert capsys.readouterr().out == ""


async def test_a_reminder_is_said_at_most_once_wherever_the_process_stops(world: World) -> None:
    world = with_policy(await company(world), NO_ICT)
    await settle(world)
    world.clock.advance(hours=30)
    heard: list[Waiting] = []

    async def announce(waits: Waiting) -> None:
        heard.append(waits)

    store = WatchedStore(world.service.ledger.store)
    service = replace(world.service, announce=announce, ledger=Ledger(store))
    for at, reminded in ((0, 0), (1, 1), (None, 1)):
        store.moment = Stopper(at)
        with suppress(Stopped):
            await waiting.remind(service)
        assert (await the_batch(world)).batch.reminded == reminded
    assert heard == []

    world.clock.advance(hours=50)
    await waiting.remind(service)
    await waiting.remind(service)
    assert [one.step for one in heard] == [2]
    assert await waiting.longest(service) == (
        "1 batch waits for a human, the longest for 3 days; `instroom held` shows it"
    )


async def test_answer_that_a_stop_cut_off_breaks_no_seal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told with the moment it was given at, whenever that is: its day must wait for it."""
    world = with_policy(await company(world), NO_ICT)
    await settle(world)

    async def stops(_service: Service) -> None:
        raise Stopped

    shown = await the_batch(world)
    with monkeypatch.context() as cut:
        cut.setattr(import_module("shared.flow.approve"), "finish_answers", stops)
        with pytest.raises(Stopped):
            await approve(world.service, shown, "anna")
    world.clock.advance(days=2)
    await sealing.seal(world.service)
    await settle(world)

    seen = await sealing.verified(world.service)
    assert (seen.broken, seen.days) == (None, 2)
    assert in_ict(world) == []


async def test_nobody_waits_when_nothing_is_held(world: World) -> None:
    await company(world)

    assert await waiting.longest(world.service) == "nothing waits for a human"
