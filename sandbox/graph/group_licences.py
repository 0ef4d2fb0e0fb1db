"""Licences that a group gives to its members: who gets one, and what is noted of who does not.

Source: Microsoft Learn, "Identify and resolve license assignment problems for a group"; Graph
v1.0, licenseAssignmentState. The real service does it in the background, minutes later; here it is
done with the write. Who left a group gives the seat back, and those who had none are tried again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.graph.tenant import GraphTenant, Sku
from sandbox.graph.wire import Json

STATES = "licenseAssignmentStates"


def carry(tenant: GraphTenant, group_id: str, sku: Sku) -> None:
    """This group gives this licence from now on, to those who are in it too."""
    group = tenant.groups[group_id]
    given = [*group.get("assignedLicenses", ()), {"skuId": sku.sku_id, "disabledPlans": []}]
    tenant.store_group({**group, "assignedLicenses": given})
    settle(tenant, tenant.members(group_id))


def settle(tenant: GraphTenant, member_ids: Iterable[str]) -> None:
    """Give or take the licences of these people's groups, then try those again who had none."""
    touched = [m for m in dict.fromkeys(member_ids) if m in tenant.users and _concerned(tenant, m)]
    for user_id in touched:
        _settle_one(tenant, user_id)
    if touched:
        for user_id in [u["id"] for u in tenant.users.values() if _failed(u)]:
            _settle_one(tenant, user_id)


def _concerned(tenant: GraphTenant, user_id: str) -> bool:
    return bool(_by_group(tenant, user_id) or tenant.users[user_id].get(STATES))


def _by_group(tenant: GraphTenant, user_id: str) -> list[tuple[str, str]]:
    """Group and licence of each group that gives this person one."""
    return [
        (group_id, each["skuId"])
        for group_id in tenant.groups_of(user_id)
        for each in tenant.groups.get(group_id, {}).get("assignedLicenses", ())
    ]


def _settle_one(tenant: GraphTenant, user_id: str) -> None:
    user, wanted = tenant.users[user_id], _by_group(tenant, user_id)
    before = {s["skuId"] for s in user.get(STATES, ()) if s["state"] == "Active"}
    direct = [one for one in user.get("assignedLicenses", ()) if one["skuId"] not in before]
    states = []
    for group_id, sku_id in wanted:
        error = _error(tenant, user, sku_id)
        states.append(
            {
                "skuId": sku_id,
                "assignedByGroup": group_id,
                "disabledPlans": [],
                "state": "Error" if error else "Active",
                "error": error or "None",
            }
        )
    active = dict.fromkeys(state["skuId"] for state in states if state["state"] == "Active")
    given = [*direct, *({"skuId": sku_id, "disabledPlans": []} for sku_id in active)]
    if states != user.get(STATES, []) or given != user.get("assignedLicenses", []):
        tenant.store_user({**user, STATES: states, "assignedLicenses": given})


def _error(tenant: GraphTenant, user: Json, sku_id: str) -> str | None:
    """Why this person does not get this licence; None when they do."""
    if any(one["skuId"] == sku_id for one in user.get("assignedLicenses", ())):
        return None
    if not user.get("usageLocation"):
        return "ProhibitedInUsageLocationViolation"
    seats = next((sku.enabled for sku in tenant.skus if sku.sku_id == sku_id), 0)
    return None if consumed(tenant, sku_id) < seats else "CountViolation"


def consumed(tenant: GraphTenant, sku_id: str) -> int:
    """How many have this licence."""
    return sum(
        any(one["skuId"] == sku_id for one in user.get("assignedLicenses", ()))
        for user in tenant.users.values()
    )


def _failed(user: Json) -> bool:
    return any(state["state"] == "Error" for state in user.get(STATES, ()))
