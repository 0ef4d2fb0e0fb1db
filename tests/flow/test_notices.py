"""Mail to managers and operators: each cause once, whatever is retried or lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from build import POLICY, a_contract, a_record, moved
from fakes import FakeMailer, World, with_mail
from stopping import Stopped, Stopper, WatchedStore
from turning import (
    account_of,
    audit_of,
    days_pass,
    deliver_notices,
    dossier_of,
    first_load,
    minutes_pass,
    open_batches,
    person_id_of,
    settle,
)

from shared.errors import Permanent, TargetDown, Transient, UnknownReply
from shared.flow import approve, noticing, sweep
from shared.flow.collect import signalled
from shared.flow.service import Ledger
from shared.model.notice import Notice, NoticeKind
from shared.model.person import Record

TOLD = """
notices:
  send: [held, parked, joiner, mover, leaver, left]
  operators: [beheer@proef.example]
  joiner_days: 3
  leaver_days: 5
"""
APPROVERS = "  approvers: [anna@proef.example, Bert]\n  deputies: [cor@proef.example]\n"
TELLING = POLICY + APPROVERS + TOLD
MANAGER = "1001"
START = date(2026, 11, 12)


async def organisation(world: World, *people: Record, policy: str = TELLING) -> World:
    """A manager and these people stand in both systems; the first load is over."""
    world.service = replace(world.service, policy_text=lambda: policy)
    world.hr.put(a_record(MANAGER), *people)
    await first_load(world)
    return world


def under(number: str = "1042", **contract: object) -> Record:
    """Somebody whose manager is ours."""
    return a_record(number, contracts=(a_contract(key=number, manager=MANAGER, **contract),))


async def hear(world: World, record: Record) -> None:
    world.hr.put(record)
    await signalled(world.service, "afas", record.number)
    await settle(world)


async def unfinished(world: World) -> list[Notice]:
    return [kept.notice async for kept in world.service.ledger.notices.unfinished()]


def subjects(mailer: FakeMailer) -> list[str]:
    return [letter.subject for letter in mailer.letters]


def to_manager(world: World) -> tuple[str, ...]:
    return (f"{account_of(world, MANAGER).id}@proef.example",)


# --- managers ----------------------------------------------------------------------------------


async def test_going_live_tells_no_manager_of_anybody(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world, under(), under("1043", start=START))

    assert mailer.letters == []


async def test_manager_hears_of_a_joiner_days_before_and_once(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world)
    await hear(world, under(start=START))
    assert mailer.letters == []

    await days_pass(world, 7)
    assert subjects(mailer) == ["Sanne van Dijk begint op 12 november 2026"]
    await days_pass(world, 20)

    (letter,) = mailer.letters
    assert letter.to == to_manager(world)
    assert letter.sender == "instroom@proef.example"
    assert "Systeembeheerder" in letter.text
    assert account_of(world, "1042").user_principal_name in letter.text
    assert "notice sent: joiner" in await audit_of(world, "1042")
    assert await unfinished(world) == []


async def test_start_that_moves_is_told_anew(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world)
    await hear(world, under(start=date(2026, 11, 4)))
    await hear(world, under(start=date(2026, 11, 5)))

    assert subjects(mailer) == [
        "Sanne van Dijk begint op 4 november 2026",
        "Sanne van Dijk begint op 5 november 2026",
    ]


async def test_manager_hears_before_and_after_a_last_day(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world, under(), under("1043"))
    await hear(world, under(end=date(2026, 11, 20)))
    await days_pass(world, 12)
    assert mailer.letters == []

    await days_pass(world, 1)
    assert subjects(mailer) == ["Sanne van Dijk werkt tot en met 20 november 2026"]
    await days_pass(world, 5)
    assert len(mailer.letters) == 1
    await days_pass(world, 20)

    assert subjects(mailer)[1:] == ["Sanne van Dijk kan niet meer aanmelden"]
    assert {letter.to for letter in mailer.letters} == {to_manager(world)}


async def test_new_manager_hears_of_a_move(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world, under())
    await hear(world, moved(under(), "ZORG", "Zorg en Welzijn"))
    await hear(world, moved(under(), "ZORG", "Zorg en Welzijn"))

    assert subjects(mailer) == ["Sanne van Dijk werkt nu bij Zorg en Welzijn"]


async def test_department_that_is_called_otherwise_is_no_move(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world, under())
    await hear(world, moved(under(), "ICT-BEH", "Informatie en Techniek"))

    assert mailer.letters == []


async def test_who_died_or_is_stopped_is_no_mail(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world, under())
    await hear(world, under(end=date(2026, 11, 4)).model_copy(update={"died_on": START}))

    assert mailer.letters == []


async def test_nothing_goes_to_managers_unless_the_policy_says_so(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world, under(), policy=POLICY)
    await hear(world, under(end=date(2026, 11, 3)))
    await days_pass(world, 10)

    assert mailer.letters == []


async def test_operators_hear_of_who_has_no_manager(world: World) -> None:
    mailer = with_mail(world)
    await organisation(world)
    await hear(
        world, a_record("1042", contracts=(a_contract(key="1042", start=date(2026, 11, 4)),))
    )

    assert [letter.to for letter in mailer.letters] == [("beheer@proef.example",)]


async def test_manager_without_an_account_is_waited_for(world: World) -> None:
    mailer = with_mail(world)
    mailer.away = True
    await organisation(world)
    await hear(world, under(start=date(2026, 11, 5)))
    assert [(n.state, n.problem) for n in await unfinished(world)] == [
        ("waiting", "the manager afas:1001 has no account yet")
    ]

    mailer.away = False
    await days_pass(world, 1)
    assert len(mailer.letters) == 1


async def test_sender_is_the_employers(world: World) -> None:
    choice = "  sender:\n    - {when: {employer.code: '02'}, value: hr@dochter.example}\n"
    mailer = with_mail(world)
    daughter = {"employer": {"code": "02", "name": "Dochter"}}
    await organisation(world, policy=TELLING + choice)
    soon = under(start=date(2026, 11, 4))
    contract = soon.contracts[0].model_validate({**soon.contracts[0].model_dump(), **daughter})
    await hear(world, soon.model_copy(update={"contracts": (contract,)}))
    await hear(world, under("1043", start=date(2026, 11, 4)))

    assert sorted(letter.sender for letter in mailer.letters) == [
        "hr@dochter.example",
        "instroom@proef.example",
    ]


# --- operators ---------------------------------------------------------------------------------


async def a_mass_leave(world: World) -> World:
    people = [under(str(n)) for n in range(2001, 2013)]
    world = await organisation(world, *people)
    for person in people:
        world.hr.put(under(person.number, end=date(2026, 11, 1)))
        await signalled(world.service, "afas", person.number)
    await settle(world)
    return world


def of_held(mailer: FakeMailer) -> list[tuple[str, tuple[str, ...]]]:
    return [(m.subject, m.to) for m in mailer.letters if "akkoord" in m.subject]


async def test_held_batch_is_told_once_and_again_louder(world: World) -> None:
    mailer = with_mail(world)
    world = await a_mass_leave(world)
    assert of_held(mailer) == []

    await minutes_pass(world, 6)
    await minutes_pass(world, 6)
    assert of_held(mailer) == [
        ("9 personen wachten op uw akkoord (block-1)", ("anna@proef.example",))
    ]
    for _ in range(80):
        await minutes_pass(world, 60)

    both = ("anna@proef.example", "cor@proef.example")
    assert of_held(mailer)[1:] == [
        ("Herinnering: 9 personen wachten op uw akkoord (block-1)", ("anna@proef.example",)),
        ("Herinnering: 9 personen wachten op uw akkoord (block-1)", both),
    ]


async def test_held_mail_names_nobody_and_says_how_to_answer(world: World) -> None:
    mailer = with_mail(world)
    world = await a_mass_leave(world)
    await minutes_pass(world, 6)
    (letter,) = [m for m in mailer.letters if "akkoord" in m.subject]
    (shown,) = await open_batches(world)

    assert f"instroom approve {shown.batch.batch_id} --seen {shown.fingerprint}" in letter.text
    assert "9: last day 2026-11-01" in letter.text
    assert not any(word in letter.text for word in ("Sanne", "Dijk", "2001"))


async def test_batch_that_was_answered_is_told_to_nobody(world: World) -> None:
    mailer = with_mail(world)
    world = await a_mass_leave(world)
    world.clock.advance(minutes=6)
    await sweep(world.service)
    (shown,) = await open_batches(world)
    await approve(world.service, shown, "anna")
    await deliver_notices(world)

    assert of_held(mailer) == []
    assert NoticeKind.HELD not in {notice.cause.kind for notice in await unfinished(world)}


async def test_parked_people_are_one_mail_a_morning(world: World) -> None:
    mailer = with_mail(world)
    world = await organisation(world, under(), under("1043"))
    world.entra.groups = frozenset({"Iedereen", "ICT"})
    for number in ("1042", "1043"):
        await hear(world, moved(under(number), "ZORG", "Zorg"))
    mailer.letters.clear()
    await days_pass(world, 1)

    (letter,) = mailer.letters
    assert letter.subject == "Instroom: 2 personen wachten op herstel"
    assert letter.to == ("beheer@proef.example",)
    assert "Te herstellen in policy.yaml: 2" in letter.text
    assert "group Zorg does not exist" in letter.text
    assert "afas:1042, afas:1043" in letter.text

    world.entra.groups = frozenset({"Iedereen", "ICT", "Zorg"})
    await days_pass(world, 2)
    assert len(mailer.letters) <= 2
    await days_pass(world, 3)
    assert len(mailer.letters) <= 2
    assert [p async for p in world.service.ledger.notices.parked()] == []


async def test_nobody_parked_is_no_mail(world: World) -> None:
    mailer = with_mail(world)
    world = await organisation(world, under())
    await days_pass(world, 3)

    assert mailer.letters == []


# --- once --------------------------------------------------------------------------------------


async def a_notice(world: World) -> FakeMailer:
    """A joiner whose manager is to hear of it; nothing was sent yet."""
    mailer = with_mail(world)
    await organisation(world)
    world.hr.put(under(start=date(2026, 11, 4)))
    await signalled(world.service, "afas", "1042")
    await sweep(world.service)
    return mailer


async def test_a_message_that_comes_twice_sends_once(world: World) -> None:
    mailer = await a_notice(world)
    world.bus.notices *= 3
    await deliver_notices(world)

    assert len(mailer.letters) == 1


async def test_a_message_that_is_lost_is_sent_after_the_lease(world: World) -> None:
    mailer = await a_notice(world)
    world.bus.notices.clear()
    await minutes_pass(world, 1)
    assert mailer.letters == []
    await minutes_pass(world, 15)

    assert len(mailer.letters) == 1


@pytest.mark.parametrize(
    ("error", "minutes"),
    [
        (Transient("throttled", retry_after_seconds=300), 5),
        (TargetDown("graph: no connection"), 2),
        (Permanent("the app may not send from this mailbox"), 60),
    ],
)
async def test_what_was_not_sent_is_sent_later(
    world: World, error: Exception, minutes: int
) -> None:
    mailer = await a_notice(world)
    mailer.fails = [error]
    await deliver_notices(world)
    refused = isinstance(error, Permanent)
    assert (await noticing.refusal(world.service) is not None) is refused
    await minutes_pass(world, minutes / 3)
    assert mailer.letters == []
    await minutes_pass(world, minutes)

    assert len(mailer.letters) == 1
    assert await noticing.refusal(world.service) is None


@pytest.mark.parametrize("delivered", [True, False])
async def test_a_lost_reply_is_unknown_and_not_sent_again(
    world: World, *, delivered: bool
) -> None:
    mailer = await a_notice(world)
    mailer.fails, mailer.delivers_all_the_same = [UnknownReply("no answer came")], delivered
    await deliver_notices(world)
    await days_pass(world, 3)

    (notice,) = await unfinished(world)
    assert notice.state == "unknown"
    assert len(mailer.letters) == delivered
    assert await noticing.unsent(world.service) == (
        "notices that may not have arrived: 1 unknown; see `instroom notice list`"
    )


async def test_an_operator_sends_or_drops_what_is_unknown(world: World) -> None:
    mailer = await a_notice(world)
    mailer.fails = [UnknownReply("no answer came")] * 2
    await deliver_notices(world)
    (notice,) = await unfinished(world)
    await noticing.send_again(world.service, notice.notice_id[:8])
    await settle(world)
    await noticing.drop(world.service, notice.notice_id[:8])

    assert await unfinished(world) == []
    assert await noticing.unsent(world.service) is None


async def test_nothing_is_sent_twice_wherever_the_process_stops(world: World) -> None:
    """Every write to the ledger, every send to the bus, the mail itself: before and after."""
    number, at = 1042, 0
    mailer = with_mail(world)
    await organisation(world, policy=TELLING.replace("joiner: {count: 20", "joiner: {count: 200"))
    plain = world.service
    while True:
        key = str(number + at)
        stopper = Stopper(at)
        store = WatchedStore(plain.ledger.store)
        store.moment = mailer.moment = world.bus.moment = stopper
        world.service = replace(plain, ledger=Ledger(store))
        world.hr.put(under(key, start=date(2026, 11, 4)))
        try:
            await signalled(world.service, "afas", key)
            await sweep(world.service)
            await deliver_notices(world)
        except Stopped:
            stopped = True
        else:
            stopped = False
        world.service, mailer.moment = plain, lambda _moment: None
        world.bus.moment = mailer.moment
        with suppress(Stopped):
            await signalled(world.service, "afas", key)
        await settle(world)
        await minutes_pass(world, 20)
        person_id = await person_id_of(world, key)
        mine = [m for m in mailer.letters if f"afas:{key}" in m.text]
        left = [n for n in await unfinished(world) if n.cause.about == person_id]
        assert len(mine) <= 1, at
        assert len(mine) == 1 or [n.state for n in left] == ["unknown"], at
        at += 1
        if not stopped:
            break

    assert at > 10


# --- templates ---------------------------------------------------------------------------------


async def test_mail_goes_out_though_a_template_of_the_customer_is_broken(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "joiner.txt").write_text("Subject: {{ nobody }}", encoding="utf-8")
    mailer = with_mail(world, tmp_path)
    await organisation(world)
    await hear(world, under(start=date(2026, 11, 4)))

    assert subjects(mailer) == ["Sanne van Dijk begint op 4 november 2026"]
    assert "template nl/joiner.txt" in caplog.text
    assert "Sanne" not in caplog.text


async def test_without_a_mailbox_nothing_is_remembered_to_be_sent(world: World) -> None:
    world = await organisation(world)
    await hear(world, under(start=date(2026, 11, 4)))
    await minutes_pass(world, 10)

    assert world.bus.notices == []
    assert await unfinished(world) == []
    assert (await dossier_of(world, "1042")).decision is not None
