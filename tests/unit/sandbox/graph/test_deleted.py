"""The recycle bin: what a deletion keeps and what a restore meets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]

DAY = 86_400
MISSING = (404, "Request_ResourceNotFound")


def restore(service: Service, user_id: str, body: object = None) -> Any:
    return service.ask("POST", f"/directory/deletedItems/{user_id}/restore", body)


def test_a_deleted_user_is_in_the_bin_under_a_mangled_name(
    service: Service, create: Create, error: Error
) -> None:
    anna = create("anna")

    assert service.ask("DELETE", f"/users/{anna}").status == 204

    reply = service.ask("GET", "/directory/deletedItems/microsoft.graph.user")
    assert isinstance(reply.body, dict)
    (item,) = reply.body["value"]
    assert item["userPrincipalName"] == f"{anna.replace('-', '')}anna@bedrijf.example"
    assert error(service.ask("GET", f"/users/{anna}")) == MISSING
    assert error(service.ask("DELETE", f"/users/{anna}")) == MISSING


def test_the_moment_of_deletion_is_calendar_time(
    service: Service, create: Create, clock: ManualClock
) -> None:
    anna = create()
    clock.advance(DAY)
    service.ask("DELETE", f"/users/{anna}")

    reply = service.ask("GET", f"/directory/deletedItems/{anna}")

    assert isinstance(reply.body, dict)
    assert reply.body["deletedDateTime"] == "2026-11-03T09:00:00Z"


def test_the_type_cast_is_required(service: Service, error: Error) -> None:
    assert error(service.ask("GET", "/directory/deletedItems")) == (400, "BadRequest")


def test_a_restore_brings_memberships_and_manager_back(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    anna, boss = create("anna"), create("bert")
    tenant.add_member(group_id, anna)
    tenant.set_manager(anna, boss)
    service.ask("PATCH", f"/users/{anna}", {"accountEnabled": False})
    service.ask("DELETE", f"/users/{anna}")
    assert tenant.members(group_id) == ()

    reply = restore(service, anna)

    assert reply.status == 200
    assert reply.body["userPrincipalName"] == "anna@bedrijf.example"
    assert tenant.members(group_id) == (anna,)
    assert tenant.manager_of(anna) == boss
    assert tenant.users[anna]["accountEnabled"] is False


def test_a_group_deleted_meanwhile_does_not_come_back(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    anna = create()
    tenant.add_member(group_id, anna)
    service.ask("DELETE", f"/users/{anna}")
    service.ask("DELETE", f"/groups/{group_id}")

    assert restore(service, anna).status == 200
    assert tenant.groups_of(anna) == ()


def test_a_manager_deleted_meanwhile_does_not_come_back(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna, boss = create("anna"), create("bert")
    tenant.set_manager(anna, boss)
    service.ask("DELETE", f"/users/{anna}")
    service.ask("DELETE", f"/users/{boss}")

    assert restore(service, anna).status == 200
    assert tenant.manager_of(anna) is None


def test_a_deleted_user_is_found_by_number_and_read_by_type(
    service: Service, create: Create
) -> None:
    anna = create(employeeId="1042")
    service.ask("DELETE", f"/users/{anna}")
    bin_url = "/directory/deletedItems"

    found = service.ask(
        "GET", f"{bin_url}/microsoft.graph.user?$filter=employeeId eq '1042'&$select=id"
    )
    one = service.ask("GET", f"{bin_url}/{anna}/microsoft.graph.user?$select=employeeId")

    assert isinstance(found.body, dict)
    assert isinstance(one.body, dict)
    assert found.body["value"] == [{"id": anna}]
    assert one.body["employeeId"] == "1042"


def test_the_name_of_a_deleted_user_is_free_and_then_in_the_way(
    service: Service, create: Create
) -> None:
    first = create("anna")
    service.ask("DELETE", f"/users/{first}")
    second = create("anna")

    reply = restore(service, first)

    targets = [each["target"] for each in reply.body["error"]["details"]]
    assert (reply.status, targets) == (400, ["userPrincipalName", f"User_{second}"])
    renamed = restore(service, first, {"newUserPrincipalName": "anna.2@bedrijf.example"})
    assert renamed.status == 200
    assert renamed.body["userPrincipalName"] == "anna.2@bedrijf.example"


def test_a_taken_address_is_dropped_when_asked(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    first = create("anna", mail="a@bedrijf.example")
    service.ask("DELETE", f"/users/{first}")
    create("anja", mail="a@bedrijf.example")

    refused = restore(service, first)
    done = restore(service, first, {"autoReconcileProxyConflict": True})

    assert refused.body["error"]["details"][0]["target"] == "proxyAddresses"
    assert done.status == 200
    assert tenant.users[first]["proxyAddresses"] == []


def test_ownership_comes_back_and_a_group_takes_no_options(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    anna = create()
    unified = tenant.add_group(
        {"displayName": "Team", "groupTypes": ["Unified"], "mailEnabled": True}
    )
    for each in (group_id, unified):
        tenant.add_owner(each, anna)
    service.ask("DELETE", f"/groups/{unified}")
    assert error(restore(service, unified, {"newUserPrincipalName": "x"}))[0] == 400
    assert restore(service, unified).status == 200
    assert list(tenant.ownerships[unified].current) == [anna]

    service.ask("DELETE", f"/users/{anna}")
    assert list(tenant.ownerships[unified].current) == []
    restore(service, anna)

    assert [list(tenant.ownerships[g].current) for g in (group_id, unified)] == [[anna], [anna]]


def test_a_nested_group_that_is_deleted_is_in_no_group(
    service: Service, tenant: GraphTenant, group_id: str
) -> None:
    inner = tenant.add_group({"displayName": "Binnen"})
    tenant.add_member(group_id, inner)

    assert service.ask("DELETE", f"/groups/{group_id}/members/{inner}").status == 204
    assert tenant.members(group_id) == ()
    assert inner not in tenant.groups


@pytest.mark.parametrize("body", [{"upn": "x"}, {"autoReconcileProxyConflict": "ja"}])
def test_a_restore_takes_its_two_options_only(
    service: Service, create: Create, error: Error, body: dict[str, str]
) -> None:
    anna = create()
    service.ask("DELETE", f"/users/{anna}")

    assert error(restore(service, anna, body)) == (400, "Request_BadRequest")


def test_an_administrator_is_not_restored_by_an_app(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    anna = create()
    service.ask("DELETE", f"/users/{anna}")
    tenant.grant_role(anna)

    assert error(restore(service, anna)) == (403, "Authorization_RequestDenied")


def test_a_purge_is_for_good(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    anna = create()
    service.ask("DELETE", f"/users/{anna}")

    assert service.ask("DELETE", f"/directory/deletedItems/{anna}").status == 204
    assert error(restore(service, anna)) == MISSING
    assert tenant.purged == [anna]


def test_thirty_days_later_nothing_is_left_to_restore(
    service: Service, create: Create, clock: ManualClock, error: Error
) -> None:
    anna, bert = create("anna"), create("bert")
    service.ask("DELETE", f"/users/{anna}")
    service.ask("DELETE", f"/users/{bert}")

    clock.advance(29 * DAY)
    assert restore(service, anna).status == 200
    clock.advance(DAY)
    assert error(restore(service, bert)) == MISSING
