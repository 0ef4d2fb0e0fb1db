"""The rig's own doors: look at the tenant, set quota and lag, make people that only AD could make.

JSON under `/_sandbox/graph`, for the demo and for tests in other processes; no part of Graph.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.graph import active_directory, leaving, recycle
from sandbox.graph.enterprise import identities
from sandbox.graph.pass_policy import PassPolicy
from sandbox.graph.service import Service
from sandbox.graph.throttle import Limits

type Json = dict[str, Any]
type Door = Callable[[Service, Json], Json]

PREFIX = "/_sandbox/graph"
_SETTINGS = frozenset(
    {
        "throttle",
        "replication_seconds",
        "stale_every",
        "app_roles",
        "has_p1",
        "denied",
        "passes",
        "may_send_as",
        "refuses_cloud_blocks",
    }
)


def routes(service: Service) -> list[Route]:
    """The doors as Starlette routes."""
    doors: list[tuple[str, str, Door]] = [
        ("/users", "GET", users),
        ("/users", "POST", make_user),
        ("/groups", "GET", groups),
        ("/groups", "POST", make_group),
        ("/deleted", "GET", deleted),
        ("/writes", "GET", writes),
        ("/mails", "GET", mails),
        ("/counts", "GET", counts),
        ("/settings", "GET", settings),
        ("/settings", "POST", change_settings),
        ("/roles", "POST", grant_role),
        ("/identities", "POST", make_identity),
        ("/belongings", "POST", give),
        ("/ad/users", "POST", make_in_ad),
        ("/ad/change", "POST", change_in_ad),
        ("/ad/sync", "POST", synchronise),
    ]
    return [
        Route(f"{PREFIX}{path}", _door(service, door), methods=[method])
        for path, method, door in doors
    ]


def users(service: Service, _: Json) -> Json:
    """Every live user with the names of the groups and the id of the manager."""
    tenant = service.tenant
    return {
        "users": [
            {
                **user,
                "groups": [tenant.groups[g]["displayName"] for g in tenant.groups_of(user_id)],
                "manager": tenant.manager_of(user_id),
            }
            for user_id, user in tenant.users.items()
        ]
    }


def make_user(service: Service, body: Json) -> Json:
    """Put a user there unasked; `"synced": true` makes one that Active Directory masters."""
    properties = {name: value for name, value in body.items() if name != "synced"}
    tenant = service.tenant
    add = tenant.add_synced_user if body.get("synced") else tenant.add_user
    return {"id": add(properties)}


def make_identity(service: Service, body: Json) -> Json:
    """Put a managed identity there, as a deployment does; `{"displayName": ...}`."""
    return {"id": identities.add(service.tenant, str(body["displayName"]))}


def give(service: Service, body: Json) -> Json:
    """Give the user `id` belongings: `methods`, `devices` (each `id`), a `mailbox` (a purpose)."""
    user_id, has = body["id"], service.tenant.belongings
    for method in body.get("methods", ()):
        has.methods.setdefault(user_id, []).append(dict(method))
    for device in body.get("devices", ()):
        has.devices[device["id"]] = {"accountEnabled": True, **device}
        has.registered.setdefault(user_id, []).append(device["id"])
    if "mailbox" in body:
        has.mailboxes[user_id] = leaving.mailbox(body["mailbox"])
    return {"id": user_id}


def make_in_ad(service: Service, body: Json) -> Json:
    """Make a user in Active Directory, by Graph's names; the next synchronisation brings it."""
    active_directory.make(service.tenant, body)
    return {"unborn": len(service.tenant.directory.unborn)}


def change_in_ad(service: Service, body: Json) -> Json:
    """Change the user `id` in Active Directory: `values`, by Graph's names; or `delete` it."""
    if body.get("delete"):
        active_directory.remove(service.tenant, body["id"])
    active_directory.change(service.tenant, body["id"], body.get("values", {}))
    return {"id": body["id"]}


def synchronise(service: Service, _: Json) -> Json:
    """One cycle of Entra Connect."""
    active_directory.synchronise(service.tenant)
    return {"objects": len(service.tenant.directory.objects)}


def groups(service: Service, _: Json) -> Json:
    """Every group with its members' ids."""
    tenant = service.tenant
    return {
        "groups": [
            {**group, "members": list(tenant.members(group_id))}
            for group_id, group in tenant.groups.items()
        ]
    }


def make_group(service: Service, body: Json) -> Json:
    """Put a group of any kind there: dynamic, synced, role-assignable."""
    return {"id": service.tenant.add_group(body)}


def deleted(service: Service, _: Json) -> Json:
    """What waits for its purge."""
    recycle.purge_expired(service.tenant)
    return {"deleted": [each.properties for each in service.tenant.deleted.values()]}


def writes(service: Service, _: Json) -> Json:
    """The log of writes."""
    return {"writes": [asdict(write) for write in service.tenant.writes]}


def mails(service: Service, _: Json) -> Json:
    """The mail that was sent, oldest first."""
    return {"mails": service.tenant.mails}


def counts(service: Service, _: Json) -> Json:
    """How many of each."""
    tenant = service.tenant
    recycle.purge_expired(tenant)
    return {
        "users": len(tenant.users),
        "enabled": sum(bool(user["accountEnabled"]) for user in tenant.users.values()),
        "groups": len(tenant.groups),
        "memberships": sum(len(links.current) for links in tenant.memberships.values()),
        "deleted": len(tenant.deleted),
        "purged": len(tenant.purged),
        "calls": service.calls,
        "writes": len(tenant.writes),
        "throttled": service.throttle.refused,
    }


def settings(service: Service, _: Json) -> Json:
    """Quota and lag as they are."""
    replication = service.tenant.replication
    limits = service.throttle.limits
    return {
        "throttle": None if limits is None else asdict(limits),
        "replication_seconds": replication.seconds,
        "stale_every": replication.stale_every,
        "app_roles": sorted(service.tenant.app_roles),
        "has_p1": service.tenant.enterprise.has_p1,
        "may_send_as": None
        if service.tenant.may_send_as is None
        else sorted(service.tenant.may_send_as),
        "refuses_cloud_blocks": service.tenant.directory.refuses_cloud_blocks,
        "denied": sorted(service.tenant.enterprise.denied),
        "passes": asdict(service.tenant.pass_policy),
    }


def change_settings(service: Service, body: Json) -> Json:
    """Set any of them: `throttle` (null is off, {} is as documented), lag, roles of the app.

    And of enterprise applications: `has_p1`, and `denied` to whoever signs in. `passes`: what
    of the policy of Temporary Access Passes is another.
    """
    unknown = set(body) - _SETTINGS
    if unknown:
        raise ValueError(f"unknown settings: {sorted(unknown)}")
    if "throttle" in body:
        limits = body["throttle"]
        service.throttle.set_limits(None if limits is None else Limits(**limits))
    replication = service.tenant.replication
    replication.seconds = float(body.get("replication_seconds", replication.seconds))
    replication.stale_every = max(1, int(body.get("stale_every", replication.stale_every)))
    service.tenant.app_roles = set(body.get("app_roles", service.tenant.app_roles))
    if "may_send_as" in body:
        allowed = body["may_send_as"]
        tenant = service.tenant
        tenant.may_send_as = None if allowed is None else {one.casefold() for one in allowed}
    directory = service.tenant.directory
    directory.refuses_cloud_blocks = bool(
        body.get("refuses_cloud_blocks", directory.refuses_cloud_blocks)
    )
    enterprise = service.tenant.enterprise
    enterprise.has_p1 = bool(body.get("has_p1", enterprise.has_p1))
    enterprise.denied = set(body.get("denied", enterprise.denied))
    policy = {**asdict(service.tenant.pass_policy), **body.get("passes", {})}
    service.tenant.pass_policy = PassPolicy(**policy)
    return settings(service, body)


def grant_role(service: Service, body: Json) -> Json:
    """Make the user with this id an administrator."""
    service.tenant.grant_role(body["id"], body.get("role", "User Administrator"))
    return {"id": body["id"], "roles": sorted(service.tenant.admin_roles[body["id"]])}


def _door(service: Service, door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def respond(http: Request) -> Response:
        try:
            body = dict(json.loads(await http.body() or b"{}"))
            return JSONResponse(door(service, body))
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"not understood: {error}"}, 400)

    return respond
