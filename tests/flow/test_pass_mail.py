"""By opt-in the manager gets a joiner's pass by mail: issued once though retried, kept nowhere."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

import pytest
from build import POLICY, TODAY, a_contract, a_name, a_record
from fakes import FakeClock, FakeMailer, World, a_world, undisturbed, with_mail
from fakes_passes import CODE, FakePasses
from stopping import Stopper, WatchedStore, begun_from, image_of, runs_to_its_end, watch
from turning import (
    account_of,
    audit_of,
    days_pass,
    deliver_notices,
    first_load,
    minutes_pass,
    person_id_of,
    with_policy,
)

from shared.errors import InstroomError, Misconfigured, Permanent, Transient, UnknownReply
from shared.flow.first_sign_in import collect_pass
from shared.flow.noticing import send_again, unsent
from shared.flow.pass_mail import notify
from shared.ledger.notices import Kept
from shared.ledger.sqlite import open_sqlite
from shared.model.collector import Collector
from shared.policy.load import load

SECTION = "first_sign_in: {by: mail}\nnotices: {language: en}\n"
BOSS = a_record("7", name=a_name(birth="Baas"))
DESK = Collector(name="desk", at_the_desk=True)


async def joins(world: World, *, days: int = 0, manager: str | None = "7") -> FakeMailer:
    """A boss, and somebody who begins in so many days and works for the boss."""
    world.service = with_policy(world, POLICY + SECTION).service
    mailer = with_mail(world)
    contract = a_contract(key="s", start=TODAY + timedelta(days=days), manager=manager)
    world.hr.put(BOSS, a_record("1042", contracts=(contract,)))
    await first_load(world)
    await minutes_pass(world, 2)
    return mailer


def passes_of(world: World) -> FakePasses:
    passes = world.service.passes
    assert isinstance(passes, FakePasses)
    return passes


def of_sanne(mailer: FakeMailer) -> list[str]:
    return [letter.text for letter in mailer.letters if "1042" in letter.text]


async def notices(world: World) -> list[Kept]:
    kept = [one async for one in world.service.ledger.notices.unfinished()]
    person = await person_id_of(world, "1042")
    return [one for one in kept if one.notice.cause.about == person]


async def test_the_manager_gets_the_pass_when_the_account_can_sign_in(world: World) -> None:
    mailer = await joins(world, days=3)
    assert of_sanne(mailer) == []

    await days_pass(world, 3)
    await minutes_pass(world, 2)

    (text,) = of_sanne(mailer)
    usable = passes_of(world).usable[account_of(world, "1042").id]
    assert f"Code: {usable}" in text
    assert "one time only" in text
    letter = next(one for one in mailer.letters if one.text == text)
    assert letter.to == (f"{account_of(world, '7').id}@proef.example",)
    assert letter.keep is False, "no copy in Sent Items"
    assert CODE not in repr(letter)


async def test_nobody_is_mailed_twice_however_often_it_is_looked_at(world: World) -> None:
    mailer = await joins(world)

    for _ in range(3):
        await days_pass(world, 1)

    assert len(of_sanne(mailer)) == 1
    assert len(passes_of(world).terms) == 1
    assert "pass asked for" in await audit_of(world, "1042")
    assert "notice sent: pass" in await audit_of(world, "1042")


@pytest.mark.parametrize("of_mail", [True, False])
async def test_a_lost_answer_leaves_it_unknown_and_shown(world: World, *, of_mail: bool) -> None:
    mailer = await joins(world, days=1)
    lost = UnknownReply("no answer")
    if of_mail:
        mailer.fails, mailer.delivers_all_the_same = [lost], True
    else:
        passes_of(world).fails, passes_of(world).loses = [lost], True

    for _ in range(3):
        await days_pass(world, 1)

    (kept,) = await notices(world)
    assert kept.notice.state == "unknown"
    assert len(passes_of(world).terms) == 1
    assert len(of_sanne(mailer)) == (1 if of_mail else 0)
    assert "1 unknown" in str(await unsent(world.service))

    await send_again(world.service, kept.notice.notice_id)
    await minutes_pass(world, 5)
    assert len(passes_of(world).terms) == 2, "an operator asked: the earlier one cannot be used"
    assert len(of_sanne(mailer)) == (2 if of_mail else 1)


@pytest.mark.parametrize(
    "error", [Transient("throttled"), Permanent("no mailbox", mender="settings")]
)
async def test_a_mail_that_was_surely_not_sent_brings_another_pass(
    world: World, error: InstroomError
) -> None:
    mailer = await joins(world, days=1)
    mailer.fails = [error]

    await days_pass(world, 1)
    await minutes_pass(world, 2)
    for _ in range(4):
        await minutes_pass(world, 61)

    (text,) = of_sanne(mailer)
    assert passes_of(world).usable[account_of(world, "1042").id] in text
    assert len(passes_of(world).terms) == 2


async def test_a_pass_that_was_collected_is_not_mailed(world: World) -> None:
    mailer = await joins(world, days=1)
    mailer.away = True  # the manager has no mailbox yet
    await days_pass(world, 1)
    await collect_pass(world.service, await person_id_of(world, "1042"), DESK)
    mailer.away = False

    await days_pass(world, 2)

    assert of_sanne(mailer) == []
    assert len(passes_of(world).terms) == 1


async def test_who_has_no_manager_is_helped_at_the_desk(world: World) -> None:
    mailer = await joins(world, manager=None)

    await days_pass(world, 2)

    (kept,) = await notices(world)
    assert kept.notice.problem == "HR names no manager: collect the pass at the desk"
    assert of_sanne(mailer) == []


async def test_the_code_stands_in_no_log_and_in_no_row(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await joins(world)
    await deliver_notices(world)

    assert passes_of(world).terms
    assert CODE not in caplog.text
    person = await person_id_of(world, "1042")
    store = world.service.ledger.store
    for table, partition in (("history", person), ("people", person), ("firstsignins", "all")):
        rows = [str(dict(row.properties)) async for row in store.scan(table, partition)]
        assert rows
        assert CODE not in "".join(rows)
    assert all(CODE not in one.notice.model_dump_json() for one in await notices(world))


def test_passes_are_not_sent_from_the_section_of_notices() -> None:
    with pytest.raises(Misconfigured, match="'pass' is sent by"):
        load(POLICY + "notices: {send: [pass]}\n")


async def test_one_pass_and_one_mail_wherever_the_process_stops() -> None:
    """Every write to the ledger, the pass and the mail: before and after."""
    clock = FakeClock()
    policy = POLICY + SECTION
    store = WatchedStore(await open_sqlite(None, wall=clock.wall))
    world = a_world(store, clock=clock, policy=policy)
    with_mail(world).away = True  # nothing is sent yet
    contract = a_contract(key="s", start=TODAY, manager="7")
    world.hr.put(BOSS, a_record("1042", contracts=(contract,)))
    await first_load(world)
    (waits,) = await notices(world)
    sent = waits.notice.notice_id
    image, at, stopped = await image_of(world), 0, True

    while stopped:
        world = await begun_from(image, policy=policy)
        mailer, stopper = with_mail(world), Stopper(at)
        watch(world, stopper)
        mailer.moment = passes_of(world).moment = stopper
        stopped = not await runs_to_its_end(partial(notify, world.service, sent))
        watch(world, undisturbed)
        mailer.moment = passes_of(world).moment = undisturbed
        await days_pass(world, 2)
        await minutes_pass(world, 2)

        mails, passes = len(of_sanne(mailer)), len(passes_of(world).terms)
        kept = await world.service.ledger.notices.read(sent)
        assert kept is not None
        state = kept.notice.state
        assert (mails, passes, state) in {
            (1, 1, "sent"),
            (1, 1, "unknown"),
            (0, 1, "unknown"),
            (0, 0, "unknown"),
        }, at
        assert stopped or (mails, state) == (1, "sent")
        await world.service.ledger.store.close()
        at += 1
    assert at > 10
