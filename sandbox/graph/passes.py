"""Temporary Access Pass: the first sign-in of a new colleague.

Source: Graph v1.0, "Create temporaryAccessPassMethod". The code is shown once, in the answer to
its creation; a second one replaces the first.
"""

from __future__ import annotations

from datetime import timedelta

from sandbox.graph import refusals
from sandbox.graph.call import Call
from sandbox.graph.filters import moment
from sandbox.graph.tenant import GraphTenant, format_moment
from sandbox.graph.wire import Json, Reply

RESOURCE = "temporaryAccessPassAuthenticationMethod"
POSSIBLE_MINUTES = range(10, 43_201)
# The default authentication method policy of a tenant.
POLICY_MINUTES = range(60, 481)
DEFAULT_MINUTES = 60
NAMES = frozenset({"startDateTime", "lifetimeInMinutes", "isUsableOnce", "@odata.type"})


def create(call: Call) -> Reply:
    """POST /users/{id}/authentication/temporaryAccessPassMethods -> 201 with the code."""
    tenant, body = call.tenant, call.request.json_or_empty()
    user = call.user_to_write()
    for name in body:
        if name not in NAMES:
            raise refusals.invalid_property(name)
    minutes = body.get("lifetimeInMinutes", DEFAULT_MINUTES)
    if not isinstance(minutes, int) or minutes not in POSSIBLE_MINUTES:
        raise refusals.invalid_value("lifetimeInMinutes", RESOURCE)
    if minutes not in POLICY_MINUTES:
        raise refusals.bad_request("The lifetime of the pass is outside of the tenant's policy.")
    pass_id = tenant.new_id("pass")
    stored = {
        "id": pass_id,
        "startDateTime": body.get("startDateTime") or tenant.timestamp(),
        "createdDateTime": tenant.timestamp(),
        "lifetimeInMinutes": minutes,
        "isUsableOnce": bool(body.get("isUsableOnce", False)),
    }
    tenant.passes[user["id"]] = stored
    shown = _shown(tenant, stored) | {"temporaryAccessPass": f"+{pass_id[:7]}"}
    ids = (user["id"], pass_id)
    return Reply(201, _context(call) | shown, ids=ids, changed=("temporaryAccessPass",))


def read_all(call: Call) -> Reply:
    """GET /users/{id}/authentication/temporaryAccessPassMethods: without the code."""
    stored = call.tenant.passes.get(call.user()["id"])
    value = [_shown(call.tenant, stored)] if stored else []
    return Reply(200, _context(call) | {"value": value})


def delete(call: Call) -> Reply:
    """DELETE .../temporaryAccessPassMethods/{id} -> 204."""
    user = call.user_to_write()
    stored = call.tenant.passes.get(user["id"])
    if stored is None or stored["id"] != call.params["pass"]:
        raise refusals.not_found(call.params["pass"])
    del call.tenant.passes[user["id"]]
    ids = (user["id"], stored["id"])
    return Reply(204, ids=ids, changed=("temporaryAccessPass",))


def _shown(tenant: GraphTenant, stored: Json) -> Json:
    start = moment(stored["startDateTime"])
    end = start + timedelta(minutes=stored["lifetimeInMinutes"])
    now = tenant.clock.now()
    reason = "NotYetValid" if now < start else "Expired" if now >= end else "EnabledByPolicy"
    return {
        **stored,
        "startDateTime": format_moment(start),
        "temporaryAccessPass": None,
        "isUsable": reason == "EnabledByPolicy",
        "methodUsabilityReason": reason,
    }


def _context(call: Call) -> Json:
    return call.context("users/authentication/temporaryAccessPassMethods")
