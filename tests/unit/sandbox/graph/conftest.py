"""One tenant, one clock, and short ways to make people in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

DOMAIN = "bedrijf.example"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tenant(clock: ManualClock) -> GraphTenant:
    return GraphTenant.seeded(clock, domain=DOMAIN, groups=["Medewerkers", "Zorg"])


@pytest.fixture
def service(tenant: GraphTenant) -> Service:
    return Service(tenant)


@pytest.fixture
def new_body() -> Callable[..., dict[str, Any]]:
    """The body of a create that is accepted, with anything changed; None leaves a name out."""

    def build(alias: str = "anna", **changes: Any) -> dict[str, Any]:
        body = {
            "accountEnabled": True,
            "displayName": alias.title(),
            "mailNickname": alias,
            "userPrincipalName": f"{alias}@{DOMAIN}",
            "passwordProfile": {"password": "Zomer-2026-regen"},
            **changes,
        }
        return {name: value for name, value in body.items() if value is not None}

    return build


@pytest.fixture
def create(service: Service, new_body: Callable[..., dict[str, Any]]) -> Callable[..., str]:
    """Create someone over the wire and return the id."""

    def post(alias: str = "anna", **changes: Any) -> str:
        reply = service.ask("POST", "/users", new_body(alias, **changes))
        assert reply.status == 201, reply.body
        assert isinstance(reply.body, dict)
        return str(reply.body["id"])

    return post


@pytest.fixture
def group_id(tenant: GraphTenant) -> str:
    return str(tenant.group_named("Medewerkers")["id"])


@pytest.fixture
def ref() -> Callable[[str], dict[str, str]]:
    """The body that names a directory object."""

    def build(object_id: str) -> dict[str, str]:
        return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}

    return build


@pytest.fixture
def error() -> Callable[..., tuple[int, str]]:
    """Status and code of a refusal: what callers key on."""

    def read(reply: Any) -> tuple[int, str]:
        assert isinstance(reply.body, dict)
        return reply.status, reply.body["error"]["code"]

    return read
