"""A tenant of the Graph rig, and an administrator who sets up single sign-on in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from azure.core.credentials import AccessToken

from sandbox.clock import ManualClock
from sandbox.faults import ConnectionLost, Faults, FaultyApp
from sandbox.graph import GraphTenant, make_app
from shared.policy.sso import Realm, Sso, SsoRealm
from shared.sso.found import Found
from shared.sso.setup import Desk, setup
from shared.sso.wanted import Wanted, wanted
from shared.vendors.graph.client import Graph, connect

BASE = "http://127.0.0.1:8092/v1.0"
OPERATORS, USERS = "TOPdesk behandelaars", "TOPdesk gebruikers"
SSO = Sso(
    topdesk="https://voorbeeld.topdesk.net",
    notify=("beheer@voorbeeld.example",),
    secure=SsoRealm(
        identifier="https://voorbeeld.topdesk.net/saml-metadata/secure-1", groups=(OPERATORS,)
    ),
    public=SsoRealm(
        identifier="https://voorbeeld.topdesk.net/saml-metadata/public-1", groups=(USERS,)
    ),
)
SECURE, PUBLIC = wanted(SSO)


class Credential:
    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("t", int(time.time()) + 3600)


class Stopped(BaseException):
    """The process ends here; nothing may catch it."""


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """The rig in this process; every call is two moments, and one of them can stop the process."""

    app: Any
    faults: Faults
    stop_at: int | None = None
    lose_at: int | None = None
    moments: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inner = httpx.ASGITransport(FaultyApp(self.app, self.faults))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        told = f"{request.method} {request.url.path}"
        self._moment(f"before {told}")
        try:
            response = await self._inner.handle_async_request(request)
        except ConnectionLost as lost:
            raise httpx.ReadError("the connection was cut", request=request) from lost
        await response.aread()
        self._moment(f"after {told}")
        if self.lose_at == len(self.calls):
            self.calls.append(told)
            raise httpx.ReadError("the reply is lost", request=request)
        self.calls.append(told)
        return response

    def _moment(self, told: str) -> None:
        if self.stop_at == len(self.moments):
            raise Stopped(told)
        self.moments.append(told)


@dataclass
class MemoryNotes:
    """Notes that outlive a stop, as a file does."""

    kept: dict[str, datetime] = field(default_factory=dict)

    def believed_until(self, key: str) -> datetime | None:
        return self.kept.get(key)

    def believe(self, key: str, until: datetime) -> None:
        self.kept[key] = until

    def forget(self, key: str) -> None:
        self.kept.pop(key, None)


class SsoStage:
    """One tenant, and a clock that moves when somebody waits."""

    def __init__(
        self, *, replication_seconds: float = 0.0, groups: Sequence[str] = (OPERATORS, USERS)
    ) -> None:
        self.clock = ManualClock()
        self.tenant = GraphTenant.seeded(self.clock, domain="voorbeeld.example", groups=groups)
        self.faults = Faults()
        self.app = make_app(self.tenant, throttle=None, replication_seconds=replication_seconds)
        self.notes = MemoryNotes()
        self.told: list[str] = []
        self.graphs: list[Graph] = []
        self.wire = Wire(self.app, self.faults)

    def desk(self, **wire: Any) -> Desk:
        """A process that remembers nothing but its notes."""
        self.wire = Wire(self.app, self.faults, **wire)
        graph = connect(BASE, Credential(), transport=self.wire)
        self.graphs.append(graph)

        async def sleep(seconds: float) -> None:
            self.clock.advance(seconds)

        return Desk(graph, self.notes, self.clock.now, sleep, self.told.append)

    async def setup(self, door: Wanted = SECURE, **wire: Any) -> Found:
        return await setup(self.desk(**wire), door)

    async def close(self) -> None:
        for graph in self.graphs:
            await graph.close()

    def stands(self) -> dict[str, Any]:
        """What is in the tenant, without ids that depend on the order of making."""
        enterprise = self.tenant.enterprise
        names = {g["id"]: g["displayName"] for g in self.tenant.groups.values()}
        return {
            "applications": [
                (a["displayName"], a["identifierUris"], a["web"]["redirectUris"])
                for a in enterprise.applications.current.values()
            ],
            "principals": [
                {
                    "mode": p["preferredSingleSignOnMode"],
                    "addresses": (p.get("loginUrl"), p.get("logoutUrl")),
                    "closed": p["appRoleAssignmentRequired"],
                    "notify": p["notificationEmailAddresses"],
                    "tags": p["tags"],
                    "certificates": len(p["keyCredentials"]) // 2,
                    "signs": enterprise.active_signer(p["appId"]) is not None,
                }
                for p in enterprise.principals.current.values()
            ],
            "assigned": sorted(
                (names[a["principalId"]], a["resourceDisplayName"], a["appRoleId"])
                for a in enterprise.assignments.current.values()
            ),
            "policies": [
                (p["displayName"], p["definition"]) for p in enterprise.policies.current.values()
            ],
            "policies in use": len(enterprise.policy_of.current),
        }


def other(sso: Sso, realm: Realm, **changes: Any) -> Wanted:
    """A door with something else in the policy."""
    door = sso.realms[realm].model_copy(update=changes)
    changed = sso.model_copy(update={realm.value: door})
    return next(each for each in wanted(changed) if each.realm is realm)
