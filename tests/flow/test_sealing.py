"""The history is sealed by day, and the first day that is not as it was written is named."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from build import a_record
from fakes import World
from hypothesis import given, settings
from hypothesis import strategies as st
from turning import days_pass, first_load, person_id_of, settle

from shared.flow import sealing
from shared.flow.collect import signalled
from shared.ledger.journal import ERASED, Entry, root_of
from shared.ledger.pack import pack
from shared.ledger.rows import Delete, Put
from shared.model.person import PersonId

FIRST = date(2026, 11, 2)
DAY = timedelta(days=1)


async def three_days(world: World) -> World:
    """Somebody joins on the first day, is another on the second, and the third is over."""
    world.hr.put(a_record("1042"), a_record("1043"))
    await first_load(world)
    await days_pass(world, 1)
    world.hr.put(a_record("1044"))
    await signalled(world.service, "afas", "1044")
    await settle(world)
    await days_pass(world, 2)
    await sealing.seal(world.service)
    return world


async def of(world: World, day: date) -> list[Entry]:
    return [entry async for entry in world.service.ledger.journal.of(day)]


async def test_days_that_are_over_are_sealed_once_and_found_whole(world: World) -> None:
    await three_days(world)
    again = await sealing.seal(world.service)

    seen = await sealing.verified(world.service)

    assert (seen.days, seen.first, seen.last) == (3, FIRST, FIRST + 2 * DAY)
    assert seen.broken is None
    assert seen.lines > 4
    assert again.said == "nothing to seal"


async def test_day_of_today_is_not_sealed_yet(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    await sealing.seal(world.service)

    seen = await sealing.verified(world.service)

    assert seen.days == 0
    assert seen.unsealed > 2


async def test_every_line_of_the_history_is_in_the_journal(world: World) -> None:
    await three_days(world)
    mine = await person_id_of(world, "1042")
    told = [line.what async for line in world.service.ledger.history.of(mine)]
    listed = [
        entry.what
        async for entry in sealing.lines(world.service, FIRST, FIRST + 3 * DAY)
        if entry.person_id == mine
    ]

    assert set(told) <= set(listed)
    assert any("Iedereen" in what for what in listed)


@pytest.mark.parametrize("how", ["changed", "added", "taken away"])
async def test_first_broken_day_is_named(world: World, how: str) -> None:
    await three_days(world)
    day = FIRST + DAY
    line = (await of(world, day))[0]
    match how:
        case "changed":
            other = line.model_copy(update={"who": "somebody else"})
            operation: Put | Delete = Put(line.key, pack(other))
        case "added":
            other = line.model_copy(update={"what": "nothing"}).sealed()
            operation = Put(other.key, pack(other))
        case _:
            operation = Delete(line.key)
    await world.service.ledger.store.write("journal", day.isoformat(), [operation])

    seen = await sealing.verified(world.service)

    assert seen.broken is not None
    assert seen.broken[0] == day


async def test_seal_that_was_made_anew_breaks_the_day_after(world: World) -> None:
    await three_days(world)
    store, key = world.service.ledger.store, FIRST.isoformat()
    await store.write("journal", key, [Delete((await of(world, FIRST))[0].key)])
    await store.write("seals", "chain", [Delete(key)])
    await world.service.ledger.journal.seal(FIRST, "")

    seen = await sealing.verified(world.service)

    assert seen.broken == (FIRST + DAY, "it was not sealed over the day before it")


async def test_chain_that_was_made_anew_lacks_the_root_that_was_noted(world: World) -> None:
    await three_days(world)
    noted = (await sealing.verified(world.service)).root
    assert (await sealing.verified(world.service, noted)).broken is None

    seen = await sealing.verified(world.service, "0" * 64)

    assert seen.broken is not None
    assert "another chain" in seen.broken[1]


async def test_day_whose_seal_is_gone_is_told(world: World) -> None:
    await three_days(world)
    gone = (FIRST + DAY).isoformat()
    await world.service.ledger.store.write("seals", "chain", [Delete(gone)])

    seen = await sealing.verified(world.service)

    assert seen.broken == (FIRST + 2 * DAY, f"the days after {FIRST} are gone")


async def test_erased_lines_say_nothing_and_the_seal_holds(world: World) -> None:
    await three_days(world)
    mine = await person_id_of(world, "1042")
    emptied = await world.service.ledger.journal.erase(mine, [FIRST])

    seen = await sealing.verified(world.service)

    assert seen.broken is None
    assert seen.erased == emptied > 0
    assert {e.what for e in await of(world, FIRST) if e.person_id == mine} == {ERASED}
    assert await world.service.ledger.journal.erase(mine, [FIRST]) == 0


async def test_lines_of_one_person_are_found_without_those_of_another(world: World) -> None:
    journal = world.service.ledger.journal
    for who in ("ab", "ab1", "a"):
        await journal.tell([an_entry(PersonId(who), world)])

    assert [e.person_id async for e in journal.of(FIRST, PersonId("ab"))] == ["ab"]


def an_entry(person_id: PersonId, world: World) -> Entry:
    return Entry(
        at=world.clock.now(), person_id=person_id, place="p", who="instroom", what="joiner"
    ).sealed()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("abc", min_size=1), unique=True), st.integers(0, 5), st.text("abc"))
def test_any_other_list_of_lines_has_another_root(digests: list[str], at: int, other: str) -> None:
    changed = [*digests[:at], other, *digests[at + 1 :]] if digests else [other]
    root = root_of(FIRST, "", digests)

    assert (root == root_of(FIRST, "", changed)) == (digests == changed)
