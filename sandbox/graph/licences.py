"""Licences: what the tenant has, and giving one directly to a user.

Source: Graph v1.0, "List subscribedSkus", "user: assignLicense", "List licenseDetails". Licences
through groups are not played.
"""

from __future__ import annotations

from sandbox.graph import queries, refusals
from sandbox.graph.call import Call, show
from sandbox.graph.schema import USER
from sandbox.graph.tenant import GraphTenant, Sku
from sandbox.graph.wire import Json, Reply

P1 = "AAD_PREMIUM"


def read_skus(call: Call) -> Reply:
    """GET /subscribedSkus."""
    tenant = call.tenant
    value = [_sku(tenant, sku) for sku in tenant.skus]
    return Reply(200, call.context("subscribedSkus") | {"value": value})


def read_details(call: Call) -> Reply:
    """GET /users/{id}/licenseDetails."""
    user = call.user()
    names = {sku.sku_id: sku.name for sku in call.tenant.skus}
    value = [
        {"id": each["skuId"], "skuId": each["skuId"], "skuPartNumber": names[each["skuId"]]}
        for each in user.get("assignedLicenses", ())
    ]
    return Reply(200, call.context("users/licenseDetails") | {"value": value})


def assign(call: Call) -> Reply:
    """POST /users/{id}/assignLicense -> 200; both lists are required, and a usage location."""
    tenant, body = call.tenant, call.request.json()
    user = call.user_to_write()
    for name in ("addLicenses", "removeLicenses"):
        if not isinstance(body.get(name), list):
            raise refusals.directory(f"The required parameter '{name}' is missing.")
    if body["addLicenses"] and not user.get("usageLocation"):
        raise refusals.directory(
            "License assignment cannot be done for user with invalid usage location."
        )
    has = {each["skuId"]: each for each in user.get("assignedLicenses", ())}
    for sku_id in body["removeLicenses"]:
        if has.pop(sku_id, None) is None:
            raise refusals.directory("User does not have a corresponding license.")
    for each in body["addLicenses"]:
        _check_available(tenant, each.get("skuId"), user)
        plans = each.get("disabledPlans", [])
        has[each["skuId"]] = {"skuId": each["skuId"], "disabledPlans": plans}
    after = {**user, "assignedLicenses": list(has.values())}
    tenant.store_user(after)
    shown = show(call, after, queries.Query(), USER)
    changed = ("assignedLicenses",)
    return Reply(200, call.context("users/$entity") | shown, {}, (user["id"],), changed)


def _check_available(tenant: GraphTenant, sku_id: object, user: Json) -> None:
    sku = next((each for each in tenant.skus if each.sku_id == sku_id), None)
    if sku is None:
        raise refusals.directory(
            f"License {sku_id} does not correspond to a valid company License."
        )
    mine = any(each["skuId"] == sku_id for each in user.get("assignedLicenses", ()))
    if not mine and _consumed(tenant, sku) >= sku.enabled:
        raise refusals.directory(
            f"Subscription with SKU {sku_id} does not have any available licenses."
        )


def _consumed(tenant: GraphTenant, sku: Sku) -> int:
    return sum(
        any(each["skuId"] == sku.sku_id for each in user.get("assignedLicenses", ()))
        for user in tenant.users.values()
    )


def _sku(tenant: GraphTenant, sku: Sku) -> Json:
    return {
        "id": f"{tenant.tenant_id}_{sku.sku_id}",
        "skuId": sku.sku_id,
        "skuPartNumber": sku.name,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": _consumed(tenant, sku),
        "prepaidUnits": {"enabled": sku.enabled, "suspended": 0, "warning": 0, "lockedOut": 0},
        "servicePlans": [{"servicePlanName": P1}] if tenant.enterprise.has_p1 else [],
    }
