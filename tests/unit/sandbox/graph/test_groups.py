"""Groups of every kind: which can be made, changed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]

BAD = (400, "Request_BadRequest")
DENIED = (403, "Authorization_RequestDenied")


def security(**changes: Any) -> dict[str, Any]:
    body = {
        "displayName": "Planning",
        "mailEnabled": False,
        "mailNickname": "planning",
        "securityEnabled": True,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def unified(**changes: Any) -> dict[str, Any]:
    return security(groupTypes=["Unified"], mailEnabled=True, securityEnabled=False, **changes)


def test_a_security_group_is_made_with_its_members(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna = create()
    bind = [f"https://graph.microsoft.com/v1.0/users/{anna}"]

    reply = service.ask("POST", "/groups", security(**{"members@odata.bind": bind}))

    assert isinstance(reply.body, dict)
    assert (reply.status, reply.body["displayName"]) == (201, "Planning")
    assert tenant.members(reply.body["id"]) == (anna,)


def test_members_and_owners_bound_at_birth_are_twenty_together(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    urls = [f"https://graph.microsoft.com/v1.0/users/{create(f'p{n}')}" for n in range(20)]
    crowd = security(**{"members@odata.bind": urls, "owners@odata.bind": urls[:1]})
    fits = security(**{"members@odata.bind": urls[1:], "owners@odata.bind": urls[:1]})

    assert error(service.ask("POST", "/groups", crowd)) == BAD
    made = service.ask("POST", "/groups", fits)
    assert isinstance(made.body, dict)
    assert list(tenant.ownerships[made.body["id"]].current) == [urls[0].rsplit("/", 1)[1]]


@pytest.mark.parametrize("name", ["displayName", "mailEnabled", "mailNickname", "securityEnabled"])
def test_a_group_without_a_required_property_is_refused(
    service: Service, error: Error, name: str
) -> None:
    reply = service.ask("POST", "/groups", security(**{name: None}))

    assert error(reply) == BAD
    assert f"A value is required for property '{name}' of resource 'Group'." in str(reply.body)


@pytest.mark.parametrize(
    "changes",
    [
        {"mailEnabled": True},
        {"groupTypes": ["Unified"]},
        {"groupTypes": ["DynamicMembership"]},
        {"groupTypes": ["Vreemd"]},
        {"securityEnabled": False},
        {"mailNickname": "plan.ning"},
        {"mailNickname": "pl\u00e1n"},
        {"naam": "x"},
        {"mail": "x@bedrijf.example"},
    ],
)
def test_a_group_that_cannot_exist_is_refused(
    service: Service, error: Error, changes: dict[str, Any]
) -> None:
    assert error(service.ask("POST", "/groups", security(**changes))) == BAD


def test_a_role_assignable_group_is_not_this_apps_to_make(service: Service, error: Error) -> None:
    assert error(service.ask("POST", "/groups", security(isAssignableToRole=True))) == DENIED


def test_a_microsoft_365_group_gets_an_address_that_is_its_own(
    service: Service, error: Error
) -> None:
    reply = service.ask("POST", "/groups", unified())

    assert isinstance(reply.body, dict)
    assert reply.body["mail"] == "planning@bedrijf.example"
    assert error(service.ask("POST", "/groups", unified())) == BAD


def test_a_microsoft_365_group_does_not_take_a_persons_address(
    service: Service, create: Create
) -> None:
    anna = create("planning")

    reply = service.ask("POST", "/groups", unified())

    assert isinstance(reply.body, dict)
    targets = [each["target"] for each in reply.body["error"]["details"]]
    assert targets == ["proxyAddresses", f"User_{anna}"]


def test_a_deleted_group_does_not_come_back_over_its_successor(
    service: Service, error: Error
) -> None:
    first = service.ask("POST", "/groups", unified()).ids[0]
    service.ask("DELETE", f"/groups/{first}")
    service.ask("POST", "/groups", unified())

    assert error(service.ask("POST", f"/directory/deletedItems/{first}/restore")) == BAD


def test_a_nickname_can_be_changed_to_a_free_one_only(service: Service, error: Error) -> None:
    service.ask("POST", "/groups", unified())
    other = service.ask("POST", "/groups", unified(mailNickname="zorgteam")).ids[0]

    assert error(service.ask("PATCH", f"/groups/{other}", {"mailNickname": "Planning"})) == BAD
    assert service.ask("PATCH", f"/groups/{other}", {"mailNickname": "zorg"}).status == 204


def test_security_groups_may_share_a_nickname(service: Service) -> None:
    assert service.ask("POST", "/groups", security()).status == 201
    assert service.ask("POST", "/groups", security()).status == 201


def test_a_group_is_found_by_its_name(service: Service, group_id: str) -> None:
    reply = service.ask("GET", "/groups?$filter=displayName eq 'medewerkers'&$select=id")

    assert isinstance(reply.body, dict)
    assert reply.body["value"] == [{"id": group_id}]


def test_counting_groups_needs_the_header(service: Service, error: Error) -> None:
    url = "/groups/$count?$filter=displayName eq 'Zorg'"

    assert error(service.ask("GET", url)) == BAD
    assert service.ask("GET", url, ConsistencyLevel="eventual").body == "1"


def test_group_types_are_asked_with_any(service: Service) -> None:
    service.ask("POST", "/groups", unified())

    reply = service.ask("GET", "/groups?$filter=groupTypes/any(t:t eq 'Unified')")

    assert isinstance(reply.body, dict)
    assert [each["displayName"] for each in reply.body["value"]] == ["Planning"]


def test_a_group_shows_what_tells_hands_off(service: Service, tenant: GraphTenant) -> None:
    names = (
        "groupTypes,mailEnabled,securityEnabled,onPremisesSyncEnabled,isAssignableToRole,"
        "membershipRule,membershipRuleProcessingState,isManagementRestricted"
    )
    group_id = tenant.add_group({"displayName": "AD", "onPremisesSyncEnabled": True})

    reply = service.ask("GET", f"/groups/{group_id}?$select={names}")

    assert isinstance(reply.body, dict)
    assert reply.body["onPremisesSyncEnabled"] is True
    assert reply.body["isAssignableToRole"] is None


def test_a_change_is_kept_and_the_unknown_refused(
    service: Service, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    url = f"/groups/{group_id}"

    assert service.ask("PATCH", url, {"description": "Iedereen"}).status == 204
    assert tenant.groups[group_id]["description"] == "Iedereen"
    assert error(service.ask("PATCH", url, {"isAssignableToRole": True})) == BAD


@pytest.mark.parametrize(
    ("properties", "refused"),
    [
        ({"onPremisesSyncEnabled": True}, BAD),
        ({"isAssignableToRole": True}, DENIED),
        ({"isManagementRestricted": True}, DENIED),
    ],
)
def test_a_group_of_another_master_is_not_changed_or_deleted(
    service: Service,
    tenant: GraphTenant,
    error: Error,
    properties: dict[str, Any],
    refused: tuple[int, str],
) -> None:
    group_id = tenant.add_group({"displayName": "Van een ander", **properties})

    assert error(service.ask("PATCH", f"/groups/{group_id}", {"displayName": "x"})) == refused
    assert error(service.ask("DELETE", f"/groups/{group_id}")) == refused
    assert group_id in tenant.groups


def test_a_deleted_security_group_is_gone_for_good(
    service: Service, tenant: GraphTenant, create: Create, group_id: str
) -> None:
    anna = create()
    tenant.add_member(group_id, anna)

    assert service.ask("DELETE", f"/groups/{group_id}").status == 204
    assert group_id not in tenant.deleted
    assert tenant.groups_of(anna) == ()


def test_a_deleted_microsoft_365_group_comes_back_with_its_members(
    service: Service, tenant: GraphTenant, create: Create
) -> None:
    anna = create()
    made = service.ask("POST", "/groups", unified())
    assert isinstance(made.body, dict)
    group_id = made.body["id"]
    tenant.add_member(group_id, anna)

    service.ask("DELETE", f"/groups/{group_id}")
    reply = service.ask("POST", f"/directory/deletedItems/{group_id}/restore")

    assert reply.status == 200
    assert tenant.members(group_id) == (anna,)
