"""Into the recycle bin, out of it, and gone: the moves of deleted objects.

Source: Graph v1.0, "Delete a user", "deletedItems": 30 days, then deleted for good. Called by the
handlers, which have asked by then whether the caller may.
"""

from __future__ import annotations

from datetime import datetime

from sandbox.graph.parked import Parked
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.wire import Json

RETENTION_DAYS = 30


def delete_user(tenant: GraphTenant, user_id: str) -> None:
    """Soft delete: memberships are parked, the UPN is mangled so that it is free at once."""
    user = tenant.users[user_id]
    mangled = f"{user_id.replace('-', '')}{user['userPrincipalName']}"
    owned = tuple(g for g, owners in tenant.ownerships.items() if user_id in owners.current)
    parked = Parked(
        "user",
        {**user, "userPrincipalName": mangled, "deletedDateTime": tenant.timestamp()},
        member_of=tenant.groups_of(user_id),
        owner_of=owned,
        manager=tenant.manager_of(user_id),
    )
    for group_id in parked.member_of:
        tenant.remove_member(group_id, user_id)
    for group_id in owned:
        tenant.ownerships[group_id].drop(user_id)
    for report_id in tuple(tenant.reports.get(user_id, ())):
        tenant.set_manager(report_id, None)
    tenant.set_manager(user_id, None)
    tenant.drop_user(user_id)
    tenant.deleted[user_id] = parked


def delete_group(tenant: GraphTenant, group_id: str) -> None:
    """A Microsoft 365 group can be restored; a security group is gone for good."""
    group = tenant.groups[group_id]
    parked = Parked(
        "group",
        {**group, "deletedDateTime": tenant.timestamp()},
        members=tenant.members(group_id),
        owners=tuple(tenant.ownerships[group_id].current),
    )
    for member_id in parked.members:
        tenant.remove_member(group_id, member_id)
    for parent_id in tenant.groups_of(group_id):
        tenant.remove_member(parent_id, group_id)
    tenant.drop_group(group_id)
    if "Unified" in group["groupTypes"]:
        tenant.deleted[group_id] = parked
    else:
        tenant.purged.append(group_id)


def restore_user(tenant: GraphTenant, parked: Parked, properties: Json) -> None:
    """Bring a user back, with those relations whose other end still exists."""
    user_id = properties["id"]
    del tenant.deleted[user_id]
    tenant.store_user(properties)
    for group_id in parked.member_of:
        if group_id in tenant.groups:
            tenant.add_member(group_id, user_id)
    for group_id in parked.owner_of:
        if group_id in tenant.groups:
            tenant.add_owner(group_id, user_id)
    if parked.manager in tenant.users:
        tenant.set_manager(user_id, parked.manager)


def restore_group(tenant: GraphTenant, parked: Parked, properties: Json) -> None:
    """Bring a Microsoft 365 group back, with those members and owners who still exist."""
    group_id = tenant.add_group(properties)
    del tenant.deleted[group_id]
    for member_id in parked.members:
        if member_id in tenant.users or member_id in tenant.groups:
            tenant.add_member(group_id, member_id)
    for owner_id in parked.owners:
        if owner_id in tenant.users:
            tenant.add_owner(group_id, owner_id)


def purge(tenant: GraphTenant, object_id: str) -> None:
    """Delete for good."""
    parked = tenant.deleted.pop(object_id)
    tenant.purged.append(object_id)
    tenant.changes.append((parked.kind, object_id, ""))


def purge_expired(tenant: GraphTenant) -> None:
    """Delete for good what was deleted longer than the retention ago."""
    now = tenant.clock.now()
    for object_id, parked in list(tenant.deleted.items()):
        since = datetime.fromisoformat(parked.properties["deletedDateTime"])
        if (now - since).days >= RETENTION_DAYS:
            purge(tenant, object_id)
