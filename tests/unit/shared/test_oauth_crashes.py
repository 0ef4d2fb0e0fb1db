"""A worker may die at any moment of a refresh. What does the next one find?

Enumerated over every outside call and two moments: before it, and after it was carried out but
before its answer is seen (after the answer is before the next call). Only between spending the
token and storing the new one is a human needed again, and then the error says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from shared.errors import Permanent
from shared.grant import Provider, TokenEndpoint
from shared.ledger.sqlite import open_sqlite
from shared.ledger.tokens import Turns
from shared.oauth import TURN, Connection, Tokens

PROVIDER = Provider("nmbrs", "https://id.example/a", "https://id.example/t", "c", "s")
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MOMENTS = ("before", "unseen")


class Died(BaseException):
    """The process is gone: nothing of it runs any more, also no clean-up."""


@dataclass
class Life:
    """The outside calls of one worker, and at which of them it dies."""

    dies_at: int = -1
    moment: str = ""
    calls: list[str] = field(default_factory=list)
    dead: bool = False

    async def do(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        if self.dead:
            raise Died
        here = len(self.calls) == self.dies_at
        self.calls.append(name)
        if here and self.moment == "before":
            self._die()
        answer = await call()
        if here:
            self._die()
        return answer

    def _die(self) -> None:
        self.dead = True
        raise Died


class Mortal:
    """Something that is called by a worker who may die of it."""

    def __init__(self, inner: object, life: Life) -> None:
        self._inner, self._life = inner, life

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(*given: Any, **named: Any) -> Any:
            return await self._life.do(name, lambda: method(*given, **named))

        return call


@dataclass
class Shelf:
    """A vault in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    async def read(self, name: str) -> str | None:
        return self.kept.get(name)

    async def write(self, name: str, text: str) -> None:
        self.kept[name] = text


@dataclass
class World:
    turns: Turns
    vault: Shelf = field(default_factory=Shelf)
    now: datetime = START
    good: str = "r1"
    asked: int = 0

    def __post_init__(self) -> None:
        tokens = Tokens(generation=1, access="a1", refresh="r1", issued_at=START, good_until=START)
        self.vault.kept["nmbrs"] = tokens.model_dump_json()

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if parse_qs(request.content.decode())["refresh_token"] != [self.good]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.good = f"r{self.asked + 1}"
        grant = {"access_token": f"a{self.asked + 1}", "refresh_token": self.good}
        return httpx.Response(200, json={**grant, "expires_in": 3600})

    def worker(self, life: Life) -> Connection:
        async def pause(seconds: float) -> None:
            self.now += timedelta(seconds=seconds)

        endpoint = TokenEndpoint(PROVIDER, httpx.MockTransport(self.answer))
        return Connection(
            PROVIDER,
            endpoint=Mortal(endpoint, life),  # type: ignore[arg-type]
            vault=Mortal(self.vault, life),
            turns=Mortal(self.turns, life),
            wall=lambda: self.now,
            pause=pause,
        )


@pytest.fixture
async def fresh() -> AsyncIterator[Callable[[], Awaitable[World]]]:
    stores = []

    async def make() -> World:
        stores.append(await open_sqlite(None, wall=lambda: datetime.now(UTC)))
        return World(Turns(stores[-1]))

    yield make
    for store in stores:
        await store.close()


async def test_a_refresh_survives_a_death_at_any_moment(
    fresh: Callable[[], Awaitable[World]],
) -> None:
    whole = Life()
    assert await (await fresh()).worker(whole).token() == "a2"
    lost, died = set(), 0
    for at, name in enumerate(whole.calls):
        for moment in MOMENTS:
            world, life = await fresh(), Life(at, moment)
            with pytest.raises(Died):
                await world.worker(life).token()
            died += 1
            kept = Tokens.model_validate_json(world.vault.kept["nmbrs"])
            world.now += TURN
            next_one = world.worker(Life())
            if kept.refresh != world.good:
                lost.add((name, moment))
                with pytest.raises(Permanent, match="instroom hr connect nmbrs"):
                    await next_one.token()
            else:
                assert await next_one.token() == f"a{world.asked + 1}"

    assert whole.calls == ["read", "take", "read", "write", "refresh", "write", "stored"]
    assert died == len(whole.calls) * len(MOMENTS)
    assert lost == {("refresh", "unseen"), ("write", "before")}


async def test_a_token_is_never_spent_twice_by_a_death(
    fresh: Callable[[], Awaitable[World]],
) -> None:
    """Once it was sent and refused, nobody sends it again."""
    world = await fresh()
    with pytest.raises(Died):
        await world.worker(Life(4, "unseen")).token()
    for _ in range(5):
        world.now += TURN
        with pytest.raises(Permanent):
            await world.worker(Life()).token()

    assert world.asked == 2
