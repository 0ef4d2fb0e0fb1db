"""Who may have somebody out at once over HTTP, and what they hear."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import azure.functions as func  # noqa: TID251 - these are the tests of the room that knows it
import pytest
from build import POLICY, a_record
from fakes import FakeClock, World, a_world
from turning import account_of, audit_of, deliver, dossier_of, first_load, with_policy

from shared import wiring
from shared.errors import Transient
from shared.ledger.sqlite import open_sqlite
from shared.settings import Settings
from shared.triggers import ops

OPEN = Settings.model_validate({"HR_SOURCES": "afas"})
SIGNED_IN = Settings.model_validate({"HR_SOURCES": "afas", "WEBSITE_AUTH_ENABLED": "True"})
ASKED = {"reason": "ticket 4711", "who": "j.devries"}
HEADER = {"X-MS-CLIENT-PRINCIPAL-NAME": "beheer@proef.example"}


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock)
    world.hr.put(a_record("1042"))
    await first_load(world)

    async def service() -> Any:
        return world.service

    monkeypatch.setattr(wiring, "service", service)
    monkeypatch.setattr(wiring, "settings", lambda: OPEN)
    yield world
    await store.close()


async def ask(
    body: object, *, key: str = "1042", method: str = "POST", **headers: str
) -> tuple[int, dict[str, Any]]:
    request = func.HttpRequest(
        method,
        "http://127.0.0.1/api/ops/people/x/stop",
        headers=headers,
        route_params={"key": key},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )
    response = await ops.ops_leaver._function.get_user_function()(request)
    return response.status_code, json.loads(response.get_body())


async def whoever_stopped(world: World) -> str:
    stop = (await dossier_of(world, "1042")).stop
    assert stop is not None
    return stop.who


async def test_post_stops_and_delete_lifts(world: World) -> None:
    status, told = await ask(ASKED)
    await deliver(world)

    assert (status, told["person"], told["stopped"]) == (200, "afas:1042", True)
    assert not account_of(world, "1042").enabled
    assert "stopped at once: ticket 4711" in await audit_of(world, "1042")

    status, told = await ask(ASKED, key="afas:1042", method="DELETE")
    await deliver(world)

    assert (status, told["stopped"]) == (200, False)
    assert account_of(world, "1042").enabled


async def test_answer_holds_nothing_of_the_person_or_the_reason(world: World) -> None:
    _, told = await ask(ASKED)

    assert set(told) == {"person", "stopped", "since"}
    assert "Dijk" not in str(told)
    assert await whoever_stopped(world) == "j.devries, by the app's key"


async def test_who_is_signed_in_is_the_platforms_word(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: SIGNED_IN)

    await ask(ASKED, **HEADER)

    assert await whoever_stopped(world) == "beheer@proef.example, signed in"


async def test_header_proves_nothing_when_the_platform_does_not_sign_in(world: World) -> None:
    await ask(ASKED, **HEADER)

    assert await whoever_stopped(world) == "j.devries, by the app's key"


@pytest.mark.parametrize("settings", [OPEN, SIGNED_IN])
async def test_nobody_asks_without_a_name(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: settings)

    status, told = await ask({"reason": "ticket 4711"})

    assert (status, "say who asks" in told["error"]) == (400, True)
    assert (await dossier_of(world, "1042")).stop is None


@pytest.mark.parametrize(
    ("body", "key", "method", "status"),
    [
        (b"", "1042", "POST", 400),
        (b"\xff", "1042", "POST", 400),
        (b"[" * 4000, "1042", "POST", 400),
        ({"who": "x"}, "1042", "POST", 400),
        ({**ASKED, "reason": " "}, "1042", "POST", 400),
        ({**ASKED, "reason": "two\nlines"}, "1042", "POST", 400),
        ({**ASKED, "who": "two\nlines"}, "1042", "POST", 400),
        ({**ASKED, "now": True}, "1042", "POST", 400),
        (b" " * 5000, "1042", "POST", 413),
        (ASKED, "404", "POST", 404),
        (ASKED, "nmbrs:1042", "POST", 404),
        (ASKED, "", "POST", 404),
        (ASKED, "\ud800", "POST", 404),
        (ASKED, "1042", "DELETE", 409),
    ],
)
async def test_mistake_is_told_and_changes_nothing(
    world: World, body: object, key: str, method: str, status: int
) -> None:
    answered, told = await ask(body, key=key, method=method)

    assert answered == status, told
    assert told["error"]
    assert (await dossier_of(world, "1042")).stop is None


async def test_protected_account_is_a_conflict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = with_policy(world, POLICY + "protected: ['afas:1042']\n")
    await first_load(other)

    async def service() -> Any:
        return other.service

    monkeypatch.setattr(wiring, "service", service)

    status, told = await ask(ASKED)

    assert status == 409
    assert "is protected by the policy" in told["error"]


async def test_ledger_that_is_away_is_a_503(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(*_args: object) -> None:
        raise Transient("the ledger is away")

    monkeypatch.setattr(world.service.ledger.identities, "find", find)

    assert (await ask(ASKED))[0] == 503
