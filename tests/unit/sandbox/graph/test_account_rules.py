"""Names, passwords and addresses: what is accepted and who is in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type NewBody = Callable[..., dict[str, Any]]


def conflict(reply: Any) -> list[tuple[str, str]]:
    assert reply.status == 400
    assert reply.body["error"]["code"] == "Request_BadRequest"
    return [(each["code"], each["target"]) for each in reply.body["error"]["details"]]


@pytest.mark.parametrize(
    "upn",
    [
        "jos\u00e9@bedrijf.example",
        "anna de boer@bedrijf.example",
        "anna+1@bedrijf.example",
        "anna.@bedrijf.example",
        "anna@elders.example",
        "anna",
    ],
)
def test_a_upn_with_strange_characters_or_domain_is_refused(
    service: Service, new_body: NewBody, upn: str
) -> None:
    reply = service.ask("POST", "/users", new_body(userPrincipalName=upn))

    assert conflict(reply)[0] == ("InvalidValue", "userPrincipalName")


@pytest.mark.parametrize("alias", ["a.b-c_d", "o'brien", "a!b#c^d~e", "X9"])
def test_a_upn_may_have_the_documented_characters(create: Create, alias: str) -> None:
    assert create(alias, mailNickname="x")


@pytest.mark.parametrize("password", ["kort1A", "alleenkleineletters", "Anna-2026-anna"])
def test_a_weak_password_is_refused(service: Service, new_body: NewBody, password: str) -> None:
    reply = service.ask("POST", "/users", new_body(passwordProfile={"password": password}))

    assert conflict(reply) == [("InvalidValue", "passwordProfile")]


def test_a_taken_upn_names_its_holder(service: Service, create: Create, new_body: NewBody) -> None:
    holder = create("anna")

    reply = service.ask("POST", "/users", new_body("ANNA"))

    assert conflict(reply) == [
        ("ObjectConflict", "userPrincipalName"),
        ("ConflictingObjects", f"User_{holder}"),
    ]


def test_renaming_onto_a_taken_upn_is_refused(service: Service, create: Create) -> None:
    create("anna")
    other = create("bert")

    reply = service.ask("PATCH", f"/users/{other}", {"userPrincipalName": "anna@bedrijf.example"})

    assert conflict(reply)[0] == ("ObjectConflict", "userPrincipalName")


def test_a_mail_that_is_someones_address_spoils_the_whole_patch(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    holder = create("anna", mail="a.boer@bedrijf.example")
    other = create("bert")

    body = {"mail": "A.Boer@bedrijf.example", "department": "Zorg"}
    reply = service.ask("PATCH", f"/users/{other}", body)

    assert conflict(reply) == [
        ("ObjectConflict", "proxyAddresses"),
        ("ConflictingObjects", f"User_{holder}"),
    ]
    assert "department" not in tenant.users[other]


def test_a_upn_that_is_a_groups_address_is_refused(
    service: Service, new_body: NewBody, tenant: GraphTenant
) -> None:
    group_id = tenant.add_group(
        {
            "displayName": "Zorgteam",
            "groupTypes": ["Unified"],
            "mailNickname": "zorgteam",
            "mailEnabled": True,
            "proxyAddresses": ["SMTP:zorgteam@bedrijf.example"],
        }
    )

    reply = service.ask("POST", "/users", new_body("zorgteam"))

    assert conflict(reply)[1] == ("ConflictingObjects", f"Group_{group_id}")


def test_a_mail_that_someone_signs_in_with_is_refused(service: Service, create: Create) -> None:
    holder, other = create("anna"), create("bert")

    reply = service.ask("PATCH", f"/users/{other}", {"mail": "anna@bedrijf.example"})

    assert conflict(reply)[1] == ("ConflictingObjects", f"User_{holder}")
    assert service.ask("PATCH", f"/users/{holder}", {"mail": "anna@bedrijf.example"}).status == 204


def test_writing_mail_makes_it_the_primary_address(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    user_id = create(mail="anna.oud@bedrijf.example")

    service.ask("PATCH", f"/users/{user_id}", {"mail": "anna.nieuw@bedrijf.example"})

    assert tenant.users[user_id]["proxyAddresses"] == [
        "SMTP:anna.nieuw@bedrijf.example",
        "smtp:anna.oud@bedrijf.example",
    ]
