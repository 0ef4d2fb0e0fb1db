"""A turn to refresh a token is one worker's at a time, on every store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.ledger.rows import Store
from shared.ledger.tokens import Turns

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=2)


@pytest.fixture
def turns(store: Store) -> Turns:
    return Turns(store)


async def test_only_one_of_many_takes_the_turn(turns: Turns, part: str) -> None:
    tries = (turns.take(part, f"worker-{n}", now=NOW, until=UNTIL) for n in range(8))
    taken = [turn for turn in await asyncio.gather(*tries) if turn]

    assert len(taken) == 1
    assert (await turns.read(part)).holder == taken[0].holder


async def test_a_turn_that_ran_out_is_free(turns: Turns, part: str) -> None:
    await turns.take(part, "dead", now=NOW, until=UNTIL)
    just_before = UNTIL - timedelta(seconds=1)

    assert await turns.take(part, "next", now=just_before, until=UNTIL) is None
    assert await turns.take(part, "next", now=UNTIL, until=UNTIL + timedelta(minutes=2))


async def test_storing_gives_the_turn_back(turns: Turns, part: str) -> None:
    await turns.take(part, "one", now=NOW, until=UNTIL)
    await turns.stored(part, "one", 3)

    assert (await turns.read(part)).generation == 3
    assert await turns.take(part, "two", now=NOW, until=UNTIL)


async def test_a_late_holder_frees_nobody_elses_turn(turns: Turns, part: str) -> None:
    await turns.take(part, "late", now=NOW, until=UNTIL)
    await turns.take(part, "next", now=UNTIL, until=UNTIL + timedelta(minutes=2))
    await turns.give_back(part, "late")

    assert (await turns.read(part)).holder == "next"


async def test_generation_never_goes_back(turns: Turns, part: str) -> None:
    await turns.stored(part, "one", 5)
    await turns.stored(part, "two", 4)

    assert (await turns.read(part)).generation == 5


async def test_a_refusal_is_remembered_with_its_generation(turns: Turns, part: str) -> None:
    await turns.stored(part, "one", 5)
    await turns.refused(part, "one", 5)

    turn = await turns.read(part)
    assert (turn.refused, turn.generation) == (5, 5)
