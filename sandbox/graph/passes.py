"""Temporary Access Pass: the first sign-in of a new colleague.

Source: Graph v1.0, "Create temporaryAccessPassMethod" and "Get
temporaryAccessPassAuthenticationMethodConfiguration". The code is shown once, in the answer to its
creation; a second one replaces the first. What Graph answers when the policy is off is in no
document: 400 is likely.
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
NAMES = frozenset({"startDateTime", "lifetimeInMinutes", "isUsableOnce", "@odata.type"})


def create(call: Call) -> Reply:
    """POST /users/{id}/authentication/temporaryAccessPassMethods -> 201 with the code."""
    tenant, body = call.tenant, call.request.json_or_empty()
    _check_permission(call)
    user = call.user_to_write()
    stored = _stored(tenant, body)
    before = tenant.passes.get(user["id"])
    if before and _is_usable(tenant, before) and not tenant.pass_policy.second_replaces:
        raise refusals.bad_request("The user already has a Temporary Access Pass.")
    tenant.passes[user["id"]] = stored
    code = f"+{tenant.new_id('code')[:7].upper()}"
    shown = _shown(tenant, stored) | {"temporaryAccessPass": code}
    ids = (user["id"], stored["id"])
    return Reply(201, _context(call) | shown, ids=ids, changed=("temporaryAccessPass",))


def read_all(call: Call) -> Reply:
    """GET /users/{id}/authentication/temporaryAccessPassMethods: without the code."""
    _check_permission(call)
    stored = call.tenant.passes.get(call.user()["id"])
    value = [_shown(call.tenant, stored)] if stored else []
    return Reply(200, _context(call) | {"value": value})


def delete(call: Call) -> Reply:
    """DELETE .../temporaryAccessPassMethods/{id} -> 204."""
    _check_permission(call)
    user = call.user_to_write()
    stored = call.tenant.passes.get(user["id"])
    if stored is None or stored["id"] != call.params["pass"]:
        raise refusals.not_found(call.params["pass"])
    del call.tenant.passes[user["id"]]
    ids = (user["id"], stored["id"])
    return Reply(204, ids=ids, changed=("temporaryAccessPass",))


def read_policy(call: Call) -> Reply:
    """GET .../authenticationMethodConfigurations/temporaryAccessPass."""
    policy = call.tenant.pass_policy
    if not policy.may_read:
        raise refusals.forbidden()
    targets = [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}]
    body = {
        "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration",
        "id": "TemporaryAccessPass",
        "state": "enabled" if policy.enabled else "disabled",
        "defaultLifetimeInMinutes": policy.default_minutes,
        "defaultLength": 8,
        "minimumLifetimeInMinutes": policy.minimum_minutes,
        "maximumLifetimeInMinutes": policy.maximum_minutes,
        "isUsableOnce": policy.only_once,
        "includeTargets": targets if policy.includes_everyone else [],
    }
    fragment = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/$entity"
    return Reply(200, call.context(fragment) | body)


def _stored(tenant: GraphTenant, body: Json) -> Json:
    """The pass that this body asks for; raises what Graph has against it."""
    policy = tenant.pass_policy
    for name in body:
        if name not in NAMES:
            raise refusals.invalid_property(name)
    minutes = body.get("lifetimeInMinutes", policy.default_minutes)
    if not isinstance(minutes, int) or minutes not in POSSIBLE_MINUTES:
        raise refusals.invalid_value("lifetimeInMinutes", RESOURCE)
    once = body.get("isUsableOnce", policy.only_once)
    if not isinstance(once, bool):
        raise refusals.invalid_value("isUsableOnce", RESOURCE)
    if not policy.enabled:
        raise refusals.bad_request("Temporary Access Pass is not enabled by policy.")
    if minutes not in range(policy.minimum_minutes, policy.maximum_minutes + 1):
        raise refusals.bad_request("The lifetime of the pass is outside of the tenant's policy.")
    if policy.only_once and not once:
        raise refusals.bad_request("The tenant's policy allows one-time passes only.")
    return {
        "id": tenant.new_id("pass"),
        "startDateTime": _start(tenant, body.get("startDateTime")),
        "createdDateTime": tenant.timestamp(),
        "lifetimeInMinutes": minutes,
        "isUsableOnce": once,
    }


def _start(tenant: GraphTenant, said: object) -> str:
    if said is None:
        return tenant.timestamp()
    try:
        return format_moment(moment(str(said)))
    except ValueError as error:
        raise refusals.invalid_value("startDateTime", RESOURCE) from error


def _check_permission(call: Call) -> None:
    if not call.tenant.pass_policy.may_write:
        raise refusals.forbidden()


def _reason(tenant: GraphTenant, stored: Json) -> str:
    """Graph, "temporaryAccessPassAuthenticationMethod": methodUsabilityReason."""
    policy = tenant.pass_policy
    if stored["id"] in tenant.used_passes:
        return "OneTimeUsed"
    if not (policy.enabled and policy.includes_everyone):
        return "DisabledByPolicy"
    start = moment(stored["startDateTime"])
    end = start + timedelta(minutes=stored["lifetimeInMinutes"])
    now = tenant.clock.now()
    return "NotYetValid" if now < start else "Expired" if now >= end else "EnabledByPolicy"


def _is_usable(tenant: GraphTenant, stored: Json) -> bool:
    return _reason(tenant, stored) == "EnabledByPolicy"


def _shown(tenant: GraphTenant, stored: Json) -> Json:
    return {
        **stored,
        "temporaryAccessPass": None,
        "isUsable": _is_usable(tenant, stored),
        "methodUsabilityReason": _reason(tenant, stored),
    }


def _context(call: Call) -> Json:
    return call.context("users/authentication/temporaryAccessPassMethods")
