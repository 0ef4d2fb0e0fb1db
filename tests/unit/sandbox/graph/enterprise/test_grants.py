"""Roles that an identity is granted, as strict as Graph."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.enterprise import identities
from sandbox.graph.service import Service


class Tenant:
    def __init__(self) -> None:
        self.tenant = GraphTenant.seeded(ManualClock(), domain="bedrijf.example", groups=["Groep"])
        self.service = Service(self.tenant, None)
        self.identity = identities.add(self.tenant, "id-instroom")
        self.path = f"/servicePrincipals/{self.identity}/appRoleAssignments"
        graph = self.tenant.enterprise.principal_of(identities.GRAPH_APP)
        assert graph is not None
        self.graph = graph["id"]
        self.roles = graph["appRoles"]

    def body(self, **changes: str) -> dict[str, str]:
        return {
            "principalId": self.identity,
            "resourceId": self.graph,
            "appRoleId": identities.role_named(self.tenant, "Mail.Send"),
        } | changes

    def ask(self, method: str, url: str, body: object = None) -> tuple[int, Any]:
        reply = self.service.ask(method, url, body)
        return reply.status, reply.body


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def test_grant_is_read_and_taken_away_again(tenant: Tenant) -> None:
    status, made = tenant.ask("POST", tenant.path, tenant.body())
    _, before = tenant.ask("GET", tenant.path)
    gone, _ = tenant.ask("DELETE", f"{tenant.path}/{made['id']}")
    _, after = tenant.ask("GET", tenant.path)

    assert (status, gone) == (201, 204)
    assert made["principalType"] == "ServicePrincipal"
    assert [row["id"] for row in before["value"]] == [made["id"]]
    assert after["value"] == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"appRoleId": "741f803b-c850-494e-b5df-cde7c675a1ca"}, "not found on application"),
        ({"principalId": "11111111-1111-1111-1111-111111111111"}, "Not a valid reference update"),
        ({"resourceId": ""}, "A value is required for property 'resourceId'"),
        ({"note": "x"}, "Invalid property 'note'"),
    ],
)
def test_wrong_grant_is_refused(tenant: Tenant, changes: dict[str, str], says: str) -> None:
    status, answer = tenant.ask("POST", tenant.path, tenant.body(**changes))

    assert status == 400
    assert says in answer["error"]["message"]


@pytest.mark.parametrize("trap", [0, 1])
def test_role_that_is_off_or_for_people_cannot_be_granted(tenant: Tenant, trap: int) -> None:
    mail = [role["id"] for role in tenant.roles if role["value"] == "Mail.Send"]
    status, answer = tenant.ask("POST", tenant.path, tenant.body(appRoleId=mail[trap]))

    assert (status, answer["error"]["code"]) == (400, "Request_BadRequest")


def test_grant_that_exists_is_refused(tenant: Tenant) -> None:
    tenant.ask("POST", tenant.path, tenant.body())
    status, answer = tenant.ask("POST", tenant.path, tenant.body())

    assert status == 400
    assert "already exists" in answer["error"]["message"]


def test_unknown_resource_is_not_found(tenant: Tenant) -> None:
    unknown = "11111111-1111-1111-1111-111111111111"
    status, answer = tenant.ask("POST", tenant.path, tenant.body(resourceId=unknown))

    assert (status, answer["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_grant_of_another_cannot_be_deleted_here(tenant: Tenant) -> None:
    other = identities.add(tenant.tenant, "id-other")
    _, made = tenant.ask("POST", tenant.path, tenant.body())
    wrong = f"/servicePrincipals/{other}/appRoleAssignments/{made['id']}"
    status, _ = tenant.ask("DELETE", wrong)

    assert status == 404


def test_caller_without_the_right_is_refused(tenant: Tenant) -> None:
    tenant.tenant.enterprise.denied = {"assignments"}
    status, answer = tenant.ask("POST", tenant.path, tenant.body())

    assert (status, answer["error"]["code"]) == (403, "Authorization_RequestDenied")
