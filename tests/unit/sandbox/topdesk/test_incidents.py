from __future__ import annotations

from typing import Any
from urllib.parse import urlparse

import httpx
import pytest
from unit.sandbox.topdesk.desk import NOWHERE, Desk, Json, sample


async def create(desk: Desk, person: Json, **given: Any) -> httpx.Response:
    body = {"callerLookup": {"id": person["id"]}, **given}
    return await desk.call("POST", "/incidents", body)


async def test_an_incident_is_created_as_published(desk: Desk) -> None:
    person = await desk.person(firstName="Eva")
    body = sample("8.7-incident") | {
        "callerLookup": {"id": person["id"]},
        "operatorGroup": desk.ref("operatorgroups", "Servicedesk"),
    }
    reply = await desk.call("POST", "/incidents", body)
    made = reply.json()

    assert reply.status_code == 201
    assert made["number"] == "I 2611 0001"
    assert made["caller"]["dynamicName"] == "Jansen, Eva"
    assert made["callerBranch"]["id"] == desk.branch["id"]
    assert (made["category"]["name"], made["callType"]["name"]) == ("Middelen", "Aanvraag")
    assert (await desk.get(f"/incidents/id/{made['id']}")).json() == made
    assert (await desk.get("/incidents/number/I 2611 0001")).json() == made


async def test_the_caller_may_be_found_by_mail(desk: Desk) -> None:
    person = await desk.person(email="eva@voorbeeld.example")
    body = {"callerLookup": {"email": "eva@voorbeeld.example"}}
    made = (await desk.call("POST", "/incidents", body)).json()

    assert made["caller"]["id"] == person["id"]


async def test_the_caller_may_be_unregistered(desk: Desk) -> None:
    body = {"caller": {"dynamicName": "Receptie"}, "branch": desk.branch}
    made = (await desk.call("POST", "/incidents", body)).json()

    assert made["caller"] == {"id": None, "dynamicName": "Receptie"}


async def test_a_caller_needs_the_caller_role(desk: Desk) -> None:
    reply = await create(desk, await desk.person(isCaller=False))

    assert reply.status_code == 400
    assert "Caller role" in reply.text


async def test_an_archived_or_unknown_caller_is_not_found(desk: Desk) -> None:
    person = await desk.person()
    await desk.archive("persons", person)

    assert (await create(desk, person)).status_code == 404
    assert (await create(desk, {"id": NOWHERE})).status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        {"briefDescription": "x" * 81},
        {"externalNumber": "x" * 61},
        {"status": "FirstLine"},
        {"external_number": "x"},
        {"caller": {"dynamicName": "x"}},
        {"subcategory": {"name": "Toegang"}, "category": {"name": "Middelen"}},
        {"callerLookup": {}},
        {"callerLookup": None, "caller": {"id": "x"}},
        {"callerLookup": {"id": NOWHERE, "email": "x"}},
    ],
)
async def test_a_bad_incident_is_refused(desk: Desk, given: Json) -> None:
    assert (await create(desk, await desk.person(), **given)).status_code == 400


async def test_lists_may_be_named_by_id(desk: Desk) -> None:
    category = desk.ref("categories", "Accounts")
    made = (await create(desk, await desk.person(), category=category)).json()

    assert made["category"] == {**category, "name": "Accounts"}


async def test_an_unknown_name_is_a_404(desk: Desk) -> None:
    reply = await create(desk, await desk.person(), category={"name": "Niets"})

    assert reply.status_code == 404


async def test_the_operator_must_be_in_the_group(desk: Desk) -> None:
    person, operator = await desk.person(), await desk.operator()
    group = desk.ref("operatorgroups", "Servicedesk")
    given = {"operator": {"id": operator["id"]}, "operatorGroup": group}
    outside = await create(desk, person, **given)
    await desk.call("POST", f"/operators/id/{operator['id']}/operatorgroups", [group])

    assert outside.status_code == 400
    assert (await create(desk, person, **given)).status_code == 201


async def test_an_incident_is_found_by_external_number(desk: Desk) -> None:
    person = await desk.person()
    for number in ("joiner-1", "joiner-2"):
        await create(desk, person, externalNumber=number)
    found = (await desk.get("/incidents", query="externalNumber=='joiner-2'")).json()
    ignored = (await desk.get("/incidents", external_number="joiner-2")).json()
    desk.tenant.settings.incident_query_knows_external_number = False
    unknown = await desk.get("/incidents", query="externalNumber=='joiner-2'")

    assert [row["externalNumber"] for row in found] == ["joiner-2"]
    assert len(ignored) == 2
    assert unknown.status_code == 400


async def test_a_list_says_where_the_next_page_is(desk: Desk) -> None:
    person = await desk.person()
    for _ in range(3):
        await create(desk, person)
    first = await desk.get("/incidents", pageSize=2)
    address = urlparse(first.headers["x-next-page-url"])
    rest = await desk.client.get(f"{address.path}?{address.query}")

    assert (first.status_code, len(first.json())) == (206, 2)
    assert (rest.status_code, len(rest.json())) == (200, 1)


async def test_partial_incidents_are_shown_only_with_all(desk: Desk) -> None:
    await create(desk, await desk.person(), status="partial")

    assert (await desk.get("/incidents")).status_code == 204
    assert len((await desk.get("/incidents", all="true")).json()) == 1


async def test_dates_come_in_two_forms(desk: Desk) -> None:
    await create(desk, await desk.person())
    old = (await desk.get("/incidents")).json()[0]["creationDate"]
    new = (await desk.get("/incidents", dateFormat="iso8601")).json()[0]["creationDate"]

    assert (old, new) == ("2026-11-02T09:00:00.000+0000", "2026-11-02T09:00:00Z")


async def test_an_unknown_number_is_a_404(desk: Desk) -> None:
    assert (await desk.get("/incidents/number/I 1")).status_code == 404
