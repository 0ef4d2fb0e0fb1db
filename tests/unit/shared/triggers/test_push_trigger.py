"""What a system that pushes hears over HTTP; what it brings about is told in tests/flow."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import azure.functions as func  # noqa: TID251 - these are the tests of the room that knows it
import pytest
from fakes import FakeClock, World, a_world
from pushing import someone, with_push

from shared import wiring
from shared.errors import Misconfigured, Transient
from shared.ledger.sqlite import open_sqlite
from shared.settings import Settings
from shared.triggers import push

KEY = b"twenty-four bytes at least"
SECRET = {"push": f"whsec_{base64.b64encode(KEY).decode()}"}
SETTINGS = Settings.model_validate({"HR_SOURCES": "push", "WEBHOOK_SECRET_": SECRET})


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = with_push(a_world(store, clock=clock))

    async def service() -> Any:
        return world.service

    monkeypatch.setattr(wiring, "service", service)
    monkeypatch.setattr(wiring, "settings", lambda: SETTINGS)
    yield world
    await store.close()


async def answer(
    body: object, *, method: str = "PUT", **changes: str
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    moment = str(int(time.time()))
    mac = hmac.new(KEY, f"msg_1.{moment}.".encode() + content, hashlib.sha256).digest()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    request = func.HttpRequest(
        method, "http://127.0.0.1/api/hr/push/people", headers=headers | changes, body=content
    )
    response = await push.hr_push._function.get_user_function()(request)
    return response.status_code, json.loads(response.get_body()), response.headers


@pytest.mark.usefixtures("world")
async def test_all_good_is_a_200_and_one_refused_a_207() -> None:
    assert (await answer({"people": [someone("1")]}))[0] == 200

    status, told, _ = await answer({"people": [someone("1"), {"number": "2"}]})

    assert status == 207
    assert told["people"][0] == {"number": "1", "status": "unchanged"}
    assert told["people"][1]["number"] == "2"
    assert told["people"][1]["problems"] == [
        {
            "field": "name",
            "problem": "is missing",
            "mend": "Give it, or PATCH somebody who is known already",
        }
    ]


@pytest.mark.usefixtures("world")
async def test_no_value_comes_back_but_the_number() -> None:
    _, told, _ = await answer({"people": [{**someone("7"), "mobile": "hush\n", "phone": 1}]})

    assert set(told["people"][0]) == {"number", "status", "problems"}
    assert "hush" not in json.dumps(told)
    assert "Dijk7" not in json.dumps(told)


@pytest.mark.usefixtures("world")
async def test_patch_takes_what_changes() -> None:
    await answer({"people": [someone("1")]})

    status, told, _ = await answer({"people": [{"number": "1", "mobile": None}]}, method="PATCH")

    assert (status, told["people"][0]["status"]) == (200, "accepted")


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (b"{}", {}, 400),
        (b"\xff", {}, 400),
        (b'{"people": [1]}', {"webhook-signature": "v1,bm8="}, 401),
        (b" " * (4 * 1024 * 1024 + 1), {}, 413),
        (b'{"people": [1], "as_of": "2100-01-01T00:00:00Z"}', {}, 400),
    ],
)
async def test_refusal_is_told_with_its_reason(
    body: bytes, changes: dict[str, str], status: int
) -> None:
    answered, told, _ = await answer(body, **changes)

    assert answered == status
    assert told["error"]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"HR_SOURCES": "afas", "WEBHOOK_SECRET_": SECRET}, "no such HR source"),
        ({"HR_SOURCES": "push"}, "WEBHOOK_SECRET_PUSH is not set"),
    ],
)
async def test_push_that_is_not_set_up_is_not_there(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: Settings.model_validate(settings))

    status, told, _ = await answer({"people": [someone("1")]})

    assert status == 404
    assert reason in told["error"]


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (Transient("the ledger is away"), "30"),
        (Misconfigured("LEDGER_URL", "is odd", "Mend"), None),
    ],
)
async def test_what_keeps_us_from_taking_a_call_is_a_503(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, retry: str | None
) -> None:
    async def find(*_args: object) -> None:
        raise error

    monkeypatch.setattr(world.service.ledger.identities, "find", find)

    status, told, headers = await answer({"people": [someone("1")]})

    assert status == 503
    assert told["error"]
    assert headers.get("Retry-After") == retry
