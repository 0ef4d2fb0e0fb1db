"""Managers, reports, and the groups someone is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]
type Ref = Callable[[str], dict[str, str]]

MISSING = (404, "Request_ResourceNotFound")


def value(reply: Any) -> Any:
    assert reply.status == 200, reply.body
    return reply.body["value"]


def test_a_manager_is_put_read_and_removed(
    service: Service, create: Create, ref: Ref, error: Error
) -> None:
    anna, bert = create("anna"), create("bert")
    link = f"/users/{anna}/manager/$ref"

    assert service.ask("PUT", link, ref(bert)).status == 204
    reply = service.ask("GET", f"/users/{anna}/manager")
    assert isinstance(reply.body, dict)
    assert reply.body["id"] == bert
    reports = service.ask("GET", f"/users/{bert}/directReports?$select=id")
    assert value(reports) == [{"@odata.type": "#microsoft.graph.user", "id": anna}]
    assert service.ask("DELETE", link).status == 204
    assert error(service.ask("GET", f"/users/{anna}/manager")) == MISSING
    assert error(service.ask("DELETE", link)) == MISSING


def test_a_manager_reference_may_name_the_users_collection(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna, bert = create("anna"), create("bert")
    body = {"@odata.id": f"http://127.0.0.1:8092/v1.0/users/{bert}"}

    assert service.ask("PUT", f"/users/{anna}/manager/$ref", body).status == 204
    assert tenant.manager_of(anna) == bert


@pytest.mark.parametrize("reference", [None, "bert", "https://x/v1.0/devices/1", 7])
def test_a_reference_that_is_no_object_url_is_refused(
    service: Service, create: Create, error: Error, reference: object
) -> None:
    reply = service.ask("PUT", f"/users/{create()}/manager/$ref", {"@odata.id": reference})

    assert error(reply) == (400, "Request_BadRequest")


def test_a_manager_must_exist(service: Service, create: Create, ref: Ref, error: Error) -> None:
    missing = "00000000-0000-4000-8000-000000000001"

    assert error(service.ask("PUT", f"/users/{create()}/manager/$ref", ref(missing))) == MISSING


def test_the_manager_of_a_synced_user_is_masters_business(
    service: Service, create: Create, tenant: GraphTenant, ref: Ref, error: Error
) -> None:
    synced = tenant.add_synced_user(
        {"userPrincipalName": "ad@bedrijf.example", "displayName": "Ad"}
    )

    reply = service.ask("PUT", f"/users/{synced}/manager/$ref", ref(create()))

    assert error(reply) == (400, "Request_BadRequest")


def test_memberships_show_groups_and_admin_roles(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    anna = create()
    tenant.add_member(group_id, anna)
    tenant.grant_role(anna, "User Administrator")

    (role,) = value(service.ask("GET", f"/users/{anna}/memberOf/graph.directoryRole"))
    mixed = value(service.ask("GET", f"/users/{anna}/memberOf?$select=displayName"))
    cast = value(service.ask("GET", f"/users/{anna}/memberOf/microsoft.graph.group?$select=id"))

    assert role["displayName"] == "User Administrator"
    assert mixed == [
        {"@odata.type": "#microsoft.graph.group", "displayName": "Medewerkers"},
        {"@odata.type": "#microsoft.graph.directoryRole", **role},
    ]
    assert cast == [{"id": group_id}]


def test_nested_groups_count_transitively_only(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    anna, outer = create(), tenant.add_group({"displayName": "Iedereen"})
    tenant.add_member(group_id, anna)
    tenant.add_member(outer, group_id)

    direct = value(service.ask("GET", f"/users/{anna}/memberOf?$select=id"))
    nested = value(service.ask("GET", f"/users/{anna}/transitiveMemberOf?$select=id"))
    body = {"groupIds": [outer, "00000000-0000-4000-8000-000000000001"]}
    checked = value(service.ask("POST", f"/users/{anna}/checkMemberGroups", body))
    below = value(service.ask("GET", f"/groups/{outer}/transitiveMembers?$select=id"))

    assert [each["id"] for each in direct] == [group_id]
    assert [each["id"] for each in nested] == [group_id, outer]
    assert checked == [outer]
    assert [each["id"] for each in below] == [group_id, anna]


def test_member_groups_are_ids(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    anna = create()
    tenant.add_member(group_id, anna)
    url = f"/users/{anna}/getMemberGroups"

    assert value(service.ask("POST", url, {"securityEnabledOnly": True})) == [group_id]
    assert error(service.ask("POST", url, {})) == (400, "Request_BadRequest")


def test_at_most_twenty_groups_are_checked(service: Service, create: Create, error: Error) -> None:
    url = f"/users/{create()}/checkMemberGroups"

    assert service.ask("POST", url, {"groupIds": ["x"] * 20}).status == 200
    assert error(service.ask("POST", url, {"groupIds": ["x"] * 21})) == (400, "Request_BadRequest")


def test_objects_by_id_are_those_that_exist(
    service: Service, create: Create, group_id: str
) -> None:
    anna = create()
    body = {"ids": [anna, group_id, "niets"], "types": ["user"]}

    found = value(service.ask("POST", "/directoryObjects/getByIds", body))

    assert [each["id"] for each in found] == [anna]


def test_a_directory_object_says_what_it_is(
    service: Service, create: Create, group_id: str, error: Error
) -> None:
    anna = create()
    kinds = []
    for each in (anna, group_id):
        reply = service.ask("GET", f"/directoryObjects/{each}")
        assert isinstance(reply.body, dict)
        kinds.append(reply.body["@odata.type"])

    assert kinds == ["#microsoft.graph.user", "#microsoft.graph.group"]
    assert error(service.ask("GET", "/directoryObjects/niets")) == MISSING
    assert error(service.ask("POST", "/directoryObjects/getByIds", {"ids": "x"}))[0] == 400


def test_a_manager_is_read_as_a_reference(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna, bert = create("anna"), create("bert")
    tenant.set_manager(anna, bert)

    reply = service.ask("GET", f"/users/{anna}/manager/$ref")

    assert isinstance(reply.body, dict)
    assert f"/directoryObjects/{bert}/" in reply.body["@odata.id"]


def test_a_mixed_list_shows_the_selection_where_it_exists(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    anna, inner = create(employeeId="7"), tenant.add_group({"displayName": "Binnen"})
    for each in (anna, inner):
        tenant.add_member(group_id, each)

    shown = value(service.ask("GET", f"/groups/{group_id}/members?$select=employeeId"))

    assert shown == [
        {"@odata.type": "#microsoft.graph.user", "employeeId": "7"},
        {"@odata.type": "#microsoft.graph.group", "id": inner},
    ]


def test_reading_actions_are_no_writes(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna = create()

    service.ask("POST", f"/users/{anna}/getMemberGroups", {"securityEnabledOnly": False})

    assert [write.path for write in tenant.writes] == ["/users"]
