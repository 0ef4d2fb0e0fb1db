"""Who may look and answer over HTTP, and what they get: the flow's own answers, without a name."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import azure.functions as func  # noqa: TID251 - these are the tests of the room that knows it
import pytest
from build import POLICY, TODAY, a_leaver, a_record
from fakes import FakeClock, World, a_world
from turning import account_of, first_load, settle, with_policy

from shared import wiring
from shared.console.principal import HEADER
from shared.errors import Misconfigured
from shared.flow.collect import full_sync
from shared.flow.service import Service
from shared.ledger.sqlite import open_sqlite
from shared.settings import Settings
from shared.triggers import ops_api

GIVEN = {"HR_SOURCES": "afas", "OPS_READERS": "Look", "OPS_ANSWERERS": "Answer,g-1"}
FOUR_EYES = POLICY.replace("guard:", "guard:\n  four_eyes: true")
NUMBERS = ("1042", "2042", "3042", "4042", "5042")


def signed(role: str, *, name: str = "anna@proef.example", mfa: bool = True) -> dict[str, str]:
    claims = [("oid", f"id-{name}"), ("upn", name), ("roles", role), ("amr", "pwd")]
    claims += [("amr", "mfa")] if mfa else []
    body = {"auth_typ": "aad", "claims": [{"typ": typ, "val": val} for typ, val in claims]}
    return {HEADER: base64.b64encode(json.dumps(body).encode()).decode()}


@pytest.fixture(autouse=True)
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Five people, of whom HR ends all at once: they are held."""
    clock = FakeClock()
    world = a_world(await open_sqlite(None, wall=clock.wall), clock=clock)
    world.hr.put(*(a_record(number) for number in NUMBERS))
    await first_load(world)
    world.hr.put(*(a_leaver(TODAY - timedelta(days=1), number) for number in NUMBERS))
    await full_sync(world.service, "afas")
    await settle(world)
    given = Settings.model_validate({**GIVEN, "WEBSITE_AUTH_ENABLED": "True"})
    monkeypatch.setattr(wiring, "settings", lambda: given)
    _serve(world, monkeypatch)
    yield world
    await world.service.ledger.store.close()


def _serve(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def service() -> Any:
        return world.service

    monkeypatch.setattr(wiring, "service", service)


async def look(what: str, headers: dict[str, str], **params: str) -> tuple[int, Any]:
    request = func.HttpRequest(
        "GET", "http://x/", headers=headers, params=params, route_params={"what": what}, body=b""
    )
    return _read(await ops_api.ops_look._function.get_user_function()(request))


async def answer(
    word: str, body: object, headers: dict[str, str], batch: str = "block-1", **more: str
) -> tuple[int, Any]:
    request = func.HttpRequest(
        "POST",
        "http://x/",
        headers={"Content-Type": "application/json", **headers, **more},
        route_params={"batch": batch, "answer": word},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )
    return _read(await ops_api.ops_answer._function.get_user_function()(request))


def _read(response: func.HttpResponse) -> tuple[int, Any]:
    return response.status_code, json.loads(response.get_body())


async def test_every_view_answers_without_anybody_s_name() -> None:
    reader = signed("Look")
    paths = ("held", "people", "people/1042", "people/afas:1042/explain", "people/1042/preview")
    told = {path: await look(path, reader) for path in paths}
    told["forecast"] = await look("forecast", reader, until="2026-12-31")

    assert {path: status for path, (status, _) in told.items()} == dict.fromkeys(told, 200)
    assert "dijk" not in json.dumps(told).casefold()
    [batch] = told["held"][1]["batches"]
    assert (batch["batch"], batch["kind"]) == ("block-1", "block")
    assert sum(len(cause["people"]) for cause in batch["causes"]) == len(NUMBERS)
    assert [one["person"] for one in told["people"][1]["people"]] == [
        f"afas:{number}" for number in NUMBERS
    ]
    assert told["people/1042"][1]["held"] == ["block"]
    assert "Iedereen" in told["people/1042"][1]["rights"]["entra"]
    assert told["people/afas:1042/explain"][1]["why"]["rule"]


async def test_yes_to_exactly_what_was_seen_is_done_and_told(world: World) -> None:
    _, shown = await look("held", signed("Answer"))
    seen = shown["batches"][0]["seen"]
    assert (await answer("approve", {"seen": "0"}, signed("Answer")))[0] == 409
    assert account_of(world, "1042").enabled

    status, told = await answer("approve", {"seen": seen}, signed("Answer"))
    await settle(world)
    _, person = await look("people/1042", signed("Look"))
    assert (status, told["answer"], told["people"], told["final"]) == (200, "approved", 5, True)
    assert not account_of(world, "1042").enabled
    assert "anna@proef.example, signed in" in {line["who"] for line in person["history"]}


async def test_tasks_are_told_without_a_value(world: World) -> None:
    account = account_of(world, "1042")
    world.entra.accounts[account.id] = account.model_copy(update={"synced": True})
    _, shown = await look("held", signed("Answer"))
    await answer("approve", {"seen": shown["batches"][0]["seen"]}, signed("Answer"))
    await settle(world)

    status, told = await look("tasks", signed("Look"))
    (task,) = told["tasks"]
    assert (status, task["person"], task["task"]) == (200, "afas:1042", "disable account")
    assert (task["fields"], task["urgent"]) == (["userAccountControl"], True)
    assert "dijk" not in json.dumps(told).casefold()
    _, person = await look("people/2042", signed("Look"))
    assert person["seen_blocked"]["after_seconds"] == 0


async def test_no_keeps_it_off(world: World) -> None:
    _, shown = await look("held", signed("Answer"))
    body = {"seen": shown["batches"][0]["seen"], "reason": "ticket 4711"}
    assert (await answer("reject", {"seen": body["seen"]}, signed("Answer")))[0] == 400

    status, told = await answer("reject", body, signed("Answer"))
    await settle(world)
    assert (status, told["answer"]) == (200, "rejected")
    assert account_of(world, "1042").enabled


async def test_four_eyes_are_two_accounts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(with_policy(world, FOUR_EYES), monkeypatch)
    await settle(with_policy(world, FOUR_EYES))
    _, shown = await look("held", signed("Answer"))
    body = {"seen": shown["batches"][0]["seen"]}

    assert (await answer("approve", body, signed("Answer")))[1]["answer"] == "signed"
    assert (await answer("approve", body, signed("Answer")))[0] == 409
    told = await answer("approve", body, signed("g-1", name="bob@proef.example"))
    assert (told[0], told[1]["final"]) == (200, True)


@pytest.mark.parametrize(
    ("headers", "looks", "says"),
    [
        ({}, 401, 401),
        ({"x-functions-key": "k", "X-MS-CLIENT-PRINCIPAL-NAME": "anna"}, 401, 401),
        (signed("Other"), 403, 403),
        (signed("Look"), 200, 403),
        (signed("Answer", mfa=False), 200, 403),
    ],
)
async def test_who_may_not_is_told_what_it_would_take(
    headers: dict[str, str], looks: int, says: int
) -> None:
    assert (await look("held", headers))[0] == looks
    assert (await answer("approve", {"seen": "x"}, headers))[0] == says


async def test_nobody_gets_in_without_the_platform_or_without_roles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: Settings.model_validate(GIVEN))
    status, told = await look("held", signed("Answer"))
    assert (status, "App Service" in told["error"]) == (403, True)

    bare = Settings.model_validate({"HR_SOURCES": "afas", "WEBSITE_AUTH_ENABLED": "True"})
    monkeypatch.setattr(wiring, "settings", lambda: bare)
    assert (await look("held", signed("")))[0] == 403


@pytest.mark.parametrize("part", ["settings", "service"])
async def test_app_that_is_not_ready_says_so_and_not_that_nothing_is_there(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Misconfigured("LEDGER_URL", "is not set", "Give it an address")

    def settings() -> Settings:
        raise wrong

    async def service() -> Service:
        raise wrong

    monkeypatch.setattr(wiring, part, {"settings": settings, "service": service}[part])

    status, told = await look("held", signed("Look"))
    assert (status, "/api/health" in told["error"]) == (503, True)
    assert (await answer("approve", {"seen": "x"}, signed("Answer")))[0] == 503


@pytest.mark.parametrize(
    ("word", "body", "more", "status"),
    [
        ("approve", {"seen": "x"}, {"Content-Type": "text/plain"}, 415),
        ("approve", b"[" * 4000, {}, 400),
        ("approve", b" " * 5000, {}, 413),
        ("approve", {"seen": 1}, {}, 400),
        ("perhaps", {"seen": "x"}, {}, 404),
        ("reject", {"seen": "x", "reason": "a\nb"}, {}, 400),
    ],
)
async def test_odd_answers_are_refused(
    word: str, body: object, more: dict[str, str], status: int
) -> None:
    assert (await answer(word, body, signed("Answer"), **more))[0] == status


@pytest.mark.parametrize(
    "path", ["", "nothing", "people/9", "people/1042/secrets", "people/1/2/3", "doctor/x"]
)
async def test_what_is_not_there_is_not_found(path: str) -> None:
    assert (await look(path, signed("Look")))[0] == 404


async def test_a_day_that_is_none_is_said() -> None:
    status, told = await look("forecast", signed("Look"), until="soon")

    assert (status, "2026-12-31" in told["error"]) == (404, True)
