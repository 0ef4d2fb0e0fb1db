"""The documented bodies, each produced by the call that earns it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.graph import GraphTenant, Limits
from sandbox.graph.service import Service

type Create = Callable[..., str]
type NewBody = Callable[..., dict[str, Any]]
type Ref = Callable[[str], dict[str, str]]

SAMPLES = Path(__file__).parents[3] / "samples"
NOBODY = "00000000-0000-4000-8000-000000000001"
ANNA = "/users/anna@bedrijf.example"


def sample(name: str) -> dict[str, Any]:
    loaded = json.loads((SAMPLES / f"graph-{name}.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def skeleton(body: Any) -> Any:
    """What callers key on: words, codes and targets, without ids and dates."""
    error = body["error"]
    details = [
        (each["code"], each["target"].partition("_")[0]) for each in error.get("details", ())
    ]
    return error["code"], error["message"], details, sorted(error["innerError"])


@pytest.mark.parametrize(
    ("name", "status", "method", "url", "body"),
    [
        ("1.8-not-found", 404, "GET", f"/users/{NOBODY}", None),
        ("1.8-wrong-method", 405, "PUT", "/users", {}),
        ("13.1-missing-parameters", 400, "GET", "/users?$filter=endsWith(mail,'x')", None),
        ("13.1-unknown-property", 400, "GET", "/users?$select=employeeNumber", None),
        ("13.1-page-size", 400, "GET", "/users?$top=1000", None),
        ("13.1-unknown-segment", 400, "GET", "/gebruikers", None),
        ("13.2-invalid-property", 400, "PATCH", ANNA, {"mobile_phone": None}),
        ("13.2-invalid-value", 400, "PATCH", ANNA, {"department": ""}),
        (
            "13.2-licence-without-location",
            400,
            "POST",
            f"{ANNA}/assignLicense",
            {"addLicenses": [{"skuId": "x"}], "removeLicenses": []},
        ),
    ],
)
def test_a_refusal_reads_as_documented(
    *,
    service: Service,
    create: Create,
    name: str,
    status: int,
    method: str,
    url: str,
    body: object,
) -> None:
    create("anna")

    reply = service.ask(method, url, body)

    assert reply.status == status
    assert skeleton(reply.body) == skeleton(sample(name))


def test_a_taken_name_reads_as_documented(
    service: Service, create: Create, new_body: NewBody
) -> None:
    create("anna", mail="a@bedrijf.example")
    bert = create("bert")

    same_name = service.ask("POST", "/users", new_body("anna"))
    same_mail = service.ask("PATCH", f"/users/{bert}", {"mail": "a@bedrijf.example"})

    assert skeleton(same_name.body) == skeleton(sample("1.7-upn-conflict"))
    assert skeleton(same_mail.body) == skeleton(sample("1.7-address-conflict"))


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("1.8-denied", {"groupTypes": ["DynamicMembership"]}),
        ("1.8-synced-object", {"onPremisesSyncEnabled": True}),
        ("13.4-mail-enabled-group", {"mailEnabled": True}),
        ("1.8-already-member", {}),
    ],
)
def test_a_refused_membership_reads_as_documented(
    *,
    service: Service,
    create: Create,
    tenant: GraphTenant,
    ref: Ref,
    name: str,
    properties: dict[str, Any],
) -> None:
    anna, group_id = create(), tenant.add_group({"displayName": "G", **properties})
    tenant.add_member(group_id, anna)

    reply = service.ask("POST", f"/groups/{group_id}/members/$ref", ref(anna))

    assert skeleton(reply.body) == skeleton(sample(name))


def test_a_throttled_call_reads_as_documented(tenant: GraphTenant) -> None:
    service = Service(tenant, Limits(units=1))
    service.ask("GET", "/organization")

    reply = service.ask("GET", "/organization")

    assert reply.status == 429
    assert skeleton(reply.body) == skeleton(sample("5-throttled"))


def test_a_created_user_reads_as_documented(service: Service) -> None:
    reply = service.ask("POST", "/users", sample("1.1-create-user"))

    assert isinstance(reply.body, dict)
    assert {**reply.body, "id": ""} == {**sample("1.1-created-user"), "id": ""}


def test_ids_of_the_call_are_given_and_echoed(service: Service) -> None:
    mine = "6f1f2b0e-0000-4000-8000-00000000abcd"

    reply = service.ask("GET", "/nergens", client_request_id=mine)
    other = service.ask("GET", "/nergens")

    assert isinstance(reply.body, dict)
    inner = reply.body["error"]["innerError"]
    assert reply.headers["client-request-id"] == inner["client-request-id"] == mine
    assert reply.headers["request-id"] == inner["request-id"]
    assert other.headers["request-id"] != reply.headers["request-id"]
