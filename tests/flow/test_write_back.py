"""What HR gets to know of the account: written once, never somebody else's, and no echo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import FakeClock, World, a_world, with_mail
from hypothesis import given, settings
from hypothesis import strategies as st
from turning import (
    days_pass,
    deliver_notices,
    dossier_of,
    first_load,
    minutes_pass,
    settle,
    with_policy,
)

from shared.errors import Permanent, UnknownReply
from shared.flow.collect import poll, signalled
from shared.flow.explain import explained
from shared.flow.preview import preview
from shared.flow.sweep import sweep
from shared.ledger.sqlite import open_sqlite
from shared.model.change import Kind
from shared.model.desired import TargetName
from shared.model.name import NameUsage

BACK = POLICY + "write_back: {afas: {fields: [work_mail]}}\n"
MAIL = "sanne.van.dijk@proef.example"
SANNE = a_record("1042")
MARRIED = a_record(
    "1042", name=a_name(partner_prefix="de", partner="Boer", usage=NameUsage.PARTNER)
)
FOLLOW = "names: {on_rename: follow}\n"


@pytest.fixture
async def told() -> AsyncIterator[World]:
    """A world whose AFAS is told of work mail."""
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    yield a_world(store, clock=clock, policy=BACK)
    await store.close()


def mail(world: World, number: str = "1042") -> object:
    return world.told.records.get(number, {}).get("work_mail")


async def problem(world: World, number: str = "1042") -> str | None:
    return (await dossier_of(world, number)).target(TargetName.HR).problem


async def test_nothing_is_written_where_the_policy_says_nothing(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)

    assert world.told.writes == []
    dossier = await dossier_of(world, "1042")
    assert TargetName.HR not in dossier.targets
    assert dossier.decision
    assert TargetName.HR not in dossier.decision.wake


async def test_a_joiners_mail_is_written_once_the_account_stands(told: World) -> None:
    told.hr.put(a_record("1042", contracts=(a_contract(start=TODAY + timedelta(days=5)),)))
    await first_load(told)

    assert told.told.writes == [("1042", {"work_mail": MAIL})]
    await days_pass(told, 6)
    assert len(told.told.writes) == 1


async def test_what_stands_there_already_is_not_sent(told: World) -> None:
    told.told.records["1042"] = {"work_mail": MAIL.upper()}
    told.hr.put(SANNE)
    await first_load(told)

    assert told.told.writes == []
    assert await problem(told) is None


async def test_a_rename_follows(told: World) -> None:
    world = with_policy(told, BACK + FOLLOW)
    world.hr.put(SANNE)
    await first_load(world)
    world.hr.put(MARRIED)
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert mail(world) == "sanne.de.boer@proef.example"
    assert await problem(world) is None
    # What tells one message from the next, where nothing but messages can be sent.
    assert (await dossier_of(world, "1042")).target(TargetName.HR).applied.deliveries == 2


@pytest.mark.parametrize(
    ("conflict", "stands", "told_of"),
    [
        ("ours", MAIL, False),
        ("theirs", "eigen@proef.example", False),
        ("report", "eigen@proef.example", True),
    ],
)
async def test_what_a_human_put_there_follows_the_policy(
    told: World, conflict: str, stands: str, *, told_of: bool
) -> None:
    world = with_policy(told, BACK.replace("[work_mail]", f"[work_mail], conflict: {conflict}"))
    world.told.records["1042"] = {"work_mail": "eigen@proef.example"}
    world.hr.put(SANNE)
    await first_load(world)

    assert mail(world) == stands
    assert bool(await problem(world)) is told_of
    assert (await dossier_of(world, "1042")).target(TargetName.TOPDESK).applied.account_id


async def test_a_reported_value_goes_on_by_itself_when_it_is_mended(told: World) -> None:
    told.told.records["1042"] = {"work_mail": "eigen@proef.example"}
    told.hr.put(SANNE)
    await first_load(told)
    said = await problem(told)
    assert said
    assert "eigen" not in said

    told.told.records["1042"] = {}
    await days_pass(told, 1)

    assert mail(told) == MAIL
    assert await problem(told) is None


@pytest.mark.parametrize(("leaver", "stands"), [("keep", MAIL), ("clear", None)])
async def test_a_leavers_mail_is_kept_or_cleared(
    told: World, leaver: str, stands: str | None
) -> None:
    world = with_policy(told, BACK.replace("[work_mail]", f"[work_mail], leaver: {leaver}"))
    world.hr.put(SANNE)
    await first_load(world)
    world.hr.put(a_leaver(TODAY))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 1)

    assert mail(world) == stands

    back = a_contract(key="1042-2", start=TODAY + timedelta(days=3))
    world.hr.put(a_record("1042", contracts=(*a_leaver(TODAY).contracts, back)))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 3)
    assert mail(world) == MAIL


async def test_what_is_not_ours_is_never_cleared(told: World) -> None:
    world = with_policy(
        told, BACK.replace("[work_mail]", "[work_mail], leaver: clear, conflict: theirs")
    )
    world.told.records["1042"] = {"work_mail": "eigen@proef.example"}
    world.hr.put(SANNE)
    await first_load(world)
    world.hr.put(a_leaver(TODAY))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 40)

    assert mail(world) == "eigen@proef.example"
    assert world.told.writes == []


async def test_a_held_leaver_keeps_the_mail_until_a_human_agrees(told: World) -> None:
    text = BACK.replace("[work_mail]", "[work_mail], leaver: clear").replace(
        "block: {count: 3, share: 1}", "block: {count: 0, share: 1}"
    )
    world = with_policy(told, text)
    world.hr.put(SANNE)
    await first_load(world)
    world.hr.put(a_leaver(TODAY))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 2)

    assert mail(world) == MAIL


async def test_a_refusal_parks_the_write_back_alone_and_it_goes_on_by_itself(
    told: World,
) -> None:
    told.told.fails = [Permanent("AFAS refused: the UPN is another environment's", mender="hr")]
    told.hr.put(SANNE)
    await first_load(told)
    dossier = await dossier_of(told, "1042")
    row = dossier.target(TargetName.HR)

    assert row.problem == "AFAS refused: the UPN is another environment's"
    assert row.mender == "hr"
    assert all(
        dossier.target(name).applied.account_id and not dossier.target(name).problem
        for name in (TargetName.ENTRA, TargetName.TOPDESK)
    )
    await days_pass(told, 1)
    assert mail(told) == MAIL
    assert await problem(told) is None


async def test_a_lost_reply_is_looked_at_before_it_is_sent_again(told: World) -> None:
    told.told.fails = [UnknownReply("no answer")]
    told.hr.put(SANNE)
    await first_load(told)

    assert told.told.writes == [("1042", {"work_mail": MAIL})]


async def test_two_people_of_one_name_never_get_each_others_address(told: World) -> None:
    told.hr.put(a_record("7"), a_record("8"))
    await first_load(told)

    assert {mail(told, "7"), mail(told, "8")} == {MAIL, "s.m.van.dijk@proef.example"}
    for number in ("7", "8"):
        login = (await dossier_of(told, number)).target(TargetName.ENTRA).applied.login
        assert mail(told, number) == login


async def test_switching_it_on_tells_hr_of_everybody_without_a_human(world: World) -> None:
    people = [a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(30)]
    world.hr.put(*people)
    await first_load(world)
    later = with_policy(world, BACK)
    await minutes_pass(later, 16)

    assert len(later.told.writes) == 30


async def test_preview_shows_what_would_be_written(told: World) -> None:
    told.hr.put(SANNE)
    await first_load(told)
    told.told.records.clear()
    shown = await preview(told.service, "afas", "1042")

    (plan,) = [plan for plan in shown.plans if plan.target is TargetName.HR]
    (change,) = plan.changes
    assert change.kind is Kind.WRITE_RECORD
    assert change.reasons[0].rule == "write_back.afas.fields.work_mail"
    assert told.told.records == {}


async def test_explain_says_which_rule_writes_what_and_whether_it_stands(told: World) -> None:
    told.told.records["1042"] = {"work_mail": "eigen@proef.example"}
    told.hr.put(SANNE)
    await first_load(told)
    (waits,) = (await explained(told.service, "afas", "1042")).back
    told.told.records.clear()
    await days_pass(told, 1)
    (stands,) = (await explained(told.service, "afas", "1042")).back

    assert (waits.stands, stands.stands) == (False, True)
    assert (stands.record, stands.field) == ("afas:1042", "work_mail")
    assert stands.reason.rule == "write_back.afas.fields.work_mail"


USER = POLICY + "write_back: {afas: {fields: [work_mail], user: true}}\n"


def user(world: World, number: str = "1042") -> dict[str, object]:
    has = world.told.records.get(number, {})
    return {f.removeprefix("user."): v for f, v in has.items() if f.startswith("user.")}


@pytest.fixture
async def users(told: World) -> World:
    """A world whose AFAS gets users too, with one employee who has none yet."""
    world = with_policy(told, USER)
    world.hr.put(SANNE)
    await first_load(world)
    return world


async def test_a_user_is_made_blocked_let_in_and_scrubbed(users: World) -> None:
    made = {"id": "{environment}.1042", "upn": MAIL, "mail": MAIL, "self_service": True}
    assert user(users) == made

    users.hr.put(a_leaver(TODAY))
    await signalled(users.service, "afas", "1042")
    await days_pass(users, 1)
    assert user(users) == {**made, "blocked": True}

    back = a_contract(key="1042-2", start=TODAY + timedelta(days=10))
    users.hr.put(a_record("1042", contracts=(*a_leaver(TODAY).contracts, back)))
    await signalled(users.service, "afas", "1042")
    await days_pass(users, 4)
    assert user(users)["blocked"] is True
    await days_pass(users, 6)
    assert user(users) == {**made, "blocked": False}

    end = TODAY + timedelta(days=11)
    gone = (*a_leaver(TODAY).contracts, back.model_copy(update={"end": end}))
    users.hr.put(a_record("1042", contracts=gone))
    await signalled(users.service, "afas", "1042")
    await days_pass(users, 33)
    gone_user = {**made, "upn": None, "mail": None, "self_service": False, "blocked": True}
    assert user(users) == gone_user
    assert mail(users) == MAIL


async def test_a_user_that_is_there_is_kept_right_and_never_made(told: World) -> None:
    world = with_policy(told, USER)
    world.told.records["1042"] = {"user.id": "12345.SDIJK", "user.blocked": False}
    world.hr.put(SANNE)
    await first_load(world)

    has = {"id": "12345.SDIJK", "upn": MAIL, "mail": MAIL, "self_service": True}
    assert user(world) == {**has, "blocked": False}


async def test_whoever_hr_blocked_stays_blocked(told: World) -> None:
    world = with_policy(told, USER)
    world.told.records["1042"] = {"user.id": "12345.SDIJK", "user.blocked": True}
    world.hr.put(SANNE)
    await first_load(world)
    await days_pass(world, 2)

    assert user(world)["blocked"] is True


async def test_a_user_that_cannot_be_found_to_be_blocked_is_told(users: World) -> None:
    shown, users.told.shown = users.told.shown, tuple
    users.hr.put(a_leaver(TODAY))
    await signalled(users.service, "afas", "1042")
    await days_pass(users, 1)
    said = await problem(users)
    users.told.shown = shown
    await days_pass(users, 1)

    assert said
    assert "does not show afas:1042" in said
    assert await problem(users) is None
    assert user(users)["blocked"] is True


async def test_a_refused_user_leaves_the_mail_written(told: World) -> None:
    world = with_policy(told, USER)
    world.told.fails = [None, Permanent("the UPN is another environment's", mender="hr")]
    world.hr.put(SANNE)
    await first_load(world)

    assert mail(world) == MAIL
    assert await problem(world) == "the UPN is another environment's"
    await days_pass(world, 1)
    assert user(world)["upn"] == MAIL
    assert await problem(world) is None


async def test_hr_knows_before_the_manager_hears_of_a_joiner(told: World) -> None:
    text = BACK + "notices: {send: [joiner], operators: [balie@proef.example]}\n"
    world = with_policy(told, text)
    world.hr.put(a_record("7", name=a_name(birth="Anders")))
    await first_load(world)
    mailer = with_mail(world)
    starts = (a_contract(start=TODAY + timedelta(days=3)),)
    world.hr.put(a_record("1042", contracts=starts))
    await signalled(world.service, "afas", "1042")
    await sweep(world.service)
    await deliver_notices(world)
    assert mail(world) is None
    assert mailer.letters == []

    await settle(world)
    assert mail(world) == MAIL
    await minutes_pass(world, 16)
    assert len(mailer.letters) == 1


async def test_a_joiner_whose_write_back_is_parked_is_told_of_all_the_same(told: World) -> None:
    text = BACK + "notices: {send: [joiner], operators: [balie@proef.example]}\n"
    world = with_policy(told, text)
    world.hr.put(a_record("7", name=a_name(birth="Anders")))
    await first_load(world)
    mailer = with_mail(world)
    world.told.fails = [Permanent("no right", mender="settings")] * 9
    world.hr.put(a_record("1042", contracts=(a_contract(start=TODAY + timedelta(days=3)),)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    await minutes_pass(world, 16)

    assert await problem(world) == "no right"
    assert len(mailer.letters) == 1


PHONE = POLICY.replace('    jobTitle: "{job.name}"\n', '    businessPhones: "{phone}"\n') + (
    'write_back: {afas: {fields: {work_mail: "{account.login}", phone: "+31 20 555 {number}"}}}\n'
)


@given(
    rename=st.booleans(),
    leaves=st.booleans(),
    typed=st.sampled_from([None, "", "+31 6", "eigen@proef.example"]),
    conflict=st.sampled_from(["ours", "theirs", "report"]),
)
@settings(max_examples=12, deadline=None)
async def test_after_any_story_a_poll_brings_no_further_event(
    *, rename: bool, leaves: bool, typed: str | None, conflict: str
) -> None:
    """HR's answer holds what we wrote: of a field that is ours that is no news."""
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    text = PHONE.replace("{afas: {", f"{{afas: {{conflict: {conflict}, ") + FOLLOW
    world = a_world(store, clock=clock, policy=text)
    world.hr.put(SANNE)
    await first_load(world)
    if rename:
        world.hr.put(MARRIED)
    if typed is not None:
        world.told.records["1042"]["phone"] = typed
    if leaves:
        world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    before = await dossier_of(world, "1042")

    said = world.hr.people["1042"]
    echo = str(world.told.records["1042"]["phone"] or "") or None
    world.hr.put(said.model_copy(update={"phone": echo}))
    await poll(world.service, "afas")

    assert world.bus.wakes == []
    assert (await dossier_of(world, "1042")).decision == before.decision
    await store.close()
