"""An administrator reads and grants permissions of the app's identity, against the Graph rig."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant, make_app
from sandbox.graph.enterprise import identities
from shared.errors import Misconfigured, Permanent
from shared.permissions import grant as granting
from shared.permissions.compare import compared
from shared.vendors.graph.client import Graph, connect
from shared.vendors.graph.permissions import OF_AN_ADMINISTRATOR, OF_THE_APP

BASE = "http://127.0.0.1:8092/v1.0"
NAMES = [each.value for each in OF_THE_APP]


class Credential:
    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("t", int(time.time()) + 3600)


class Desk:
    """One tenant after a deployment, and an administrator at it."""

    def __init__(self) -> None:
        self.tenant = GraphTenant.seeded(ManualClock(), domain="voorbeeld.example", groups=["G"])
        self.identity = identities.add(self.tenant, "id-instroom")
        transport = httpx.ASGITransport(make_app(self.tenant, throttle=None))
        self.graph: Graph = connect(BASE, Credential(), transport=transport)
        self.told: list[str] = []

    async def read(self) -> granting.Identity:
        return await granting.read(self.graph, self.identity)

    async def grant_all(self) -> None:
        await granting.grant(self.graph, await self.read(), OF_THE_APP, self.told.append)

    def granted(self) -> list[tuple[str, str]]:
        rows = self.tenant.enterprise.assignments.current.values()
        return [(row["principalId"], row["appRoleId"]) for row in rows]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.graph.close()


async def test_new_identity_holds_nothing(desk: Desk) -> None:
    found = await desk.read()

    assert (found.name, dict(found.held)) == ("id-instroom", {})


async def test_each_permission_is_granted_by_its_name(desk: Desk) -> None:
    """The rig offers each name twice more, switched off and for people: neither is taken."""
    await desk.grant_all()

    wanted = [(desk.identity, identities.role_named(desk.tenant, name)) for name in NAMES]
    assert desk.granted() == wanted
    assert desk.told == NAMES
    assert compared(OF_THE_APP, (await desk.read()).held).is_well


async def test_granting_twice_is_granting_once(desk: Desk) -> None:
    """Also when somebody else granted it since it was read."""
    before = await desk.read()
    await desk.grant_all()
    await granting.grant(desk.graph, before, OF_THE_APP, desk.told.append)

    assert len(desk.granted()) == len(NAMES)


async def test_nothing_is_granted_when_one_is_not_offered(desk: Desk) -> None:
    itself = desk.tenant.enterprise.principal_of(identities.GRAPH_APP)
    assert itself is not None
    kept = [role for role in itself["appRoles"] if role["value"] != NAMES[-1]]
    desk.tenant.enterprise.principals.put(itself["id"], {**itself, "appRoles": kept})

    with pytest.raises(Permanent, match=f"no application permission {NAMES[-1]}"):
        await desk.grant_all()
    assert desk.granted() == []


async def test_what_an_administrator_needs_is_never_granted_to_the_app(desk: Desk) -> None:
    dangerous = [p for p in OF_AN_ADMINISTRATOR if p.value == "AppRoleAssignment.ReadWrite.All"]

    with pytest.raises(ValueError, match="nothing that the app may hold"):
        await granting.grant(desk.graph, await desk.read(), dangerous, desk.told.append)
    assert desk.granted() == []


async def test_too_much_is_seen_with_its_assignment(desk: Desk) -> None:
    desk.tenant.enterprise.assignments.put("row-1", _row(desk, "Directory.ReadWrite.All"))
    found = await desk.read()

    assert found.held == {"Directory.ReadWrite.All": "row-1"}
    assert compared(OF_THE_APP, found.held).dangerous == ("Directory.ReadWrite.All",)


async def test_role_of_another_application_is_shown_by_its_id(desk: Desk) -> None:
    row = {**_row(desk, "Mail.Send"), "resourceId": "r", "resourceDisplayName": "Exchange"}
    desk.tenant.enterprise.assignments.put("row-1", row)
    found = await desk.read()

    assert list(found.held) == [f"Exchange: {row['appRoleId']}"]


async def test_caller_who_may_not_grant_is_told_which_role(desk: Desk) -> None:
    desk.tenant.enterprise.denied = {"assignments"}

    with pytest.raises(Permanent, match="Privileged Role Administrator"):
        await desk.grant_all()


async def test_client_id_instead_of_object_id_is_told(desk: Desk) -> None:
    principal = desk.tenant.enterprise.principals.current[desk.identity]

    with pytest.raises(Misconfigured, match="not its client id"):
        await granting.read(desk.graph, principal["appId"])


async def test_other_application_is_no_identity_of_the_app(desk: Desk) -> None:
    itself = desk.tenant.enterprise.principal_of(identities.GRAPH_APP)
    assert itself is not None

    with pytest.raises(Misconfigured, match="of type Application, no managed identity"):
        await granting.read(desk.graph, itself["id"])


def _row(desk: Desk, value: str) -> dict[str, Any]:
    itself = desk.tenant.enterprise.principal_of(identities.GRAPH_APP)
    assert itself is not None
    return {
        "id": "row-1",
        "appRoleId": identities.role_named(desk.tenant, value),
        "principalId": desk.identity,
        "principalType": "ServicePrincipal",
        "principalDisplayName": "id-instroom",
        "resourceId": itself["id"],
        "resourceDisplayName": "Microsoft Graph",
        "createdDateTime": desk.tenant.timestamp(),
    }
