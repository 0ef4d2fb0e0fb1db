"""What push owes the flow as a source: of the rules for all sources those that can hold.

Nobody asks it, so no answer can break off; and nobody is withdrawn, for leaving is a date.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fakes import FakeClock, World, a_world
from pushing import push_people, someone, with_push

from shared.ledger.sqlite import open_sqlite
from shared.model.person import Record

NUMBERS = {str(n) for n in range(101, 112)}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = with_push(a_world(store, clock=clock))
    await push_people(world, *map(someone, sorted(NUMBERS)))
    world.clock.advance(hours=2)
    yield world
    await store.close()


async def test_everyone_is_named_once_with_source_and_contracts(world: World) -> None:
    source = world.service.sources["push"]
    readings = [reading async for reading in source.everyone()]

    assert sorted(str(reading.number) for reading in readings) == sorted(NUMBERS)
    for reading in readings:
        assert isinstance(reading, Record)
        assert reading.source == source.name == "push"
        assert reading.contracts
        assert await source.one(reading.number) == reading


@pytest.mark.parametrize("number", ["404404", "", "1;2", "*", "\u0000", "é" * 99])
async def test_whom_nobody_pushed_is_nobody(world: World, number: str) -> None:
    assert await world.service.sources["push"].one(number) is None


async def test_whoever_changed_since_is_among_the_changed(world: World) -> None:
    source = world.service.sources["push"]
    moment = world.clock.now() - timedelta(hours=1)
    await push_people(world, someone("101", mobile="1"), someone("999"))

    found = {r.number: r async for r in source.changed_since(moment)}

    assert {"101", "999"} <= set(found)
    assert found["101"] == await source.one("101")


async def test_probe_is_content(world: World) -> None:
    await world.service.sources["push"].probe()
