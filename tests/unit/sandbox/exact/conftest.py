"""Exact Online on a company of sixty, in-process; the calendar stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.clock import ManualClock
from sandbox.exact import make_app
from sandbox.world import Answers, World


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
def app(world: World, answers: Answers, clock: ManualClock) -> Starlette:
    return make_app(world, clock=clock, answers=answers)


@pytest.fixture
def rig(app: Starlette) -> Any:
    return app.state.rig


@pytest.fixture
async def stranger(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exact.test") as client:
        yield client


@pytest.fixture
async def exact(app: Starlette, rig: Any) -> AsyncIterator[httpx.AsyncClient]:
    token = rig.tokens.grant()["access_token"]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://exact.test/api/v1/123456",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    ) as client:
        yield client
