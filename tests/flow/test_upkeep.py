"""What is looked after once a day: each step by itself, resumed after a stop, told once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from build import POLICY, a_record
from fakes import FakeMailer, World, with_mail
from turning import first_load, settle

from shared.errors import Permanent
from shared.flow import expiries, retention, sealing, upkeep, upkept
from shared.flow.expiries import Keys
from shared.flow.noticing import send_again
from shared.flow.service import Service
from shared.flow.upkeep import Task
from shared.ledger.rows import Row
from shared.ledger.upkeep import Step
from shared.model.notice import Cause, NoticeKind
from shared.model.upkeep import Ending, Looked

OPERATORS = POLICY + "notices:\n  operators: [beheer@proef.example]\n"
WELL = Looked(said="all is well")


def task(name: str, *found: Looked | Exception, ran: list[str] | None = None) -> Task:
    """A step that sees these one after the other, and the last one for ever."""
    left = list(found) or [WELL]

    async def look(_service: Service) -> Looked:
        if ran is not None:
            ran.append(name)
        seen = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(seen, Exception):
            raise seen
        return seen

    return Task(name, look)


def ending(world: World, days: float, key: str = "AA", what: str = "certificate") -> Looked:
    at = world.clock.now() + timedelta(days=days)
    return Looked(said="seen", endings=(Ending(key=key, what=what, at=at, mend="renew it"),))


async def told(world: World, *tasks: Task) -> FakeMailer:
    """Mail is there, operators are known, and this was looked at."""
    world.service = replace(world.service, policy_text=lambda: OPERATORS)
    mailer = with_mail(world)
    await settle(world)
    await upkeep(world.service, tasks)
    await settle(world)
    return mailer


async def seen(world: World) -> dict[str, Step]:
    return {step.name: step for step in await upkept.steps(world.service)}


# --- the run -----------------------------------------------------------------------------------


async def test_step_that_fails_is_told_and_stops_no_other(world: World) -> None:
    await settle(world)
    refused = task("one", Permanent("Graph refused"))

    assert await upkeep(world.service, [refused, task("two")])

    steps = await seen(world)
    assert steps["one"].looked.problems == ("Graph refused",)
    assert steps["two"].looked == WELL
    assert await upkept.summary(world.service) == (
        "the daily upkeep found 1 problem; see `instroom upkeep`"
    )


async def test_bug_in_one_step_rises_after_the_others_were_done(world: World) -> None:
    await settle(world)

    with pytest.raises(ExceptionGroup, match="went on"):
        await upkeep(world.service, [task("one", KeyError("name")), task("two")])

    assert (await seen(world))["two"].looked == WELL
    assert (await seen(world))["one"].looked.problems[0].startswith("a bug, KeyError")


async def test_run_that_was_stopped_goes_on_where_it_was(world: World) -> None:
    await settle(world)
    ran: list[str] = []

    class Killed(BaseException):
        pass

    async def killed(_service: Service) -> Looked:
        raise Killed

    with pytest.raises(Killed):
        await upkeep(world.service, [task("one", ran=ran), Task("two", killed)])
    assert not await upkeep(world.service, [task("one", ran=ran), task("two", ran=ran)])
    world.clock.advance(minutes=16)

    assert await upkeep(world.service, [task("one", ran=ran), task("two", ran=ran)])
    assert ran == ["one", "two"]


async def test_run_of_another_day_begins_anew(world: World) -> None:
    await settle(world)
    ran: list[str] = []
    for _ in range(2):
        await upkeep(world.service, [task("one", ran=ran)])
        world.clock.advance(days=1)

    assert ran == ["one", "one"]


async def test_step_that_broke_off_keeps_no_other_waiting(world: World) -> None:
    """Such as one that takes longer than the host lets a function run, each day anew."""
    await settle(world)
    ran: list[str] = []

    class Killed(BaseException):
        pass

    async def killed(_service: Service) -> Looked:
        ran.append("long")
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            await upkeep(world.service, [Task("long", killed), task("seal", ran=ran)])
        world.clock.advance(days=1)

    assert ran == ["long", "seal", "long", "seal", "long"]


async def test_two_at_once_are_one(world: World) -> None:
    await settle(world)
    ran: list[str] = []

    async def second(service: Service) -> Looked:
        assert not await upkeep(service, [task("one", ran=ran)])
        return WELL

    assert await upkeep(world.service, [Task("zero", second), task("one", ran=ran)])
    assert ran == ["one"]


async def test_step_that_is_gone_is_no_longer_told(world: World) -> None:
    await settle(world)
    await upkeep(world.service, [task("one", Permanent("wrong")), task("two")])
    world.clock.advance(days=1)
    await upkeep(world.service, [task("two")])

    assert set(await seen(world)) == {"two"}
    assert await upkept.summary(world.service) is None


async def test_upkeep_that_no_longer_runs_is_told(world: World) -> None:
    await settle(world)
    assert await upkept.summary(world.service) is None
    await upkeep(world.service, [task("one")])
    world.clock.advance(days=3)

    assert "look at the timer `upkeep`" in str(await upkept.summary(world.service))


# --- mail --------------------------------------------------------------------------------------


async def test_certificate_is_warned_of_at_each_threshold_once(world: World) -> None:
    look = task("sso", ending(world, 61))
    mailer = await told(world, look)
    subjects = []
    for _ in range(63):
        world.clock.advance(days=1)
        await upkeep(world.service, [look])
        await settle(world)
        subjects.append(len(mailer.letters))

    assert subjects[0] == 1  # sixty days and less
    assert subjects[30] == 2
    assert subjects[53] == 3
    assert subjects[-1] == 4  # it is over
    assert all("certificate" in letter.subject for letter in mailer.letters)
    assert mailer.letters[-1].subject.startswith("Instroom: verlopen op")
    assert mailer.letters[0].to == ("beheer@proef.example",)


async def test_what_was_renewed_is_warned_of_no_more(world: World) -> None:
    mailer = await told(world, task("sso", ending(world, 20)))
    assert len(mailer.letters) == 1
    world.clock.advance(days=1)
    await upkeep(world.service, [task("sso", ending(world, 400, "BB"))])
    await settle(world)

    assert len(mailer.letters) == 1


async def test_ending_that_was_renewed_before_the_mail_left_is_not_told(world: World) -> None:
    mailer = await told(world, task("sso", ending(world, 400)))
    gone = Cause(kind=NoticeKind.EXPIRY, about="sso: AA", mark="30")
    await world.service.ledger.notices.intend(gone, world.clock.now())
    await settle(world)

    kept = await world.service.ledger.notices.read(gone.notice_id)
    assert kept is not None
    assert (kept.notice.state, kept.notice.problem) == ("dropped", "it was renewed")
    assert mailer.letters == []


async def test_problem_is_mailed_once_a_week_while_it_is_the_same(world: World) -> None:
    wrong = task("sso", Permanent("the group is empty"))
    mailer = await told(world, wrong)
    for _ in range(3):
        world.clock.advance(days=1)
        await upkeep(world.service, [wrong])
        await settle(world)
    assert len(mailer.letters) == 1
    world.clock.advance(days=7)
    await upkeep(world.service, [wrong])
    await settle(world)

    assert len(mailer.letters) == 2
    assert "the group is empty" in mailer.letters[0].text


async def test_nobody_is_mailed_without_operators(world: World) -> None:
    mailer = with_mail(world)
    await settle(world)
    await upkeep(world.service, [task("sso", Permanent("wrong"))])
    await settle(world)

    assert mailer.letters == []


# --- secrets and consents ----------------------------------------------------------------------


def keys(
    ends: dict[str, datetime | None], renewed: dict[str, datetime], *names: str
) -> Callable[[Service], Awaitable[Looked]]:
    async def told_ends() -> dict[str, datetime | None]:
        return ends

    async def told_renewed() -> dict[str, datetime]:
        return renewed

    return lambda service: expiries.look(service, Keys(names, told_ends, told_renewed))


async def test_ends_that_somebody_knows_are_told_and_the_rest_is_said(world: World) -> None:
    text = POLICY + "upkeep:\n  ends: [{what: Application password, on: 2026-11-20}]\n"
    world.service = replace(world.service, policy_text=lambda: text)
    await settle(world)
    end, wall = datetime(2026, 12, 1, tzinfo=UTC), world.clock.wall()
    consents = {"exact": wall - timedelta(days=20), "nmbrs": wall - timedelta(hours=1)}
    ends: dict[str, datetime | None] = {"AFAS_TOKEN": end, "SCIM_TOKEN": None}

    looked = await keys(ends, consents, "AFAS_TOKEN", "SCIM_TOKEN")(world.service)

    found = {ending.what: ending.at for ending in looked.endings}
    assert found == {
        "the secret of AFAS_TOKEN in Key Vault": end,
        "the consent of exact, which was last renewed on 13-10-2026": wall + timedelta(days=10),
        "Application password": datetime(2026, 11, 20, 23, tzinfo=UTC),
    }
    assert looked.said.startswith("1 of 2 secrets have an end that is known; nobody knows it of S")


# --- what need not be kept ---------------------------------------------------------------------


async def test_notices_and_calls_are_forgotten_when_they_are_old(world: World) -> None:
    mailer = await told(world, task("sso", ending(world, 20)))
    heard = await world.service.ledger.calls.first(
        "afas", "msg", world.clock.now(), wall=world.clock.wall()
    )
    assert len(mailer.letters) == 1
    world.clock.advance(days=22)
    first = await retention.forget(world.service)
    world.clock.advance(days=400)
    second = await retention.forget(world.service)
    third = await retention.forget(world.service)

    assert first.said == "forgotten: 1 calls"
    assert second.said == "forgotten: 2 notices"  # the other said that nobody was parked
    assert third.said == "nothing is older than it is kept"
    assert await world.service.ledger.store.get("calls", heard.week, heard.key) is None


async def test_notice_that_nobody_answered_is_never_forgotten(world: World) -> None:
    await told(world)
    cause = Cause(kind=NoticeKind.EXPIRY, about="sso: AA", mark="30")
    await world.service.ledger.notices.intend(cause, world.clock.now())
    kept = await world.service.ledger.notices.read(cause.notice_id)
    assert kept is not None
    await world.service.ledger.notices.save(kept, state="unknown")
    world.clock.advance(days=500)
    await retention.forget(world.service)

    await send_again(world.service, cause.notice_id)


async def test_old_history_goes_when_the_policy_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = POLICY + "upkeep: {keep_history_days: 365}\n"
    world.service = replace(world.service, policy_text=lambda: text)
    world.hr.put(a_record("1042"))
    await first_load(world)
    known = await world.service.ledger.identities.find("afas", "1042")
    assert known is not None
    before = [line async for line in world.service.ledger.history.of(known.person_id)]

    world.clock.advance(days=1)
    await sealing.seal(world.service)
    world.clock.advance(days=380)
    store, read = world.service.ledger.store, list[str]()
    get = store.get

    async def counting(table: str, partition: str, key: str) -> Row | None:
        read.append(table)
        return await get(table, partition, key)

    monkeypatch.setattr(store, "get", counting)
    looked = await retention.forget(world.service)
    left = [line async for line in world.service.ledger.history.of(known.person_id)]

    assert len(before) > 2
    assert read.count("history") == 0, "one query for the person, and no read for each line"
    assert left == []
    assert "lines of the history" in looked.said
    verified = await sealing.verified(world.service)
    assert verified.broken is None
    assert verified.dropped == 1
    assert date(2026, 11, 2) == verified.first
