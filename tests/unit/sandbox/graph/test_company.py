"""The tenant's own objects."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.graph.service import Service

type Error = Callable[..., tuple[int, str]]


def test_the_verified_domains_are_listed(service: Service, error: Error) -> None:
    reply = service.ask("GET", "/domains")
    one = service.ask("GET", "/domains/bedrijf.example")

    assert isinstance(reply.body, dict)
    assert isinstance(one.body, dict)
    assert [(each["id"], each["isVerified"]) for each in reply.body["value"]] == [
        ("bedrijf.example", True),
        ("bedrijf.onmicrosoft.com", True),
    ]
    assert one.body["isDefault"] is True
    assert error(service.ask("GET", "/domains/elders.example"))[0] == 404


def test_the_organization_is_the_tenant(service: Service) -> None:
    reply = service.ask("GET", "/organization")

    assert isinstance(reply.body, dict)
    assert [each["id"] for each in reply.body["value"]] == [service.tenant.tenant_id]
