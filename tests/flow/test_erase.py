"""Erasing somebody who is gone: what goes, what stays, and what HR may say afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import FakeClock, World, a_world
from stopping import Image, Stopper, begun_from, image_of, restarted, runs_to_its_end, watch
from turning import (
    account_of,
    days_pass,
    dossier_of,
    first_load,
    person_id_of,
    settle,
    with_policy,
)

from shared.errors import Misconfigured
from shared.flow import erasing
from shared.flow.collect import full_sync, signalled
from shared.flow.erasing import Answer, due, erase, go_on
from shared.flow.sealing import lines, seal, verified
from shared.flow.sweep import sweep
from shared.ledger.sqlite import open_sqlite
from shared.model.person import PersonId, Record

MARK = "Kwibusmerk"
MATCHED = POLICY + "sources: {match: [[birth_date, birth_name, given]]}\n"
RETAINED = POLICY + "retention: {erase_after_days: 60}\n"
FOUR_EYES = POLICY.replace("guard:", "guard:\n  four_eyes: true")


def _sanne(**changes: object) -> Record:
    marked = a_name(birth=MARK, given=MARK, nickname=MARK)
    return a_record("1042", name=marked, birth_date=TODAY - timedelta(days=9000), **changes)


async def _gone(world: World) -> None:
    """Joined, left, blocked, deleted in both systems, and HR still names her."""
    world.hr.put(_sanne())
    await first_load(world)
    last = TODAY - timedelta(days=1)
    world.hr.put(_sanne(contracts=(a_contract(end=last),)))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    await days_pass(world, 31)
    await settle(world)
    assert "1042" not in {account.employee_id for account in world.entra.accounts.values()}


async def _erased(world: World, who: str = "beheer", reason: str = "AVG-17") -> Answer:
    return await erase(world.service, "afas", "1042", who=who, reason=reason)


async def _ledger(world: World) -> str:
    """All that the ledger holds, as text."""
    store: Any = world.service.ledger.store
    inner = getattr(store, "inner", store)
    rows = inner._connection.execute("select * from sqlite_master where type = 'table'")
    tables = [row[1] for row in rows]
    return "\n".join(
        json.dumps([str(cell) for cell in row])
        for table in tables
        for row in inner._connection.execute(f'select * from "{table}"')  # noqa: S608 - its own
    )


async def test_for_whom_somebody_answered_is_forgotten_with_them(world: World) -> None:
    """The key of that row is the number of whoever answered."""
    await _gone(world)
    relations = world.service.ledger.relations
    for external in ("p-1", "p-2"):
        await relations.sponsor("afas:1042", PersonId(external))
    await relations.sponsor("afas:1043", PersonId("p-1"))

    await _erased(world)

    assert [one async for one in relations.sponsored_by("afas:1042")] == []
    assert [one async for one in relations.sponsored_by("afas:1043")] == ["p-1"]


async def test_nothing_is_left_of_somebody_who_was_erased(world: World) -> None:
    world = with_policy(world, MATCHED)
    await _gone(world)
    person_id = await person_id_of(world, "1042")
    before = (await _ledger(world)).casefold()
    assert MARK.casefold() in before
    assert "department.code" in before

    world.clock.advance(days=1)
    await seal(world.service)
    assert (await _erased(world)).erased
    world.clock.advance(days=1)
    dossier = await world.service.ledger.people.read(person_id)
    left = (await _ledger(world)).casefold()
    said = [told async for told in world.service.ledger.history.of(person_id)]
    stone = await world.service.ledger.erasures.of(person_id)
    assert (dossier.erased, dossier.records, dossier.decision, dossier.targets) == (
        True,
        {},
        None,
        {},
    )
    assert stone is not None
    assert (stone.who, stone.reason, stone.keys, stone.traits) == (("beheer",), "AVG-17", (), ())
    assert "entra: add to group" in {told.what for told in said}
    assert {reason.because for told in said for reason in told.reasons} == {""}
    assert any("entra.groups" in reason.rule for told in said for reason in told.reasons)
    assert (said[-1].what, said[-1].who) == ("erased: AVG-17", "beheer")
    journal = [e async for e in lines(world.service, TODAY, world.clock.now().date())]
    await seal(world.service)
    assert {entry.what for entry in journal} == {"erased", "erased: AVG-17"}
    assert (await verified(world.service)).broken is None
    left_of_login = [line for line in left.splitlines() if MARK.casefold() in line]
    assert all(stone.logins[0] in line for line in left_of_login), left_of_login
    assert len(left_of_login) == 2, "the register of names, and the tombstone that will empty it"


async def test_the_login_is_forgotten_when_nobody_has_to_be_kept_from_it(world: World) -> None:
    await _gone(world)
    await _erased(world)

    early = await due(world.service, world.clock.now())
    late = await due(world.service, world.clock.now() + timedelta(days=731))
    assert (early.names, late.names) == (0, 1)
    assert MARK.casefold() not in (await _ledger(world)).casefold()


async def test_hr_may_go_on_naming_whoever_is_gone(world: World) -> None:
    await _gone(world)
    await _erased(world)
    await full_sync(world.service, "afas")
    world.hr.put(_sanne(contracts=(a_contract(end=TODAY - timedelta(days=2)),)))
    await full_sync(world.service, "afas")
    await signalled(world.service, "afas", "1042")
    await settle(world)

    known = await world.service.ledger.identities.find("afas", "1042")
    assert known is not None
    assert known.erased
    assert (await world.service.ledger.people.read(known.person_id)).records == {}

    world.hr.people.pop("1042")
    world.hr.put(a_record("7"))
    await full_sync(world.service, "afas")
    assert await world.service.ledger.identities.find("afas", "1042") is None


async def test_who_works_again_is_somebody_new(world: World) -> None:
    await _gone(world)
    gone = await person_id_of(world, "1042")
    await _erased(world)
    back = world.clock.now().date()
    world.hr.put(_sanne(contracts=(a_contract(start=back),)))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert await person_id_of(world, "1042") != gone
    assert account_of(world, "1042").enabled
    assert account_of(world, "1042").employee_id == "1042"


@pytest.mark.parametrize(
    ("days", "says"), [(0, "works here"), (3, "in Entra that is not deleted")]
)
async def test_who_is_not_gone_is_not_erased(world: World, days: int, says: str) -> None:
    world.hr.put(_sanne())
    await first_load(world)
    if days:
        last = TODAY - timedelta(days=1)
        world.hr.put(a_leaver(last))
        await signalled(world.service, "afas", "1042")
        await settle(world)

    with pytest.raises(Misconfigured, match=says):
        await _erased(world)
    with pytest.raises(Misconfigured, match="is not known"):
        await erase(world.service, "afas", "9", who="beheer", reason="AVG-17")
    with pytest.raises(Misconfigured, match="one line"):
        await _erased(world, reason=" ")
    assert (await dossier_of(world, "1042")).decision is not None


async def test_two_people_must_say_so_when_the_policy_wants_it(world: World) -> None:
    world = with_policy(world, FOUR_EYES)
    await _gone(world)

    first = await _erased(world, "anna")
    again = await _erased(world, "anna")
    assert (first.erased, again.erased) == (False, False)
    assert (await dossier_of(world, "1042")).decision is not None
    assert (await _erased(world, "bob")).erased
    assert (await _erased(world, "carla")).erased
    stones = [stone async for stone in world.service.ledger.erasures.done()]
    assert [stone.who for stone in stones] == [("anna", "bob")]


async def test_the_policy_s_days_erase_whoever_is_gone_for_long(world: World) -> None:
    world = with_policy(world, RETAINED)
    world.hr.put(a_record("7"))
    await _gone(world)

    assert (await due(world.service, world.clock.now())).people == 0
    later = world.clock.now() + timedelta(days=61)
    assert (await due(world.service, later)).people == 1
    assert (await due(world.service, later)).people == 0
    stones = [stone async for stone in world.service.ledger.erasures.done()]
    assert [(s.who, s.reason) for s in stones] == [
        (("instroom",), "retention.erase_after_days: 60")
    ]
    assert (await dossier_of(world, "7")).decision is not None


async def test_who_came_back_meanwhile_is_spared(world: World) -> None:
    await _gone(world)
    _, policy = await world.service.active_policy()
    dossier = await dossier_of(world, "1042")
    await erasing._begin(world.service, dossier, policy, ("beheer",), "AVG-17")
    world.hr.put(_sanne(contracts=(a_contract(start=world.clock.now().date()),)))
    await signalled(world.service, "afas", "1042")
    await sweep(world.service)
    await settle(world)

    assert account_of(world, "1042").enabled
    assert [stone async for stone in world.service.ledger.erasures.going()] == []


async def _image() -> Image:
    clock = FakeClock()
    world = a_world(await open_sqlite(None, wall=clock.wall), clock=clock, policy=MATCHED)
    await _gone(world)
    return await image_of(world)


async def test_a_stop_anywhere_leaves_an_erasure_that_the_sweep_finishes() -> None:
    image = await _image()
    world, stopper = await begun_from(image, policy=MATCHED), Stopper()
    watch(world, stopper)
    await _erased(world)
    await world.service.ledger.store.close()
    moments = len(stopper.moments)

    for at in range(moments):
        world = await begun_from(image, policy=MATCHED)
        watch(world, Stopper(at))
        assert not await runs_to_its_end(partial(_erased, world))
        world = restarted(world)
        await go_on(world.service)
        assert (await _erased(world)).erased, at

        left = (await _ledger(world)).casefold()
        assert sum(MARK.casefold() in line for line in left.splitlines()) == 2, (at, left)
        assert len([s async for s in world.service.ledger.erasures.done()]) == 1
        await world.service.ledger.store.close()
    assert moments > 20
