"""Can a story in another process tell itself over HTTP, and is it told what it did wrong?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.clock import ManualClock
from sandbox.world import Answers, World, control

TODAY = date(2026, 11, 2)
HIRE = {"nickname": "Zoë", "birth_name": "Müller", "department": "ICT-BEH", "job": "0142"}


@pytest.fixture
def world() -> World:
    return World.generate(1, 60, TODAY, clock=ManualClock())


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
async def hr(world: World, answers: Answers) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=control.routes(world, answers))
    transport = httpx.ASGITransport(app=app)
    base = "http://rig/_sandbox/world"
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        yield client


async def test_a_whole_career_over_http(hr: httpx.AsyncClient, world: World) -> None:
    hired = (await hr.post("/hire", json={**HIRE, "start": "2026-11-02"})).json()
    number = hired["number"]
    steps: list[tuple[str, dict[str, Any]]] = [
        ("/move", {"on": "2026-12-01", "department": "ICT-ONT", "job": "0143"}),
        ("/rename", {"partner_name": "Boer", "name_use": "PB"}),
        ("/manager", {"manager": "100002"}),
        ("/end", {"last_day": "2026-12-31"}),
        ("/prolong", {"until": "2027-06-30"}),
        ("/rehire", {"start": "2027-08-01"}),
    ]
    for path, body in steps:
        answer = await hr.post(path, json={"number": number, **body})
        assert answer.status_code == 200, answer.text

    (shown,) = (await hr.get("/people", params={"number": number})).json()

    assert [row["employment"] for row in shown["contracts"]] == [1, 1, 1, 2]
    assert shown["partner_name"] == "Boer"
    assert shown == control.plain(world.people[number])
    assert (await hr.post("/withdraw", json={"number": number})).status_code == 200
    assert (await hr.get("/people", params={"number": number})).status_code == 404


async def test_everyone_and_every_department_are_listed(hr: httpx.AsyncClient) -> None:
    assert len((await hr.get("/people")).json()) == 60
    assert {d["code"] for d in (await hr.get("/departments")).json()} >= {"DIR", "ICT-BEH"}


async def test_a_trick_is_played(hr: httpx.AsyncClient, answers: Answers) -> None:
    body = {"answer": "ended", "n": 40, "last_day": "2026-11-30"}

    assert (await hr.post("/answer", json=body)).json() == {"answer": "ended", "n": 40}
    assert answers.last_day == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/hire", {**HIRE, "start": "soon"}, 400),
        ("/hire", {**HIRE, "start": "2026-11-02", "shoe_size": 43}, 400),
        ("/hire", {**HIRE, "department": "NOPE", "start": "2026-11-02"}, 404),
        ("/rename", {"number": "100010", "name_use": "Q"}, 400),
        ("/move", {"number": "1", "on": "2026-11-02"}, 404),
        ("/end", {"number": "100010"}, 400),
        ("/answer", {"answer": "nonsense"}, 400),
        ("/answer", {}, 400),
    ],
)
async def test_a_mistake_is_refused_with_its_reason(
    hr: httpx.AsyncClient, world: World, path: str, body: dict[str, Any], status: int
) -> None:
    answer = await hr.post(path, json=body)

    assert answer.status_code == status
    assert answer.json()["error"]
    assert world.version == 0


async def test_a_body_that_is_no_json_is_refused(hr: httpx.AsyncClient) -> None:
    assert (await hr.post("/hire", content=b"{")).status_code == 400
