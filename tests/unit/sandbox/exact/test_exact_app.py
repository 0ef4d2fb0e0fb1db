"""Payroll, sync and limits as Exact's documents tell them, with what trips a careless client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import httpx
import pytest

from sandbox.clock import ManualClock
from sandbox.exact.rows import TABLES, guid
from sandbox.world import Answers, Kind, World

EMPLOYEES = "/sync/Payroll/Employees"
ALL = {"$select": "ID,Code,Timestamp", "$filter": "Timestamp gt 0L"}


async def results(
    exact: httpx.AsyncClient, path: str, params: Mapping[str, str]
) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    answer = await exact.get(path, params=params)
    while True:
        body = answer.json()["d"]
        found += body["results"]
        if "__next" not in body:
            return found
        answer = await exact.get(body["__next"])


async def refusal(exact: httpx.AsyncClient, path: str, **params: str) -> tuple[int, str]:
    answer = await exact.get(
        path, params={name.replace("_", "$"): v for name, v in params.items()}
    )
    return answer.status_code, str(answer.json()["error"]["message"]["value"])


# --- rows ---


async def test_employees_are_those_who_work(exact: httpx.AsyncClient, world: World) -> None:
    found = await results(exact, EMPLOYEES, ALL)

    working = {p.number for p in world.people.values() if p.kind is not Kind.NOT_WORKING}
    assert {row["Code"].strip() for row in found} == working
    assert len(found[0]["Code"]) == 18


@pytest.mark.parametrize("table", TABLES)
async def test_every_table_pages_to_its_end(
    exact: httpx.AsyncClient, rig: Any, table: str
) -> None:
    whole = await results(exact, f"/sync/Payroll/{table}", {**ALL, "$select": "ID,Timestamp"})
    rig.environment.sync_page_size = 7

    paged = await results(exact, f"/sync/Payroll/{table}", {**ALL, "$select": "ID,Timestamp"})

    assert paged == whole
    assert len({row["ID"] for row in whole}) == len(whole) > 7


async def test_only_asked_fields_are_shown(exact: httpx.AsyncClient) -> None:
    (row, *_) = await results(exact, "/payroll/Employees", {"$select": "Code", "$top": "2"})

    assert set(row) == {"__metadata", "Code"}


@pytest.mark.parametrize("where", ["trim(Code) eq '100030'", "EmployeeHID eq 100030"])
async def test_employee_is_found(exact: httpx.AsyncClient, where: str) -> None:
    params = {"$select": "EmployeeHID", "$filter": where}

    assert [row["EmployeeHID"] for row in await results(exact, "/payroll/Employees", params)] == [
        100030
    ]


async def test_ids_may_be_joined_by_or(exact: httpx.AsyncClient) -> None:
    ids = [guid(123456, "Employees", f"{number}:") for number in (100030, 100031)]
    where = " or ".join(f"Employee eq guid'{one}'" for one in ids)

    found = await results(exact, "/payroll/Employments", {"$select": "Employee", "$filter": where})

    assert {row["Employee"] for row in found} == set(ids)


@pytest.mark.parametrize(
    ("path", "params", "told"),
    [
        ("/payroll/Employees", {}, "Please add a $select"),
        ("/payroll/Employees", {"_select": "ID"}, "mandatory filtering"),
        ("/payroll/Employees", {"_select": "*", "_top": "1"}, "query syntax"),
        ("/payroll/Employees", {"_select": "ID", "_filter": "Code lt 1"}, "query syntax"),
        ("/payroll/Employees", {"_select": "ID", "_filter": "Cod eq '1'"}, "named 'Cod'"),
        ("/payroll/Employees", {"_select": "Shoe", "_top": "1"}, "named 'Shoe'"),
        ("/payroll/Employees", {"_select": "ID", "_top": "all"}, "query syntax"),
        (EMPLOYEES, {"_select": "ID"}, "mandatory filtering"),
        (EMPLOYEES, {"_select": "ID", "_filter": "Code eq '1'"}, "is not supported"),
        (EMPLOYEES, {"_select": "ID", "_skip": "60"}, "query syntax"),
        ("/sync/Deleted", {"_select": "ID", "_filter": "EntityType eq 42"}, "is not supported"),
        ("/read/sync/Sync/SyncTimestamp", {"modified": "today"}, "query syntax"),
        ("/read/sync/Sync/SyncTimestamp",
         {"modified": "datetime'x'", "endPoint": "'Employees'"}, "query syntax"),
    ],
)  # fmt: skip
async def test_careless_question_is_refused(
    exact: httpx.AsyncClient, path: str, params: dict[str, str], told: str
) -> None:
    status, message = await refusal(exact, path, **params)

    assert status == 400
    assert told in message


async def test_json_must_be_asked_for(exact: httpx.AsyncClient) -> None:
    answer = await exact.get("/system/Divisions", headers={"Accept": "*/*"})

    assert answer.status_code == 406


async def test_division_out_of_reach_and_lapsed_licence_are_forbidden(
    exact: httpx.AsyncClient, rig: Any
) -> None:
    other = await exact.get("http://exact.test/api/v1/999/payroll/Employees?$top=1")
    rig.environment.expired = {123456}
    lapsed = await exact.get("/payroll/Employees?$top=1")

    assert [other.status_code, lapsed.status_code] == [403, 403]
    assert "license expired" in lapsed.headers["reason"]


async def test_divisions_are_listed_twice_with_other_codes(exact: httpx.AsyncClient) -> None:
    params = {"$select": "Code,Status"}

    (by_system,) = await results(exact, "/system/Divisions", params)
    (by_hrm,) = await results(exact, "/hrm/Divisions", params)

    assert (by_system["Status"], by_hrm["Status"]) == (1, 0)
    me = await exact.get("http://exact.test/api/v1/current/Me?$select=CurrentDivision")
    assert me.json()["d"]["results"][0]["CurrentDivision"] == 123456


# --- versions ---


def newest(rows: list[dict[str, Any]]) -> int:
    return max(int(row["Timestamp"]) for row in rows)


async def test_change_raises_the_version_of_its_rows_alone(
    exact: httpx.AsyncClient, world: World
) -> None:
    before = newest(await results(exact, EMPLOYEES, ALL))
    world.rename("100030", nickname="Nieuw")

    after = await results(exact, EMPLOYEES, {**ALL, "$filter": f"Timestamp gt {before}L"})

    assert [row["Code"].strip() for row in after] == ["100030"]


async def test_withdrawn_person_is_among_the_deleted(
    exact: httpx.AsyncClient, world: World
) -> None:
    await results(exact, EMPLOYEES, ALL)
    world.withdraw("100030")

    where = {"$select": "EntityKey,EntityType", "$filter": "Timestamp gt 0L and EntityType eq 42"}
    deleted = await results(exact, "/sync/Deleted", where)
    every = {"$select": "EntityType", "$filter": "Timestamp gt 0L"}

    assert [row["EntityKey"] for row in deleted] == [guid(123456, "Employees", "100030:")]
    types = {row["EntityType"] for row in await results(exact, "/sync/Deleted", every)}
    assert types == {42, 43, 44, 45, 47}


async def test_whom_a_trick_hides_is_not_deleted(
    exact: httpx.AsyncClient, answers: Answers
) -> None:
    await results(exact, EMPLOYEES, ALL)
    answers.play("empty")

    assert await results(exact, EMPLOYEES, ALL) == []
    every = {"$select": "EntityType", "$filter": "Timestamp gt 0L"}
    assert await results(exact, "/sync/Deleted", every) == []


async def test_leavers_of_a_trick_have_an_end(exact: httpx.AsyncClient, answers: Answers) -> None:
    params = {"$select": "ID,EndDate,Timestamp", "$filter": "Timestamp gt 0L"}
    before = await results(exact, "/sync/Payroll/Employments", params)
    answers.play("ended", n=10, last_day=date(2026, 11, 30))

    after = await results(exact, "/sync/Payroll/Employments", params)

    changed = [row for row in after if int(row["Timestamp"]) > newest(before)]
    assert {row["EndDate"] for row in changed} == {"/Date(1795996800000)/"}
    assert len(changed) >= 10


async def test_moment_has_a_version(
    exact: httpx.AsyncClient, world: World, clock: ManualClock
) -> None:
    await results(exact, EMPLOYEES, ALL)
    clock.advance(300)
    world.rename("100030", nickname="Nieuw")
    moment = clock.now().strftime("%Y-%m-%dT%H:%M:%S")
    params = {"modified": f"datetime'{moment}'", "endPoint": "'Employees'"}

    answer = await exact.get(
        "/read/sync/Sync/SyncTimestamp", params={**params, "$select": "TimeStampAsBigInt"}
    )

    told = answer.json()["d"]["results"][0]["TimeStampAsBigInt"]
    assert int(told) == newest(await results(exact, EMPLOYEES, ALL))


# --- limits ---


async def test_calls_of_a_minute_are_counted(exact: httpx.AsyncClient, clock: ManualClock) -> None:
    answers = [await exact.get("/system/Divisions?$select=Code") for _ in range(61)]
    clock.advance(60)
    later = await exact.get("/system/Divisions?$select=Code")

    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert answers[0].headers["x-ratelimit-remaining"] == "4999"
    assert "x-ratelimit-remaining" not in answers[-1].headers
    assert answers[-1].headers["x-ratelimit-minutely-remaining"] == "0"
    assert int(answers[-1].headers["x-ratelimit-minutely-reset"]) > clock.wall() * 1000 - 60_001
    assert later.status_code == 200


async def test_calls_of_a_day_are_counted(
    exact: httpx.AsyncClient, rig: Any, clock: ManualClock
) -> None:
    rig.environment.per_day = 1
    await exact.get("/system/Divisions?$select=Code")

    answer = await exact.get("/system/Divisions?$select=Code")

    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (429, "0")
    assert int(answer.headers["x-ratelimit-reset"]) > clock.wall() * 1000


async def test_too_many_errors_block_the_endpoint_for_an_hour(
    exact: httpx.AsyncClient, rig: Any, clock: ManualClock
) -> None:
    for _ in range(11):
        await exact.get("/payroll/Employees")

    blocked = await exact.get("/payroll/Employees?$top=1")
    other = await exact.get("/payroll/Employments?$top=1")
    clock.advance(3601)
    token = rig.tokens.grant()["access_token"]
    later = await exact.get(
        "/payroll/Employees?$top=1", headers={"Authorization": f"Bearer {token}"}
    )

    assert (blocked.status_code, blocked.headers["reason"]) == (403, "ErrorLimitExceeded")
    assert (other.status_code, later.status_code) == (200, 200)


# --- webhooks and control ---


async def test_subscription_is_tried_and_called(
    exact: httpx.AsyncClient, stranger: httpx.AsyncClient, rig: Any
) -> None:
    heard: list[bytes] = []

    def app(request: httpx.Request) -> httpx.Response:
        heard.append(request.content)
        return httpx.Response(202)

    rig.webhooks.transport = httpx.MockTransport(app)
    wish = {"CallbackURL": "https://app.test/api/hr/exact", "Topic": "Employees"}

    made = await exact.post("/webhooks/WebhookSubscriptions", json=wish)
    again = await exact.post("/webhooks/WebhookSubscriptions", json=wish)
    told = await stranger.post("/_sandbox/exact/webhook", json={"number": "100030"})

    assert (made.status_code, again.status_code, told.json()) == (201, 400, {"delivered": 1})
    assert heard[0] == b""
    assert heard[1].startswith(b'{"Content":{"Topic":"Employees"')


@pytest.mark.parametrize(
    "wish", [{"Topic": "Employees"}, {"CallbackURL": "http://app.test", "Topic": "Employees"}]
)
async def test_subscription_without_a_safe_address_is_refused(
    exact: httpx.AsyncClient, wish: dict[str, str]
) -> None:
    assert (await exact.post("/webhooks/WebhookSubscriptions", json=wish)).status_code == 400


async def test_address_that_does_not_answer_is_refused(exact: httpx.AsyncClient, rig: Any) -> None:
    rig.webhooks.transport = httpx.MockTransport(lambda _: httpx.Response(404))
    wish = {"CallbackURL": "https://app.test/x", "Topic": "Employees"}

    assert (await exact.post("/webhooks/WebhookSubscriptions", json=wish)).status_code == 400


async def test_settings_are_shown_and_changed(stranger: httpx.AsyncClient) -> None:
    changed = await stranger.patch("/_sandbox/exact", json={"page_size": 3, "refused": ["x"]})
    odd = await stranger.patch("/_sandbox/exact", json={"shoe_size": 43})
    nobody = await stranger.post("/_sandbox/exact/webhook", json={"number": "1"})

    assert (changed.json()["page_size"], changed.json()["refused"]) == (3, ["x"])
    assert (odd.status_code, nobody.status_code) == (400, 404)
    assert "access_token" in (await stranger.post("/_sandbox/exact/grant")).json()
