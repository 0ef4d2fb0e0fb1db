"""The tenant itself: its domains and its organization object.

Source: Graph v1.0, "List domains", "Get domain", "List organizations".
"""

from __future__ import annotations

from sandbox.graph import refusals
from sandbox.graph.call import Call
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.wire import Json, Reply


def read_domains(call: Call) -> Reply:
    """GET /domains."""
    value = [_domain(call.tenant, name) for name in call.tenant.domains]
    return Reply(200, call.context("domains") | {"value": value})


def read_domain(call: Call) -> Reply:
    """GET /domains/{name}."""
    name = call.params["domain"].lower()
    if name not in call.tenant.domains:
        raise refusals.not_found(name)
    return Reply(200, call.context("domains/$entity") | _domain(call.tenant, name))


def read_organization(call: Call) -> Reply:
    """GET /organization."""
    tenant = call.tenant
    domains = [
        {
            "name": name,
            "isDefault": name == tenant.domain,
            "isInitial": name.endswith(".onmicrosoft.com"),
            "type": "Managed",
        }
        for name in tenant.domains
    ]
    body = {"id": tenant.tenant_id, "displayName": tenant.domain, "verifiedDomains": domains}
    return Reply(200, call.context("organization") | {"value": [body]})


def _domain(tenant: GraphTenant, name: str) -> Json:
    return {
        "id": name,
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": name == tenant.domain,
        "isInitial": name.endswith(".onmicrosoft.com"),
        "isRoot": True,
        "isVerified": True,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }
