from __future__ import annotations

from typing import Any

import pytest

from sandbox.graph import GraphTenant, active_directory
from sandbox.graph.service import Service

ANNA: dict[str, Any] = {
    "userPrincipalName": "anna@bedrijf.example",
    "displayName": "Anna",
    "employeeId": "7",
}


def test_a_cycle_undoes_a_block_in_the_cloud(service: Service, tenant: GraphTenant) -> None:
    user_id = tenant.add_synced_user(ANNA)
    blocked = service.ask("PATCH", f"/users/{user_id}", {"accountEnabled": False})
    assert blocked.status == 204
    assert tenant.users[user_id]["accountEnabled"] is False

    active_directory.synchronise(tenant)

    assert tenant.users[user_id]["accountEnabled"] is True


def test_a_cycle_brings_what_was_done_in_active_directory(tenant: GraphTenant) -> None:
    user_id = tenant.add_synced_user(ANNA)
    boss = tenant.add_user({"userPrincipalName": "b@bedrijf.example", "displayName": "B"})
    active_directory.change(
        tenant, user_id, {"accountEnabled": False, "surname": "Ruimte", "manager": boss}
    )
    active_directory.make(tenant, {**ANNA, "userPrincipalName": "bert@bedrijf.example"})
    assert len(tenant.users) == 2

    active_directory.synchronise(tenant)

    assert tenant.users[user_id]["accountEnabled"] is False
    assert tenant.users[user_id]["surname"] == "Ruimte"
    assert tenant.manager_of(user_id) == boss
    assert tenant.user_named("bert@bedrijf.example")["onPremisesSyncEnabled"] is True


def test_what_is_deleted_in_active_directory_lies_in_the_bin(tenant: GraphTenant) -> None:
    user_id = tenant.add_synced_user(ANNA)
    active_directory.remove(tenant, user_id)

    active_directory.synchronise(tenant)
    active_directory.synchronise(tenant)

    assert user_id not in tenant.users
    assert user_id in tenant.deleted


def test_what_the_cloud_masters_is_no_business_of_active_directory(tenant: GraphTenant) -> None:
    user_id = tenant.add_synced_user(ANNA)

    with pytest.raises(ValueError, match="usageLocation"):
        active_directory.change(tenant, user_id, {"usageLocation": "NL"})
