"""AFAS on a company of sixty, in-process; the calendar stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest

from sandbox.afas import authorization, make_app
from sandbox.clock import ManualClock
from sandbox.world import Answers, World

TOKEN = "AB" * 32


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    return World.generate(1, 60, date(2026, 11, 2), clock=clock)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
async def afas(
    world: World, answers: Answers, clock: ManualClock
) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app(world, token=TOKEN, clock=clock, answers=answers)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://afas.test/ProfitRestServices",
        headers={"Authorization": authorization(TOKEN)},
    ) as client:
        yield client
