"""What was deleted and can come back: list, read, restore, purge.

Source: Graph v1.0, "List deletedItems (directory objects)", "Restore deleted directory object
item", "Permanently delete an item". Restoring takes the user principal name back, so a successor
who has it stands in the way.
"""

from __future__ import annotations

from sandbox.graph import account_rules, accounts, groups, queries, recycle, refusals
from sandbox.graph.call import Call, show
from sandbox.graph.parked import Parked
from sandbox.graph.schema import GROUP, USER
from sandbox.graph.wire import Json, Reply

CASTS = {"microsoft.graph.user": ("user", USER), "microsoft.graph.group": ("group", GROUP)}
MANGLED = 32  # the object id without hyphens, before the name


def read_all(call: Call) -> Reply:
    """GET /directory/deletedItems/microsoft.graph.user; the type cast is required."""
    recycle.purge_expired(call.tenant)
    kind, schema = CASTS[call.params["cast"]]
    parked = call.tenant.deleted
    query = queries.parse(call.request, schema)
    ids = [each for each, item in parked.items() if item.kind == kind]
    return Reply(
        200,
        call.page(
            query, schema, ids, lambda each: parked[each].properties if each in parked else None
        ),
    )


def read(call: Call) -> Reply:
    """GET /directory/deletedItems/{id}."""
    parked = _find(call)
    schema = USER if parked.kind == "user" else GROUP
    body = call.context("directoryObjects/$entity") | {"@odata.type": schema.odata_type}
    names = (*schema.default_names(), "deletedDateTime")
    query = queries.parse(call.request, schema)
    chosen = query if query.select else queries.Query(select=names)
    return Reply(200, body | show(call, parked.properties, chosen, schema))


def restore(call: Call) -> Reply:
    """POST /directory/deletedItems/{id}/restore -> 200."""
    parked = _find(call)
    object_id = parked.properties["id"]
    options = call.request.json_or_empty()
    _check_options(options, parked)
    if parked.kind == "group":
        properties = {**parked.properties, "deletedDateTime": None}
        groups.check_free(call.tenant, properties)
        recycle.restore_group(call.tenant, parked, properties)
    else:
        accounts.refuse_privileged(call.tenant, object_id)
        properties = _user_to_restore(call, parked, options)
        recycle.restore_user(call.tenant, parked, properties)
    schema = USER if parked.kind == "user" else GROUP
    body = call.context("directoryObjects/$entity") | {"@odata.type": schema.odata_type}
    shown = show(call, properties, queries.Query(), schema)
    return Reply(200, body | shown, ids=(object_id,), changed=("deletedDateTime",))


def purge(call: Call) -> Reply:
    """DELETE /directory/deletedItems/{id} -> 204; for good."""
    parked = _find(call)
    object_id = parked.properties["id"]
    if parked.kind == "user":
        accounts.refuse_privileged(call.tenant, object_id)
    recycle.purge(call.tenant, object_id)
    return Reply(204, ids=(object_id,), changed=("id",))


def _find(call: Call) -> Parked:
    recycle.purge_expired(call.tenant)
    key = call.params["object"].lower()
    parked = call.tenant.deleted.get(key)
    if parked is None:
        raise refusals.not_found(key)
    return parked


def _check_options(options: Json, parked: Parked) -> None:
    for name in options:
        if name not in ("autoReconcileProxyConflict", "newUserPrincipalName"):
            raise refusals.invalid_property(name)
        if parked.kind == "group":
            raise refusals.invalid_property(name)
    if not isinstance(options.get("autoReconcileProxyConflict", False), bool):
        raise refusals.invalid_value("autoReconcileProxyConflict", "User")


def _user_to_restore(call: Call, parked: Parked, options: Json) -> Json:
    upn = options.get("newUserPrincipalName") or parked.properties["userPrincipalName"][MANGLED:]
    account_rules.check_upn(call.tenant, upn)
    user = {**parked.properties, "userPrincipalName": upn, "deletedDateTime": None}
    if options.get("autoReconcileProxyConflict"):
        user = _without_taken(call, user)
    account_rules.check_free(call.tenant, user)
    return user


def _without_taken(call: Call, user: Json) -> Json:
    """The addresses that someone else has by now are dropped, and `mail` with its primary."""
    kept = [
        each
        for each in user["proxyAddresses"]
        if account_rules.address_holder(call.tenant, each) is None
    ]
    primary = f"SMTP:{user.get('mail')}"
    mail = user.get("mail") if primary in kept else None
    return {**user, "proxyAddresses": kept, "mail": mail}
