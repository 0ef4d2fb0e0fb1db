"""Exact Online's webhook comes in at the same address, signed in its own way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import azure.functions as func  # noqa: TID251 - these are the tests of the room that knows it
import pytest
from fakes import FakeClock, World, a_world

from sandbox.exact import signed
from shared import wiring
from shared.bus import envelope
from shared.ledger.sqlite import open_sqlite
from shared.settings import Settings
from shared.triggers import web

SECRET = "app-center-secret"
SETTINGS = Settings.model_validate(
    {"HR_SOURCES": "exact", "WEBHOOK_SECRET_": {"exact": SECRET, "afas": SECRET}}
)
GUID = "3f0a7c1e-0000-4000-8000-000000100234"
CONTENT = {"Topic": "EmploymentOrganizations", "Division": 123456, "Key": GUID, "Action": "Update"}


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    made = a_world(store, clock=clock)

    async def service() -> Any:
        return made.service

    monkeypatch.setattr(wiring, "service", service)
    monkeypatch.setattr(wiring, "settings", lambda: SETTINGS)
    yield made
    await store.close()


async def status(body: bytes, source: str = "exact") -> int:
    request = func.HttpRequest(
        method="POST",
        url=f"http://127.0.0.1/api/hr/{source}",
        headers={},
        route_params={"source": source},
        body=body,
    )
    written = web.hr_webhook._function.get_user_function()
    response: func.HttpResponse = await written(request)
    assert json.loads(response.get_body())
    return int(response.status_code)


async def test_signed_call_becomes_one_signal_however_often_it_comes(world: World) -> None:
    body = signed(CONTENT, SECRET)

    assert [await status(body), await status(body)] == [202, 202]
    ((said, _),) = world.bus.signals
    assert said.number == f"123456/EmploymentOrganizations/{GUID}"
    travelled = str(envelope.signal(said, "id")).encode()
    assert envelope.signalled(travelled) == said


async def test_empty_call_is_answered_as_exact_wants_it(world: World) -> None:
    assert await status(b"") == 202
    assert world.bus.signals == []


async def test_forged_call_and_another_sources_scheme_are_refused(world: World) -> None:
    assert await status(signed(CONTENT, "guessed")) == 401
    assert await status(signed(CONTENT, SECRET), source="afas") == 404
    assert world.bus.signals == []
