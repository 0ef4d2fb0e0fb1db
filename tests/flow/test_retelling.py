"""A receiver of account webhooks lost what it was told: it is told again, once, by command."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from build import POLICY
from fakes import FakeClock, World, a_world
from pushing import push_people, pushed_dossier, someone, with_push
from turning import minutes_pass, settle

from shared.apply.hr_push import PushWriter
from shared.errors import Misconfigured
from shared.flow.retelling import tell_again
from shared.ledger.sqlite import open_sqlite
from shared.vendors.webhooks import Outgoing

TOLD = POLICY + "write_back: {push: {}}\n"
SECRET = "whsec_c2FuZGJveC1vZi1pbnN0cm9vbS1zYW5kYm94"


@dataclass
class Receiver(httpx.AsyncBaseTransport):
    """Whoever is told, with the ids of the messages."""

    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread())
        self.heard.append((request.headers["webhook-id"], body["data"]))
        return httpx.Response(204)


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def world(receiver: Receiver) -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    pushing = with_push(a_world(store, clock=clock, policy=TOLD))
    outgoing = Outgoing("https://hr.example/accounts", SECRET, wall=clock.wall, transport=receiver)
    writers = {"push": PushWriter(outgoing)}
    yield replace(pushing, service=replace(pushing.service, writers=writers))
    await store.close()


async def stand(world: World, *numbers: str) -> None:
    await push_people(world, *map(someone, numbers))
    await settle(world)
    await minutes_pass(world, 20)


async def test_one_person_is_told_of_again_under_a_new_id(
    world: World, receiver: Receiver
) -> None:
    await stand(world, "1", "2")
    before = list(receiver.heard)
    assert {data["number"] for _, data in before} == {"1", "2"}

    assert await tell_again(world.service, "2", who="beheerder") == 1
    await minutes_pass(world, 20)

    ((message, data),) = receiver.heard[len(before) :]
    assert data == next(data for _, data in before if data["number"] == "2")
    assert message not in {message for message, _ in before}
    dossier = await pushed_dossier(world, "2")
    said = [line.what async for line in world.service.ledger.history.of(dossier.person_id)]
    assert "hr: is told of the account again" in said


async def test_everybody_is_told_of_again_and_then_there_is_peace(
    world: World, receiver: Receiver
) -> None:
    await stand(world, "1", "2")
    receiver.heard.clear()

    assert await tell_again(world.service, None, who="beheerder") == 2
    await minutes_pass(world, 20)
    await minutes_pass(world, 20)

    assert sorted(data["number"] for _, data in receiver.heard) == ["1", "2"]


async def test_whoever_was_told_of_nobody_hears_so(world: World) -> None:
    with pytest.raises(Misconfigured, match="was told of no account"):
        await tell_again(world.service, "9", who="beheerder")
