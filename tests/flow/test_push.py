"""Whole people, and what changes of them, pushed by a system without a connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from build import NOW, POLICY, TODAY, a_record
from fakes import FakeClock, World, a_world
from pushing import (
    push_people,
    pushed_dossier,
    someone,
    statuses,
    until,
    why,
    with_push,
)
from turning import (
    account_of,
    days_pass,
    deliver,
    first_load,
    open_batches,
    settle,
    with_policy,
)

from shared.errors import Transient
from shared.flow.collect import full_sync, poll
from shared.flow.preview import preview
from shared.flow.stop import stop
from shared.intake.webhook import Refused
from shared.ledger.sqlite import open_sqlite

MOBILE = POLICY.replace(
    '    jobTitle: "{job.name}"\n', '    jobTitle: "{job.name}"\n    mobilePhone: "{mobile}"\n'
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    yield with_push(a_world(store, clock=clock, policy=MOBILE))
    await store.close()


async def stands(world: World, *numbers: str) -> None:
    """Pushed and come to stand, a while ago."""
    await push_people(world, *(someone(number) for number in numbers))
    await settle(world)
    world.clock.advance(minutes=20)
    await settle(world)


# --- what a push brings about ----------------------------------------------------------------


async def test_whole_person_stands_in_both_targets(world: World) -> None:
    answers = await push_people(world, someone("1042"))
    await settle(world)

    assert statuses(answers) == {"1042": "accepted"}
    account = account_of(world, "1042")
    assert account.enabled
    assert account.groups == {"Iedereen", "ICT"}
    assert account.attributes["mobilePhone"] == "+31 6 1"


async def test_answers_come_in_order_and_a_bad_item_stops_no_other(world: World) -> None:
    bad = {"number": "2", "name": {"birth": "Dijk"}, "contracts": [{"key": "1"}]}

    answers = await push_people(world, someone("1"), bad, 5, someone("3"))

    assert [(a.number, a.status) for a in answers] == [
        ("1", "accepted"),
        ("2", "refused"),
        (None, "refused"),
        ("3", "accepted"),
    ]
    assert why(answers[1]) == "contracts[0].start is missing"
    assert await world.service.ledger.identities.find("push", "2") is None


async def test_same_again_is_unchanged_and_wakes_nobody(world: World) -> None:
    await stands(world, "1042")

    answers = await push_people(world, someone("1042"))

    assert statuses(answers) == {"1042": "unchanged"}
    assert world.bus.wakes == []


async def test_one_number_twice_in_a_call_is_refused_with_the_places(world: World) -> None:
    answers = await push_people(world, someone("1"), someone("2"), until("1", TODAY))

    assert [a.status for a in answers] == ["refused", "accepted", "refused"]
    assert why(answers[0]) == "number stands in items 1 and 3 of this call"


async def test_patch_changes_only_what_is_given(world: World) -> None:
    await stands(world, "1042")

    zorg = {"key": "1", "start": "2024-01-01", "department": {"code": "ZORG", "name": "Zorg"}}
    await push_people(world, {"number": "1042", "contracts": [zorg]}, whole=False)
    await settle(world)

    account = account_of(world, "1042")
    assert account.groups == {"Iedereen", "Zorg"}
    assert account.attributes["mobilePhone"] == "+31 6 1"


@pytest.mark.parametrize("whole", [True, False])
async def test_cleared_value_is_emptied_in_the_targets(world: World, *, whole: bool) -> None:
    await stands(world, "1042")
    item = someone("1042", mobile=None) if whole else {"number": "1042", "mobile": None}

    await push_people(world, item, whole=whole)
    await settle(world)

    assert account_of(world, "1042").attributes["mobilePhone"] is None


async def test_put_that_leaves_out_empties(world: World) -> None:
    await stands(world, "1042")
    item = someone("1042")
    del item["mobile"]

    await push_people(world, item)
    await settle(world)

    assert account_of(world, "1042").attributes["mobilePhone"] is None


async def test_patch_of_nobody_is_refused_unless_it_is_whole(world: World) -> None:
    part, all_of_it = {"number": "7", "mobile": "06"}, someone("8")

    answers = await push_people(world, part, all_of_it, whole=False)

    assert statuses(answers) == {"7": "refused", "8": "accepted"}
    assert why(answers[0]) == "number is nobody's here yet"


async def test_two_patches_at_once_are_both_kept(world: World) -> None:
    await stands(world, "1042")

    await asyncio.gather(
        push_people(world, {"number": "1042", "mobile": "+31 6 2"}, whole=False),
        push_people(world, {"number": "1042", "phone": "010"}, whole=False),
    )

    record = (await pushed_dossier(world, "1042")).records["push:1042"].record
    assert record is not None
    assert (record.mobile, record.phone) == ("+31 6 2", "010")


# --- leaving ---------------------------------------------------------------------------------


async def test_end_date_is_how_somebody_leaves(world: World) -> None:
    await stands(world, "1042")

    await push_people(world, until("1042", TODAY))
    await settle(world)
    assert account_of(world, "1042").enabled

    await days_pass(world, 1)
    assert not account_of(world, "1042").enabled
    await days_pass(world, 31)
    assert world.entra.accounts == {}


@pytest.mark.parametrize("contracts", [[], None])
async def test_nobody_leaves_by_having_no_contracts(world: World, contracts: object) -> None:
    await stands(world, "1042")

    answers = await push_people(world, someone("1042", contracts=contracts))
    await days_pass(world, 20)

    assert why(answers[0]) == "contracts would be none, and nobody leaves by that"
    assert account_of(world, "1042").enabled


async def test_whoever_is_left_out_is_not_missing(world: World) -> None:
    world.hr.put(a_record("1"))
    await first_load(world)
    await stands(world, "1042")

    await push_people(world, someone("1043"))
    await full_sync(world.service, "afas")
    await days_pass(world, 20)

    assert account_of(world, "1042").enabled
    assert (await pushed_dossier(world, "1042")).records["push:1042"].missing_since is None


async def test_push_is_asked_by_no_timer_and_harmless_when_it_is(world: World) -> None:
    await stands(world, "1042")

    assert world.service.asked == ("afas",)
    await full_sync(world.service, "push")
    await poll(world.service, "push")
    await days_pass(world, 20)

    assert account_of(world, "1042").enabled


async def test_preview_shows_who_was_pushed(world: World) -> None:
    await stands(world, "1042")

    shown = await preview(world.service, "push", "1042")

    assert shown.person.primary_record.key == "push:1042"
    assert not any(plan.changes for plan in shown.plans)


# --- too many at once ------------------------------------------------------------------------


async def test_more_leavers_in_a_call_than_a_day_allows_all_wait(world: World) -> None:
    await stands(world, *map(str, range(8)))

    await push_people(world, *(until(str(n), TODAY - timedelta(days=1)) for n in range(4)))
    await settle(world)

    assert all(account_of(world, str(n)).enabled for n in range(8))
    (batch,) = await open_batches(world)
    assert len(batch.members) == 4
    assert batch.batch.cause == "one call of push ends 4 people at once"


async def test_as_many_as_a_day_allows_go(world: World) -> None:
    await stands(world, *map(str, range(8)))

    await push_people(world, *(until(str(n), TODAY - timedelta(days=1)) for n in range(3)))
    await settle(world)

    assert sum(not account_of(world, str(n)).enabled for n in range(8)) == 3


async def test_call_that_stopped_half_way_and_comes_again_still_waits(world: World) -> None:
    """Two of four were taken before the stop: the rest alone would be few enough."""
    await stands(world, *map(str, range(8)))
    items = [until(str(n), TODAY - timedelta(days=1)) for n in range(4)]
    writes = 0
    inner = world.service.ledger.store

    class Broken:
        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

        async def write(self, table: str, partition: str, operations: object) -> object:
            nonlocal writes
            if table == "guard":
                writes += 1
                if writes > 2:
                    raise Transient("the ledger is down")
            return await inner.write(table, partition, operations)  # type: ignore[arg-type]

    ledger = type(world.service.ledger)(Broken())  # type: ignore[arg-type]
    broken = replace(world, service=replace(world.service, ledger=ledger))
    with pytest.raises(Transient):
        await push_people(broken, *items, call_id="msg_mass")
    await push_people(world, someone("99"))

    answers = await push_people(world, *items, call_id="msg_mass", seconds_ago=-20)
    await settle(world)

    assert set(statuses(answers).values()) <= {"accepted", "unchanged"}
    assert all(account_of(world, str(n)).enabled for n in range(8))
    assert sum(len(shown.members) for shown in await open_batches(world)) == 4


async def test_shares_of_the_guard_are_of_those_who_were_pushed(world: World) -> None:
    await stands(world, *map(str, range(8)))
    await push_people(world, someone("0"), someone("99"))

    cursor, _ = await world.service.ledger.cursors.read("push")

    assert cursor.population == 9


async def test_call_that_takes_too_long_goes_on_where_it_was_when_it_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stands(world, *map(str, range(8)))
    items = [until(str(n), TODAY - timedelta(days=1)) for n in range(8)]
    decide = world.service.ledger.people.decide

    async def slow(*given: Any) -> Any:
        world.clock.elapsed += timedelta(seconds=50)
        return await decide(*given)

    with monkeypatch.context() as slowly:
        slowly.setattr(world.service.ledger.people, "decide", slow)
        with pytest.raises(Transient, match="send it again under its webhook-id"):
            await push_people(world, *items, call_id="msg_slow")

    answers = await push_people(world, *items, call_id="msg_slow")
    await settle(world)

    assert sorted(statuses(answers).values()) == ["accepted"] * 4 + ["unchanged"] * 4
    (batch,) = await open_batches(world)
    assert len(batch.members) == 8


# --- late, twice and in disorder -------------------------------------------------------------


async def test_replay_does_not_undo_newer_facts(world: World) -> None:
    """The first call was taken and its answer lost; a retry signs anew, under the same id."""
    await push_people(world, someone("1042", mobile="1"), call_id="msg_a")
    world.clock.advance(seconds=10)
    await push_people(world, someone("1042", mobile="2"))
    world.clock.advance(seconds=60)

    answers = await push_people(world, someone("1042", mobile="1"), call_id="msg_a")

    assert why(answers[0]) == "as_of is before what is held of this person already"
    record = (await pushed_dossier(world, "1042")).records["push:1042"].record
    assert record is not None
    assert record.mobile == "2"


async def test_replay_within_the_same_second_does_not_undo_either(world: World) -> None:
    await push_people(world, someone("1042", mobile="1"), call_id="msg_b")
    world.clock.advance(milliseconds=200)
    await push_people(world, someone("1042", mobile="2"))
    world.clock.advance(milliseconds=200)

    answers = await push_people(world, someone("1042", mobile="1"), call_id="msg_b")

    assert statuses(answers) == {"1042": "refused"}


async def test_second_call_of_one_second_is_newer(world: World) -> None:
    await push_people(world, someone("1042", mobile="1"))
    world.clock.advance(milliseconds=200)

    answers = await push_people(world, someone("1042", mobile="2"))

    assert statuses(answers) == {"1042": "accepted"}


async def test_call_that_was_sent_earlier_and_comes_later_is_refused(world: World) -> None:
    await push_people(world, someone("1042", mobile="2"))

    answers = await push_people(world, someone("1042", mobile="1"), seconds_ago=30)

    assert statuses(answers) == {"1042": "refused"}


async def test_as_of_says_when_the_facts_were_so(world: World) -> None:
    wall = world.clock.wall()
    await push_people(world, someone("1042", mobile="2"), as_of=wall - timedelta(hours=1))

    older = await push_people(world, someone("1042", mobile="1"), as_of=wall - timedelta(hours=2))
    newer = await push_people(
        world, someone("1042", mobile="3"), as_of=wall - timedelta(minutes=5)
    )

    assert statuses(older) == {"1042": "refused"}
    assert statuses(newer) == {"1042": "accepted"}


async def test_future_is_refused_as_a_whole(world: World) -> None:
    with pytest.raises(Refused, match="as_of lies in the future"):
        await push_people(world, someone(), as_of=world.clock.wall() + timedelta(minutes=6))


async def test_unchanged_facts_are_of_their_newest_moment(world: World) -> None:
    """Seen again at ten: what was so at half past nine does not come after it."""
    await push_people(world, someone("1042", mobile="1"), seconds_ago=200)
    await push_people(world, someone("1042", mobile="1"))

    answers = await push_people(world, someone("1042", mobile="2"), seconds_ago=100)

    assert statuses(answers) == {"1042": "refused"}


async def test_calendar_of_a_laptop_may_differ_from_the_senders_clock(world: World) -> None:
    world.clock.calendar = NOW + timedelta(days=100)

    await push_people(world, someone("1042"))

    stored = (await pushed_dossier(world, "1042")).records["push:1042"]
    assert abs(stored.observed_at - (NOW + timedelta(days=100))) < timedelta(seconds=1)


# --- with the rest ---------------------------------------------------------------------------


async def test_facts_that_the_policy_cannot_use_are_kept_and_told(world: World) -> None:
    long = "12345678901234567"

    answers = await push_people(world, someone(long))

    assert answers[0].status == "accepted"
    assert why(answers[0]).startswith("waits: push:12345678901234567: employeeId would have 17")
    world = with_policy(world, MOBILE + 'employee_id: {push: "P{number}"}\n')
    assert statuses(await push_people(world, someone("5")))["5"] == "accepted"


async def test_stopped_person_stays_out_whatever_is_pushed(world: World) -> None:
    await stands(world, "1042")
    await stop(world.service, "push", "1042", who="an operator", reason="ticket 77")
    await deliver(world)

    await push_people(world, someone("1042", mobile="3"))
    await settle(world)

    assert not account_of(world, "1042").enabled


async def test_ledger_that_is_down_takes_nothing_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_args: object) -> object:
        raise Transient("the ledger is down")

    await stands(world, "1042")
    monkeypatch.setattr(world.service.ledger.people, "decide", down)

    with pytest.raises(Transient):
        await push_people(world, someone("1042", mobile="3"))
