"""Externals need a sponsor and a last day; what HR cannot mean parks one person, and no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_record
from fakes import FakeClock, World, a_world
from turning import (
    account_of,
    days_pass,
    dossier_of,
    first_load,
    minutes_pass,
    settle,
    with_policy,
)

from shared.errors import Permanent
from shared.flow.collect import full_sync, signalled
from shared.flow.preview import preview
from shared.ledger.sqlite import open_sqlite
from shared.model.person import Contract, Record

DAY = timedelta(days=1)
LAST = TODAY + 90 * DAY


def hired(number: str = "9", **changes: Any) -> Record:
    """An external whom 1042 answers for."""
    said = {"external": True, "end": LAST, "sponsor": "1042", "key": number}
    return a_record(number, contracts=(a_contract(**{**said, **changes}),))


async def hr_says(world: World, *records: Record) -> None:
    world.hr.put(*records)
    for record in records:
        await signalled(world.service, "afas", record.number)
    await minutes_pass(world, 16)


async def problem(world: World, number: str = "9") -> str | None:
    return (await dossier_of(world, number)).records[f"afas:{number}"].problem


async def test_an_external_stands_and_the_sponsor_is_the_manager(world: World) -> None:
    world.hr.put(hired(), a_record("1042"))
    await first_load(world)
    await minutes_pass(world, 16)

    assert account_of(world, "9").enabled
    assert account_of(world, "9").manager_id == account_of(world, "1042").id


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"end": None}, "field contract.end: the external contract 9 has no last day; "),
        ({"sponsor": None}, "field contract.sponsor: the external contract 9 names no sponsor"),
        ({"sponsor": "4711"}, "field contract.sponsor: the sponsor is nobody whom this HR"),
        ({"end": TODAY - 1200 * DAY}, "field contract.end: contract 9 ends before it starts; "),
    ],
    ids=["no end", "no sponsor", "unknown sponsor", "ends before it starts"],
)
async def test_who_cannot_be_used_waits_and_goes_on_when_hr_mends_it(
    world: World, wrong: dict[str, Any], says: str
) -> None:
    world.hr.put(hired(**wrong), a_record("1042"))
    await first_load(world)
    told = await problem(world)

    assert told is not None
    assert told.startswith("afas record 9, ")
    assert says in told
    assert world.entra.by_number("9") is None
    assert account_of(world, "1042").enabled, "the rest goes on"

    await hr_says(world, hired())
    assert account_of(world, "9").enabled
    assert await problem(world) is None


async def test_the_sponsor_may_come_later_than_the_external(world: World) -> None:
    world.hr.put(hired())
    await first_load(world)
    assert world.entra.by_number("9") is None

    await hr_says(world, a_record("1042"))

    assert account_of(world, "9").enabled


async def test_a_bad_change_leaves_what_was_good(world: World) -> None:
    """The last day that HR stated holds, also when HR takes it away again."""
    world.hr.put(hired(end=TODAY + 2 * DAY), a_record("1042"))
    await first_load(world)
    await minutes_pass(world, 16)

    await hr_says(world, hired(end=None))
    assert account_of(world, "9").enabled
    assert "has no last day" in (await problem(world) or "")

    await days_pass(world, 3)
    assert not account_of(world, "9").enabled


async def test_a_policy_that_asks_less_lets_the_waiting_in(world: World) -> None:
    world.hr.put(hired(sponsor=None), a_record("1042"))
    await first_load(world)

    world = with_policy(world, POLICY + "externals: {sponsor: optional}\n")
    await settle(world)

    assert account_of(world, "9").enabled
    assert await problem(world) is None


async def test_a_sponsor_who_leaves_is_told_and_another_one_mends_it(world: World) -> None:
    world.hr.put(hired(), a_record("1042"), a_record("1043"))
    await first_load(world)
    await minutes_pass(world, 16)

    await hr_says(world, a_leaver(TODAY - DAY, "1042"))
    assert account_of(world, "9").enabled
    assert "the sponsor has left; state in HR" in (await problem(world) or "")
    await hr_says(world, hired(sponsor="1043"))
    assert await problem(world) is None
    assert account_of(world, "9").manager_id == account_of(world, "1043").id


async def test_a_policy_may_block_whom_nobody_answers_for() -> None:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    policy = POLICY + "externals: {sponsor_leaves: block}\n"
    world = a_world(store, clock=clock, policy=policy)
    world.hr.put(hired(), a_record("1042"), a_record("1043"))
    await first_load(world)
    await minutes_pass(world, 16)

    await hr_says(world, a_leaver(TODAY - DAY, "1042"))
    assert not account_of(world, "9").enabled
    await hr_says(world, hired(sponsor="1043"))
    assert account_of(world, "9").enabled
    await store.close()


async def test_a_contractor_who_becomes_an_employee_is_one_person(world: World) -> None:
    world.hr.put(hired(end=TODAY + DAY), a_record("1042"))
    await first_load(world)
    await minutes_pass(world, 16)
    before = account_of(world, "9").id

    contractor = hired(end=TODAY + DAY).contracts[0]
    employee = a_contract(key="10", start=TODAY + 2 * DAY)
    await hr_says(world, a_record("9", contracts=(contractor, employee)))
    await days_pass(world, 3)

    assert (account_of(world, "9").id, account_of(world, "9").enabled) == (before, True)
    assert await problem(world) is None, "an employment asks no last day"


async def test_preview_says_why_somebody_would_be_refused(world: World) -> None:
    world.hr.put(hired(), a_record("1042"))
    await first_load(world)
    world.hr.put(hired(end=None))

    with pytest.raises(Permanent, match=r"afas record 9, field contract\.end: the external"):
        await preview(world.service, "afas", "9")


async def test_a_refused_answer_is_judged_once_and_read_no_more(world: World) -> None:
    world.hr.put(hired(end=None), a_record("1042"))
    await first_load(world)

    assert await full_sync(world.service, "afas") == 0


def test_withdrawn_and_reversed_are_told_apart() -> None:
    withdrawn = Contract(key="1", start=TODAY, end=TODAY - DAY)

    assert withdrawn.is_withdrawn
    assert not Contract(key="1", start=TODAY, end=TODAY).is_withdrawn
