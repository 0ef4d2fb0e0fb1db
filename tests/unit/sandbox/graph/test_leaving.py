from __future__ import annotations

from typing import Any

import pytest

from sandbox.graph import GraphTenant, leaving
from sandbox.graph.service import Service


@pytest.fixture
def anna(tenant: GraphTenant) -> str:
    user_id = tenant.add_user({"userPrincipalName": "a@bedrijf.example", "displayName": "A"})
    has = tenant.belongings
    has.methods[user_id] = [
        {"id": "m0", "type": "password"},
        {"id": "m1", "type": "phone", "default": True},
        {"id": "m2", "type": "fido2"},
    ]
    has.devices["d1"] = {"id": "d1", "accountEnabled": True}
    has.registered[user_id] = ["d1"]
    has.mailboxes[user_id] = leaving.mailbox()
    return user_id


def test_methods_are_listed_by_type_and_deleted_in_their_own_place(
    service: Service, tenant: GraphTenant, anna: str
) -> None:
    at = f"/users/{anna}/authentication"
    listed: Any = service.ask("GET", f"{at}/methods").body

    assert [one["@odata.type"] for one in listed["value"]] == [
        "#microsoft.graph.passwordAuthenticationMethod",
        "#microsoft.graph.phoneAuthenticationMethod",
        "#microsoft.graph.fido2AuthenticationMethod",
    ]
    assert service.ask("DELETE", f"{at}/phoneMethods/m2").status == 404
    assert service.ask("DELETE", f"{at}/phoneMethods/m1").status == 400, "the default goes last"
    assert service.ask("DELETE", f"{at}/fido2Methods/m2").status == 204
    assert service.ask("DELETE", f"{at}/phoneMethods/m1").status == 204
    tenant.grant_role(anna)
    assert service.ask("DELETE", f"{at}/phoneMethods/m1").status == 403


def test_a_device_takes_accountenabled_and_nothing_else(
    service: Service, tenant: GraphTenant, anna: str
) -> None:
    listed: Any = service.ask("GET", f"/users/{anna}/registeredDevices?$select=id").body

    assert listed["value"] == [{"@odata.type": "#microsoft.graph.device", "id": "d1"}]
    assert service.ask("PATCH", "/devices/d1", {"accountEnabled": "no"}).status == 400
    assert service.ask("PATCH", "/devices/d1", {"account_enabled": False}).status == 400
    assert service.ask("PATCH", "/devices/d9", {"accountEnabled": False}).status == 404
    assert service.ask("PATCH", "/devices/d1", {"accountEnabled": False}).status == 204
    assert tenant.belongings.devices["d1"]["accountEnabled"] is False


def test_a_mailbox_answers_as_it_is_told(service: Service, tenant: GraphTenant, anna: str) -> None:
    at = f"/users/{anna}/mailboxSettings"
    good = {"status": "alwaysEnabled", "externalAudience": "all", "internalReplyMessage": "x"}
    wrong: dict[str, Any]
    for wrong in ({"status": "on"}, {"message": "x"}, {"externalAudience": "everyone"}):
        assert service.ask("PATCH", at, {"automaticRepliesSetting": wrong}).status == 400

    assert service.ask("PATCH", at, {"automaticRepliesSetting": good}).status == 200
    assert service.ask("PATCH", at, {"userPurpose": "shared"}).status == 400
    told: Any = service.ask("GET", f"{at}?$select=userPurpose").body
    assert told["userPurpose"] == "user"
    del tenant.belongings.mailboxes[anna]
    assert service.ask("GET", at).status == 404
