"""Groups: create, read, list, change, delete.

Source: Graph v1.0, "Create group", "Get group", "List groups", "Update group", "Delete group".
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.graph import (
    account_rules,
    bodies,
    group_licences,
    members,
    queries,
    recycle,
    refusals,
)
from sandbox.graph.accounts import refuse_synced
from sandbox.graph.accounts import remove as remove_user
from sandbox.graph.call import Call, show
from sandbox.graph.schema import GROUP
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.wire import Json, Reply

REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
BINDINGS = frozenset({members.BIND, members.BIND_OWNERS})
# Graph, group resource type: ASCII without these; and no dot.
_NICKNAME_FORBIDDEN = re.compile(r'[@()\\\[\]";:.<>, ]|[^\x00-\x7f]')


def create(call: Call) -> Reply:
    """POST /groups -> 201; members and owners can be bound at once, 20 together."""
    tenant, body = call.tenant, call.request.json()
    named = bodies.checked(body, GROUP, bindings=BINDINGS)
    for name in REQUIRED:
        if named.get(name) is None:
            raise refusals.required(name, "Group")
    _check_kind(named)
    _check_nickname(named)
    group = _with_mail(tenant, named)
    check_free(tenant, group)
    joining = members.bound(call, body.get(members.BIND, []))
    owning = members.bound(call, body.get(members.BIND_OWNERS, []))
    if len(joining) + len(owning) > members.MOST_BOUND:
        raise members.too_many()
    group_id = tenant.add_group({**group, "id": tenant.new_id("group")})
    for each in joining:
        tenant.add_member(group_id, each)
    for each in owning:
        tenant.add_owner(group_id, each)
    shown = show(call, tenant.groups[group_id], queries.Query(), GROUP)
    location = {"Location": f"{call.request.base_url}/groups/{group_id}"}
    ids = (group_id, *joining)
    return Reply(201, call.context("groups/$entity") | shown, location, ids, tuple(sorted(body)))


def read(call: Call) -> Reply:
    """GET /groups/{id}."""
    query = queries.parse(call.request, GROUP)
    return Reply(200, call.context("groups/$entity") | show(call, call.group(), query, GROUP))


def read_all(call: Call) -> Reply:
    """GET /groups."""
    query = queries.parse(call.request, GROUP)
    groups = call.tenant.group_objects
    page = call.page(
        query, GROUP, groups.keys(call.as_of), lambda each: groups.get(each, call.as_of)
    )
    return Reply(200, page)


def count(call: Call) -> Reply:
    """GET /groups/$count, with the header only."""
    if not call.request.is_eventual:
        raise refusals.directory("$count is not currently supported.")
    query = queries.parse(
        replace(call.request, query={**call.request.query, "$count": "true"}), GROUP
    )
    groups = call.tenant.group_objects
    found = queries.count(
        query, groups.keys(call.as_of), lambda each: groups.get(each, call.as_of)
    )
    return Reply(200, str(found))


def update(call: Call) -> Reply:
    """PATCH /groups/{id} -> 204: properties, and `members@odata.bind`, all or nothing."""
    tenant, body = call.tenant, call.request.json()
    group = call.group_to_write()
    named = bodies.checked(body, GROUP, bindings=frozenset({members.BIND}))
    joining = members.checked_additions(call, group, body) if members.BIND in body else ()
    if named:
        _refuse_change(group, named)
        _check_nickname(named)
    after = bodies.merged(group, named, GROUP)
    check_free(tenant, after)
    changed = bodies.changed_names(group, after)
    if changed:
        tenant.store_group(after)
    for each in joining:
        tenant.add_member(group["id"], each)
    group_licences.settle(tenant, joining)
    changed += ("members",) if joining else ()
    return Reply(204, ids=(group["id"], *joining), changed=changed)


def delete(call: Call) -> Reply:
    """DELETE /groups/{id} -> 204."""
    return remove(call, call.group_to_write())


def remove(call: Call, group: Json) -> Reply:
    """Delete this group; also what a forgotten `/$ref` does to a nested group."""
    refuse_synced(group)
    if group.get("isAssignableToRole") or group.get("isManagementRestricted"):
        raise refusals.forbidden()
    recycle.delete_group(call.tenant, group["id"])
    return Reply(204, ids=(group["id"],), changed=("deletedDateTime",))


def remove_member_object(call: Call) -> Reply:
    """DELETE /groups/{id}/members/{id}: without `/$ref` it is the member that is deleted."""
    group = call.group_to_write()
    member_id = call.params["member"].lower()
    if member_id not in call.tenant.memberships[group["id"]].current:
        raise refusals.not_found(member_id)
    kind, item = call.tenant.find_object(member_id)
    return remove_user(call, item) if kind == "user" else remove(call, item)


def _check_kind(named: Json) -> None:
    """Which kinds can be made: security, Microsoft 365, and dynamic ones with their rule."""
    kinds = set(named.get("groupTypes") or ())
    if kinds - {"Unified", "DynamicMembership"}:
        raise refusals.invalid_value("groupTypes", "Group")
    if named["mailEnabled"] is not ("Unified" in kinds):
        raise refusals.directory(
            "The service does not currently support writes of mail-enabled groups. Please ensure"
            " that the mail-enablement property is unset and the security-enablement property is"
            " set."
        )
    if "DynamicMembership" in kinds and not named.get("membershipRule"):
        raise refusals.required("membershipRule", "Group")
    if not kinds and not named["securityEnabled"]:
        raise refusals.invalid_value("securityEnabled", "Group")
    if named.get("isAssignableToRole"):
        raise refusals.forbidden()  # needs RoleManagement.ReadWrite.Directory


def _refuse_change(group: Json, named: Json) -> None:
    if group.get("isAssignableToRole") or group.get("isManagementRestricted"):
        raise refusals.forbidden()
    if group.get("onPremisesSyncEnabled") and any(GROUP.properties[n].synced for n in named):
        raise refusals.synced()
    if "isAssignableToRole" in named:
        raise refusals.read_only("isAssignableToRole", "Group")


def check_free(tenant: GraphTenant, group: Json) -> None:
    """Nobody else has this Microsoft 365 group's nickname or addresses; raises the conflict."""
    if "Unified" not in (group.get("groupTypes") or ()):
        return
    me = f"Group_{group.get('id')}"
    other = tenant.indexes.unified_nickname.get(group["mailNickname"].casefold())
    if other not in (None, group.get("id")):
        raise refusals.conflict("mailNickname", f"Group_{other}")
    for address in group.get("proxyAddresses") or ():
        holder = account_rules.address_holder(tenant, address)
        if holder not in (None, me):
            raise refusals.conflict("proxyAddresses", str(holder))


def _check_nickname(named: Json) -> None:
    if _NICKNAME_FORBIDDEN.search(named.get("mailNickname", "")):
        raise refusals.invalid_value("mailNickname", "Group")


def _with_mail(tenant: GraphTenant, named: Json) -> Json:
    if "Unified" not in (named.get("groupTypes") or ()):
        return named
    mail = f"{named['mailNickname']}@{tenant.domain}"
    return {**named, "mail": mail, "proxyAddresses": [f"SMTP:{mail}"]}
