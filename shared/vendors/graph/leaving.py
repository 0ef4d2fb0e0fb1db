"""A leaver's sign-in methods, devices and mailbox in Graph.

Facts from Microsoft Graph v1.0: "List methods" and the delete of each type, "List
registeredDevices", "List ownedDevices", "Update device", "Update mailboxSettings",
"mailboxSettings resource type".
"""

from __future__ import annotations

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import NotVisible

PASSWORD = "password"  # noqa: S105 - the name of a method, which cannot be deleted
_TYPE = "#microsoft.graph."
_METHOD = "AuthenticationMethod"


async def methods(graph: Graph, user_id: str) -> tuple[tuple[str, str], ...]:
    """Every method as its type, such as `phone`, and its id."""
    found = graph.pages(paths.USER_METHODS, at={"user": user_id})
    return tuple([(_type(method), str(method["id"])) async for method in found])


async def delete_method(graph: Graph, user_id: str, kind: str, method_id: str) -> bool:
    """Take one away; one that is gone is gone. False for a type that has no call of ours."""
    at = {"user": user_id, "method": method_id}
    try:
        return await _delete(graph, kind, at)
    except NotVisible:
        return True


async def _delete(graph: Graph, kind: str, at: dict[str, str]) -> bool:
    match kind:
        case "phone":
            await graph.call("DELETE", paths.PHONE_METHOD, at=at)
        case "fido2":
            await graph.call("DELETE", paths.KEY_METHOD, at=at)
        case "microsoftAuthenticator":
            await graph.call("DELETE", paths.AUTHENTICATOR_METHOD, at=at)
        case "softwareOath":
            await graph.call("DELETE", paths.OATH_METHOD, at=at)
        case "windowsHelloForBusiness":
            await graph.call("DELETE", paths.HELLO_METHOD, at=at)
        case "email":
            await graph.call("DELETE", paths.EMAIL_METHOD, at=at)
        case "temporaryAccessPass":
            at = {"user": at["user"], "pass": at["method"]}
            await graph.call("DELETE", paths.USER_TAP, at=at)
        case _:
            return False
    return True


async def enabled_devices(graph: Graph, user_id: str) -> frozenset[str]:
    """Ids of the devices that are registered to them or owned by them, and can be used."""
    params = {"$select": "id,accountEnabled"}
    registered = graph.pages(paths.USER_REGISTERED, at={"user": user_id}, params=params)
    found = [device async for device in registered]
    owned = graph.pages(paths.USER_OWNED, at={"user": user_id}, params=params)
    found += [device async for device in owned]
    return frozenset(str(one["id"]) for one in found if one.get("accountEnabled"))


async def disable_device(graph: Graph, device_id: str) -> None:
    """Nobody signs in with it any more; one that is gone is gone."""
    at = {"device": device_id}
    try:
        await graph.call(
            "PATCH", paths.DEVICE, at=at, json={"accountEnabled": False}, idempotent=True
        )
    except NotVisible:
        return


async def set_auto_reply(graph: Graph, user_id: str, html: str) -> bool:
    """Answer everybody with this, from now on. False when there is no mailbox."""
    setting = {
        "status": "alwaysEnabled",
        "externalAudience": "all",
        "internalReplyMessage": html,
        "externalReplyMessage": html,
    }
    body = {"automaticRepliesSetting": setting}
    try:
        await graph.call(
            "PATCH", paths.MAILBOX_SETTINGS, at={"user": user_id}, json=body, idempotent=True
        )
    except NotVisible:
        return False
    return True


async def mailbox_purpose(graph: Graph, user_id: str) -> str | None:
    """`user`, `shared` or another; None when there is no mailbox.

    One of which Graph does not tell it is taken for a user's: a human looks, and nothing is lost.
    """
    params = {"$select": "userPurpose"}
    try:
        found = await graph.call(
            "GET", paths.MAILBOX_SETTINGS, at={"user": user_id}, params=params
        )
    except NotVisible:
        return None
    return str(found.get("userPurpose") or "user")


def _type(method: Json) -> str:
    return str(method["@odata.type"]).removeprefix(_TYPE).removesuffix(_METHOD)
