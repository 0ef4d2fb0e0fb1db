"""The ASGI app: HTTP in, HTTP out, and the rig's own doors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from sandbox.faults import FaultyApp
from sandbox.graph import GraphTenant, make_app
from sandbox.graph import __main__ as command

type NewBody = Callable[..., dict[str, Any]]

ROOT = "http://127.0.0.1:8092"


@pytest.fixture
async def http(tenant: GraphTenant) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(tenant))
    async with httpx.AsyncClient(transport=transport, base_url=ROOT) as client:
        yield client


async def test_a_user_is_made_over_http(http: httpx.AsyncClient, new_body: NewBody) -> None:
    made = await http.post("/v1.0/users", json=new_body("o'brien#x", mailNickname="obrien"))
    read = await http.get("/v1.0/users/o%27brien%23x%40bedrijf.example")

    assert (made.status_code, read.status_code) == (201, 200)
    assert made.headers["content-type"].startswith("application/json")
    assert read.json()["@odata.context"] == f"{ROOT}/v1.0/$metadata#users/$entity"


async def test_next_links_come_back_to_the_same_server(
    http: httpx.AsyncClient, tenant: GraphTenant
) -> None:
    for n in range(3):
        tenant.add_user({"userPrincipalName": f"p{n}@bedrijf.example", "displayName": f"P {n}"})
    params = {"$top": "2", "$filter": "startsWith(displayName,'P ')", "$select": "displayName"}

    first = (await http.get("/v1.0/users", params=params)).json()
    second = (await http.get(first["@odata.nextLink"])).json()

    assert first["@odata.nextLink"].startswith(f"{ROOT}/v1.0/users?")
    assert second["value"] == [{"displayName": "P 2"}]


async def test_a_204_has_no_body_and_a_count_is_text(
    http: httpx.AsyncClient, tenant: GraphTenant, new_body: NewBody
) -> None:
    user_id = (await http.post("/v1.0/users", json=new_body())).json()["id"]

    changed = await http.patch(f"/v1.0/users/{user_id}", json={"department": "Zorg"})
    counted = await http.get("/v1.0/users/$count", headers={"ConsistencyLevel": "eventual"})

    assert (changed.status_code, changed.content) == (204, b"")
    assert counted.headers["content-type"].startswith("text/plain")
    assert counted.text == "1"
    assert tenant.users[user_id]["department"] == "Zorg"


@pytest.mark.parametrize("path", ["/beta/users", "/users"])
async def test_other_versions_are_not_here(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_the_doors_show_the_tenant(
    http: httpx.AsyncClient, tenant: GraphTenant, new_body: NewBody, group_id: str
) -> None:
    user_id = (await http.post("/v1.0/users", json=new_body())).json()["id"]
    tenant.add_member(group_id, user_id)

    users = (await http.get("/_sandbox/graph/users")).json()["users"]
    groups = (await http.get("/_sandbox/graph/groups")).json()["groups"]
    counts = (await http.get("/_sandbox/graph/counts")).json()
    writes = (await http.get("/_sandbox/graph/writes")).json()["writes"]

    assert [(each["id"], each["groups"]) for each in users] == [(user_id, ["Medewerkers"])]
    assert [each["members"] for each in groups] == [[user_id], []]
    assert (counts["users"], counts["memberships"], counts["writes"]) == (1, 1, 1)
    assert [(each["method"], each["status"]) for each in writes] == [("POST", 201)]


async def test_identity_is_made_with_graph_beside_it(http: httpx.AsyncClient) -> None:
    door = "/_sandbox/graph/identities"
    made = (await http.post(door, json={"displayName": "id-instroom"})).json()["id"]
    shown = (await http.get(f"/v1.0/servicePrincipals/{made}")).json()
    everyone = (await http.get("/v1.0/servicePrincipals")).json()["value"]

    assert shown["servicePrincipalType"] == "ManagedIdentity"
    assert [each["displayName"] for each in everyone] == ["Microsoft Graph", "id-instroom"]


async def test_the_doors_make_people_that_ad_masters(
    http: httpx.AsyncClient, tenant: GraphTenant
) -> None:
    body = {"userPrincipalName": "ad@bedrijf.example", "displayName": "Ad", "synced": True}
    user_id = (await http.post("/_sandbox/graph/users", json=body)).json()["id"]
    await http.post("/_sandbox/graph/roles", json={"id": user_id})
    group = {"displayName": "Dynamisch", "groupTypes": ["DynamicMembership"]}
    made = (await http.post("/_sandbox/graph/groups", json=group)).json()["id"]

    assert tenant.users[user_id]["onPremisesSyncEnabled"] is True
    assert tenant.is_privileged(user_id)
    assert tenant.groups[made]["groupTypes"] == ["DynamicMembership"]
    await http.delete(f"/v1.0/groups/{made}")
    assert (await http.get("/_sandbox/graph/deleted")).json() == {"deleted": []}


async def test_quota_and_lag_are_set_through_the_doors(http: httpx.AsyncClient) -> None:
    wanted = {"throttle": {"units": 1}, "replication_seconds": 5, "stale_every": 2}
    shown = (await http.post("/_sandbox/graph/settings", json=wanted)).json()
    statuses = [(await http.get("/v1.0/organization")).status_code for _ in range(2)]

    assert (shown["throttle"]["units"], shown["replication_seconds"]) == (1, 5)
    assert statuses == [200, 429]
    off = (await http.post("/_sandbox/graph/settings", json={"throttle": None})).json()
    assert (off["throttle"], off["stale_every"]) == (None, 2)
    assert (await http.get("/_sandbox/graph/settings")).json() == off


@pytest.mark.parametrize(
    "body", ['{"lag": 1}', '{"throttle": {"speed": 1}}', "{", '{"stale_every": "x"}', "[1]"]
)
async def test_a_setting_that_is_none_is_refused(http: httpx.AsyncClient, body: str) -> None:
    assert (await http.post("/_sandbox/graph/settings", content=body)).status_code == 400


def test_the_command_serves_a_seeded_tenant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: served.append((app, options)))

    code = command.main(["--port", "8123", "--group", "Zorg", "--replication-seconds", "2"])

    ((app, options),) = served
    assert code == 0
    assert isinstance(app, FaultyApp)
    assert (options["host"], options["port"]) == ("127.0.0.1", 8123)
    assert "GRAPH_BASE_URL=http://127.0.0.1:8123/v1.0" in capsys.readouterr().out
