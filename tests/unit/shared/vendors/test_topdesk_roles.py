"""Which roles are paid for, of a service that not every tenant has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.rest import Rest
from shared.vendors.topdesk.roles import licensed
from shared.vendors.topdesk.tenant import Tenant

ROWS = [
    {"id": "1", "name": "Servicedesk", "licensed": True, "_links": {}},
    {"id": "2", "name": "Zelfservice", "licensed": False},
    {"id": "3", "name": "Oud"},
]


async def asked(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[Any, Tenant]:
    client = httpx.AsyncClient(base_url="https://t.example", transport=httpx.MockTransport(answer))
    tenant = Tenant(Rest(client, name="TOPdesk", concurrency=1))
    try:
        return await licensed(tenant), tenant
    finally:
        await client.aclose()


@pytest.mark.parametrize("body", [ROWS, {"results": ROWS}, {"_embedded": {"roles": ROWS}}])
async def test_roles_are_read_however_they_are_wrapped(body: object) -> None:
    found, _ = await asked(lambda request: _json(request, body))

    assert found == {"Servicedesk": True, "Zelfservice": False}


def _json(request: httpx.Request, body: object) -> httpx.Response:
    assert request.url.path == "/services/permissions/roles"
    return httpx.Response(200, json=body)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_tenant_that_does_not_tell_is_not_shut_out(status: int) -> None:
    found, tenant = await asked(lambda _: httpx.Response(status, json={}))

    assert found is None
    assert tenant._shut is None
