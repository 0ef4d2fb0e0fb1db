from __future__ import annotations

import asyncio

import httpx
import pytest
from unit.sandbox.topdesk.desk import JSON, NOWHERE, PERSON, PERSONS, Desk, messages, sample

from sandbox.topdesk.settings import Right


async def test_a_call_without_credentials_is_refused(desk: Desk) -> None:
    desk.client.auth = httpx.Auth()
    reply = await desk.get("/version")

    assert reply.status_code == 401
    assert messages(reply) == ["No authentication token provided"]
    assert "Basic" in reply.headers["www-authenticate"]


@pytest.mark.parametrize("auth", [("instroom", "web password"), ("other", "app-password")])
async def test_wrong_credentials_are_refused(desk: Desk, auth: tuple[str, str]) -> None:
    desk.client.auth = httpx.BasicAuth(*auth)

    assert (await desk.get("/version")).status_code == 401


@pytest.mark.parametrize("header", ["Basic !!!", "Basic /w==", "TOKEN id='x'", "Basic"])
async def test_a_broken_header_is_no_credential(desk: Desk, header: str) -> None:
    desk.client.auth = httpx.Auth()
    url = "/tas/api/version"

    assert (await desk.client.get(url, headers={"authorization": header})).status_code == 401


async def test_the_scheme_may_be_in_upper_case(desk: Desk) -> None:
    desk.client.auth = httpx.Auth()
    headers = {"authorization": "BASIC aW5zdHJvb206YXBwLXBhc3N3b3Jk"}

    assert (await desk.client.get("/tas/api/version", headers=headers)).status_code == 200


async def test_an_archived_api_account_is_told_so(desk: Desk) -> None:
    desk.tenant.settings.api_account_archived = True
    reply = await desk.get("/persons")

    assert reply.status_code == 401
    assert messages(reply) == ["User removed or archived"]


async def test_an_expired_app_password_is_refused(desk: Desk) -> None:
    desk.tenant.settings.app_password_expired = True

    assert (await desk.get("/version")).status_code == 401


async def test_versions_are_shown(desk: Desk) -> None:
    version = (await desk.get("/version")).json()
    product = (await desk.get("/productVersion")).json()

    assert list(version) == ["version"]
    assert product == {"major": 16, "minor": 6, "patch": 10}


async def test_any_media_type_means_the_first_generation(desk: Desk) -> None:
    await desk.person()
    rows = (await desk.get("/persons", accept="*/*")).json()

    assert rows[0]["status"] == "person"
    assert "archived" not in rows[0]


async def test_the_second_generation_answers_in_its_own_type(desk: Desk) -> None:
    reply = await desk.get("/persons", accept=PERSONS)

    assert reply.headers["content-type"] == PERSONS
    assert reply.json() == {"item": [], "size": 0, "next": None}


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/persons", PERSON),
        ("POST", "/persons", PERSONS),
        ("GET", f"/persons/{NOWHERE}", JSON),
        ("GET", f"/persons/id/{NOWHERE}", PERSON),
        ("PATCH", f"/persons/id/{NOWHERE}/archive", PERSON),
        ("GET", "/operators", PERSONS),
    ],
)
async def test_a_type_that_is_not_offered_is_a_406(
    desk: Desk, method: str, path: str, accept: str
) -> None:
    reply = await desk.call(method, path, {}, accept=accept)

    assert reply.status_code == 406
    assert reply.content == b""


async def test_a_tenant_without_v2_answers_406(desk: Desk) -> None:
    desk.tenant.settings.generations = "v1"
    card = await desk.call("POST", "/persons", {"surName": "Jansen", "branch": desk.branch})

    assert card.status_code == 201
    assert (await desk.get("/persons", accept=PERSONS)).status_code == 406
    assert (await desk.get(f"/persons/{card.json()['id']}", accept=PERSON)).status_code == 406
    assert (await desk.get(f"/persons/id/{card.json()['id']}")).status_code == 200


async def test_a_tenant_without_v1_answers_only_v2(desk: Desk) -> None:
    desk.tenant.settings.generations = "v2"
    card = await desk.person()

    assert (await desk.get("/persons")).status_code == 406
    assert (await desk.get(f"/persons/id/{card['id']}")).status_code == 404
    assert (await desk.archive("persons", card)).json()["status"] == "personArchived"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_must_be_json_by_its_header(desk: Desk, kind: str) -> None:
    reply = await desk.client.post(
        "/tas/api/persons", content=b"{}", headers={"accept": JSON, "content-type": kind}
    )

    assert reply.status_code == 415


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'"text"', b"\xff\xfe{}"])
async def test_a_body_that_is_no_object_is_malformed(desk: Desk, body: bytes) -> None:
    reply = await desk.client.post(
        "/tas/api/persons", content=body, headers={"accept": JSON, "content-type": JSON}
    )

    assert reply.status_code == 400
    assert messages(reply) == ["Input parameters malformed"]


async def test_an_early_v2_wants_its_own_content_type(desk: Desk) -> None:
    desk.tenant.settings.vendor_content_type = True
    body = {"surName": "Jansen", "branch": desk.branch}
    own = {"accept": PERSON, "content-type": "application/x-topdesk-person-v2+json"}
    made = await desk.client.post("/tas/api/persons", json=body, headers=own)

    assert (await desk.call("POST", "/persons", body, accept=PERSON)).status_code == 415
    assert made.status_code == 201


@pytest.mark.parametrize("path", ["/persons/id/{id}", "/persons/{id}", "/operators/id/{id}"])
async def test_no_card_can_be_deleted(desk: Desk, path: str) -> None:
    reply = await desk.call("DELETE", path.format(id=NOWHERE), accept="*/*")

    assert reply.status_code == 405


async def test_errors_come_in_the_published_shapes(desk: Desk) -> None:
    await desk.call("POST", "/budgetholders", {"name": "KP 4100"})
    listed = await desk.call("POST", "/persons", {"tasLoginName": "x"}, accept=PERSON)
    one = await desk.call("POST", "/budgetholders", {"name": "kp 4100"})
    described = await desk.get(f"/persons/{NOWHERE}", accept=PERSON)
    patched = await desk.call("PATCH", f"/persons/{NOWHERE}", {}, accept=PERSON)
    looked_up = await desk.get("/persons/lookup", **{"$top": "many"})

    assert listed.json()[0].keys() == sample("8.6-messages")[0].keys()
    assert one.json().keys() == sample("8.6-descriptions")[0].keys()
    assert one.json()["errorCode"] == "duplicate_value"
    assert described.json()[0].keys() == sample("8.6-descriptions")[0].keys()
    assert (patched.status_code, patched.content) == (404, b"")
    assert list(looked_up.json()) == ["errors"]


async def test_problems_can_come_one_at_a_time(desk: Desk) -> None:
    both = await desk.call("POST", "/persons", {})
    desk.tenant.settings.all_problems_at_once = False
    first = await desk.call("POST", "/persons", {})

    assert messages(both) == [
        "Mandatory field 'surName' is missing.",
        "Mandatory field 'branch' is missing.",
    ]
    assert messages(first) == messages(both)[:1]


@pytest.mark.parametrize(
    ("right", "text"),
    [
        ("persons.create", "No permission to create persons"),
        ("login data.write", "May not set login credentials."),
        ("rest api.read", "No permission to access the entity"),
    ],
)
async def test_a_missing_right_is_a_403_that_names_it(desk: Desk, right: Right, text: str) -> None:
    desk.tenant.settings.denied = frozenset({right})
    body = {"surName": "Jansen", "branch": desk.branch, "tasLoginName": "jansen"}
    reply = await desk.call("POST", "/persons", body, accept=PERSON)

    assert reply.status_code == 403
    assert messages(reply) == [text]


async def test_too_many_calls_at_once_can_be_throttled(desk: Desk) -> None:
    desk.tenant.settings.max_parallel = 2
    replies = await asyncio.gather(*(desk.get("/version") for _ in range(4)))
    codes = sorted(reply.status_code for reply in replies)

    assert 429 in codes
    assert 200 in codes
    assert all("retry-after" in r.headers for r in replies if r.status_code == 429)


async def test_only_successful_writes_are_logged(desk: Desk) -> None:
    card = await desk.person()
    await desk.call("POST", "/persons", {}, accept=PERSON)
    await desk.get("/persons")
    await desk.archive("persons", card)
    logged = [(write.method, write.fields, write.ids) for write in desk.tenant.writes]

    assert logged == [
        ("POST", ("surName", "branch"), (card["id"],)),
        ("PATCH", ("id",), (card["id"],)),
    ]
