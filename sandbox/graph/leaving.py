"""A leaver's sign-in methods, devices and mailbox.

Sources: Graph v1.0, "List methods" and the delete of each type, "List registeredDevices", "List
ownedDevices", "Update device", "mailboxSettings resource type", "Update mailboxSettings". That the
default method goes last is widely reported and in no document: 400 while there are others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.graph import accounts, refusals
from sandbox.graph.call import Call
from sandbox.graph.refusals import Refusal
from sandbox.graph.wire import Json, Reply

COLLECTIONS = {
    "phoneMethods": "phone",
    "fido2Methods": "fido2",
    "microsoftAuthenticatorMethods": "microsoftAuthenticator",
    "softwareOathMethods": "softwareOath",
    "windowsHelloForBusinessMethods": "windowsHelloForBusiness",
    "emailMethods": "email",
}
_STATUS = frozenset({"disabled", "alwaysEnabled", "scheduled"})
_AUDIENCE = frozenset({"none", "contactsOnly", "all"})
_REPLY = frozenset(
    {
        "@odata.type",
        "status",
        "externalAudience",
        "internalReplyMessage",
        "externalReplyMessage",
        "scheduledStartDateTime",
        "scheduledEndDateTime",
    }
)
_SETTINGS = frozenset({"automaticRepliesSetting", "timeZone", "language", "dateFormat"})


def read_methods(call: Call) -> Reply:
    """GET /users/{id}/authentication/methods: all types in one list, the password too."""
    user = _user(call, "methods")
    value = [
        {
            "@odata.type": f"#microsoft.graph.{method['type']}AuthenticationMethod",
            "id": method["id"],
            "createdDateTime": call.tenant.timestamp(),
        }
        for method in call.tenant.belongings.methods.get(user["id"], [])
    ]
    return Reply(200, call.context("users/authentication/methods") | {"value": value})


def deletion(collection: str) -> Callable[[Call], Reply]:
    """DELETE /users/{id}/authentication/{collection}/{id} -> 204."""

    def delete(call: Call) -> Reply:
        user = _user(call, "methods")
        accounts.refuse_privileged(call.tenant, user["id"])
        mine = call.tenant.belongings.methods.get(user["id"], [])
        found = [m for m in mine if m["id"] == call.params["method"]]
        if not found or found[0]["type"] != COLLECTIONS[collection]:
            raise refusals.not_found(call.params["method"])
        others = [m for m in mine if m is not found[0] and m["type"] != "password"]
        if found[0].get("default") and others:
            raise refusals.bad_request(
                "The default authentication method cannot be deleted while others are registered."
            )
        mine.remove(found[0])
        return Reply(204, ids=(user["id"], found[0]["id"]), changed=("methods",))

    return delete


def read_registered(call: Call) -> Reply:
    """GET /users/{id}/registeredDevices."""
    return _devices(call, call.tenant.belongings.registered)


def read_owned(call: Call) -> Reply:
    """GET /users/{id}/ownedDevices."""
    return _devices(call, call.tenant.belongings.owned)


def update_device(call: Call) -> Reply:
    """PATCH /devices/{id} -> 204; of what can be written only accountEnabled is played."""
    _refuse_denied(call, "devices")
    device = call.tenant.belongings.devices.get(call.params["device"])
    if device is None:
        raise refusals.not_found(call.params["device"])
    body = call.request.json()
    for name, value in body.items():
        if name != "accountEnabled":
            raise refusals.invalid_property(name)
        if not isinstance(value, bool):
            raise refusals.invalid_value(name, "Device")
    changed = tuple(name for name, value in body.items() if device.get(name) != value)
    device.update(body)
    return Reply(204, ids=(call.params["device"],), changed=changed)


def read_mailbox(call: Call) -> Reply:
    """GET /users/{id}/mailboxSettings, whole or with `$select`."""
    _, settings = _mailbox(call)
    named = call.request.query.get("$select", "")
    for name in filter(None, named.split(",")):
        if name not in settings:
            raise refusals.unknown_query_property(name)
    shown = {n: v for n, v in settings.items() if not named or n in named.split(",")}
    return Reply(200, call.context("users/mailboxSettings") | shown)


def update_mailbox(call: Call) -> Reply:
    """PATCH /users/{id}/mailboxSettings -> 200 with what was written."""
    user, settings = _mailbox(call)
    body = call.request.json()
    for name in body:
        if name not in _SETTINGS:
            raise refusals.bad_request(f"The property '{name}' cannot be written.")
    reply = body.get("automaticRepliesSetting", {})
    _check_reply(reply)
    before = settings["automaticRepliesSetting"]
    settings["automaticRepliesSetting"] = {**before, **reply}
    changed = ("automaticRepliesSetting",) if {**before, **reply} != before else ()
    return Reply(
        200, call.context("users/mailboxSettings") | body, ids=(user["id"],), changed=changed
    )


def mailbox(purpose: str = "user") -> Json:
    """The settings of a new mailbox."""
    return {
        "userPurpose": purpose,
        "timeZone": "W. Europe Standard Time",
        "automaticRepliesSetting": {
            "status": "disabled",
            "externalAudience": "all",
            "internalReplyMessage": "",
            "externalReplyMessage": "",
        },
    }


def _check_reply(reply: Any) -> None:
    if not isinstance(reply, dict) or set(reply) - _REPLY:
        raise refusals.bad_request("Cannot read the value of 'automaticRepliesSetting'.")
    if reply.get("status", "disabled") not in _STATUS:
        raise refusals.bad_request("Requested value for property 'status' was not found.")
    if reply.get("externalAudience", "all") not in _AUDIENCE:
        raise refusals.bad_request(
            "Requested value for property 'externalAudience' was not found."
        )


def _mailbox(call: Call) -> tuple[Json, Json]:
    user = _user(call, "mailbox")
    settings = call.tenant.belongings.mailboxes.get(user["id"])
    if settings is None:
        raise Refusal(
            404,
            "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
        )
    return user, settings


def _devices(call: Call, of: dict[str, list[str]]) -> Reply:
    _refuse_denied(call, "devices")
    user, known = call.user(), call.tenant.belongings.devices
    named = [n for n in call.request.query.get("$select", "").split(",") if n]
    value = []
    for device_id in of.get(user["id"], []):
        device = known[device_id]
        for name in named:
            if name not in device:
                raise refusals.unknown_query_property(name)
        shown = {n: v for n, v in device.items() if not named or n in named}
        value.append({"@odata.type": "#microsoft.graph.device", **shown})
    return Reply(200, call.context("directoryObjects") | {"value": value})


def _user(call: Call, what: str) -> Json:
    _refuse_denied(call, what)
    return call.user_to_write()


def _refuse_denied(call: Call, what: str) -> None:
    if what in call.tenant.belongings.denied:
        raise refusals.forbidden()
