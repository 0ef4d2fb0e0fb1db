"""A whole HR answer is refused with its numbers, before anyone is touched."""

from __future__ import annotations

from typing import Any

import pytest
from build import POLICY, a_contract, a_name, a_record
from fakes import World
from turning import account_of, first_load, settle, with_policy

from shared.errors import Unsafe
from shared.flow.collect import full_sync, poll
from shared.ledger.cursors import Cursor
from shared.model.person import Record, Unit

STRICT = f"{POLICY}  shrink: 0.2\n  shrink_count: 3\n  strangers: 0.1\n"
ADMITTED = f'{STRICT}  employers: ["99"]\n'


def of(employer: str, number: int) -> Record:
    contract = a_contract(key=f"{number}-1", employer=Unit(code=employer))
    name = a_name(birth=f"{'Ander' if employer == '99' else 'Eigen'}{number}")
    return a_record(str(number), name=name, contracts=(contract,))


TEAM = tuple(of("01", number) for number in range(20))


@pytest.fixture
async def loaded(world: World) -> World:
    """Twenty people of employer 01, and a limit of two strangers and three who lack."""
    strict = with_policy(world, STRICT)
    strict.hr.put(*TEAM)
    await first_load(strict)
    return strict


async def cursor_of(world: World) -> Cursor:
    return (await world.service.ledger.cursors.read("afas"))[0]


def becomes_anothers(world: World, *numbers: int) -> None:
    world.hr.put(*(of("99", number) for number in numbers))


def surnames(world: World) -> set[Any]:
    return {account.attributes["displayName"] for account in world.entra.accounts.values()}


# --- another company's data ------------------------------------------------------------------


@pytest.mark.parametrize("read", [full_sync, poll])
async def test_another_companys_people_are_refused_before_anyone(loaded: World, read: Any) -> None:
    before = surnames(loaded)
    becomes_anothers(loaded, 0, 1, 40)

    with pytest.raises(Unsafe) as refused:
        await read(loaded.service, "afas")
    await settle(loaded)

    assert str(refused.value) == (
        "afas shows 3 people of employers that it never named before (99); nothing was changed. "
        "Look whether this is another company's data. If the employers are yours, add their codes "
        "to guard.employers in the policy (seen 3, limit 2)"
    )
    assert (await cursor_of(loaded)).problem == str(refused.value)
    assert surnames(loaded) == before


@pytest.mark.parametrize("read", [full_sync, poll])
async def test_as_many_strangers_as_the_limit_go_on(loaded: World, read: Any) -> None:
    becomes_anothers(loaded, 0, 40)

    await read(loaded.service, "afas")
    await settle(loaded)

    assert {"Sanne van Ander0", "Sanne van Ander40"} <= surnames(loaded)
    assert (await cursor_of(loaded)).employers == ("01", "99")


async def test_employer_that_was_let_in_is_a_stranger_no_more(loaded: World) -> None:
    becomes_anothers(loaded, 40)
    await full_sync(loaded.service, "afas")
    becomes_anothers(loaded, 41, 42, 43, 44)

    await full_sync(loaded.service, "afas")
    await settle(loaded)

    assert "Sanne van Ander44" in surnames(loaded)


async def test_policy_lets_a_new_employer_in(loaded: World) -> None:
    becomes_anothers(loaded, 40, 41, 42, 43)
    with pytest.raises(Unsafe):
        await full_sync(loaded.service, "afas")

    loaded = with_policy(loaded, ADMITTED)
    await settle(loaded)
    await full_sync(loaded.service, "afas")
    await settle(loaded)

    assert "Sanne van Ander43" in surnames(loaded)
    assert (await cursor_of(loaded)).problem is None


async def test_second_contract_at_a_new_employer_is_no_stranger(loaded: World) -> None:
    for record in TEAM:
        second = a_contract(key="b", employer=Unit(code="99"))
        loaded.hr.put(record.model_copy(update={"contracts": (*record.contracts, second)}))

    await full_sync(loaded.service, "afas")

    assert (await cursor_of(loaded)).employers == ("01", "99")


async def test_first_answer_has_nothing_to_be_compared_with(world: World) -> None:
    world = with_policy(world, STRICT)
    becomes_anothers(world, *range(10))

    await first_load(world)

    assert len(world.entra.accounts) == 10


async def test_employers_are_learned_from_people_who_are_as_before(loaded: World) -> None:
    """As after an update: the cursor of an older release knows none."""
    cursors = loaded.service.ledger.cursors
    cursor, version = await cursors.read("afas")
    await cursors.move("afas", cursor.model_copy(update={"employers": None}), version)

    assert await full_sync(loaded.service, "afas") == 0

    assert (await cursor_of(loaded)).employers == ("01",)


async def test_source_without_employers_is_not_judged_by_them(world: World) -> None:
    world = with_policy(world, STRICT)
    bare = [a_record(str(n), contracts=(a_contract(employer=None),)) for n in range(10)]
    world.hr.put(*bare)
    await first_load(world)
    becomes_anothers(world, *range(20, 26))

    await full_sync(world.service, "afas")

    assert (await cursor_of(world)).employers == ("99",)


# --- fewer than before -----------------------------------------------------------------------


async def test_as_many_who_lack_as_the_limit_go_on(loaded: World) -> None:
    for number in range(3):
        del loaded.hr.people[str(number)]

    await full_sync(loaded.service, "afas")

    assert (await cursor_of(loaded)).population == 17


async def test_one_more_who_lacks_refuses_the_whole(loaded: World) -> None:
    for number in range(4):
        del loaded.hr.people[str(number)]
    loaded.hr.put(of("01", 30))

    with pytest.raises(Unsafe, match=r"lacks 4 of the 20 people .* \(seen 4, limit 3\)"):
        await full_sync(loaded.service, "afas")
    await settle(loaded)

    assert loaded.entra.by_number("30") is None
    assert account_of(loaded, "0").enabled


async def test_as_many_other_people_are_no_answer(loaded: World) -> None:
    """Who is counted alone is not noticed: the same number of people, and other ones."""
    loaded.hr.people.clear()
    loaded.hr.put(*(of("01", number) for number in range(100, 120)))

    with pytest.raises(Unsafe, match="lacks 20 of the 20 people"):
        await full_sync(loaded.service, "afas")


async def test_who_was_missing_already_does_not_count_again(loaded: World) -> None:
    for number in range(6):
        del loaded.hr.people[str(number)]
        if number in (2, 5):
            await full_sync(loaded.service, "afas")

    assert (await cursor_of(loaded)).population == 14
