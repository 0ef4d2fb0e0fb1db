"""What does a synchronisation with Active Directory do to the tenant? Entra Connect, played.

Source: Microsoft Learn, "Microsoft Entra Connect Sync: Attributes synchronized to Microsoft Entra
ID" and "Revoke user access in Microsoft Entra ID": a block in the cloud alone does not last. Here
every cycle brings every value that Active Directory masters, the strictest that may happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.graph import recycle
from sandbox.graph.schema import USER
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.wire import Json

MANAGER = "manager"


def make(tenant: GraphTenant, values: Mapping[str, Any]) -> None:
    """An administrator makes an account in Active Directory; the next cycle brings it."""
    tenant.directory.unborn.append(dict(values))


def change(tenant: GraphTenant, user_id: str, values: Mapping[str, Any]) -> None:
    """An administrator changes one there; `manager` is the id of an account, or null."""
    unknown = [n for n in values if n != MANAGER and not USER.properties[n].synced]
    if unknown:
        raise ValueError(f"not mastered by Active Directory: {unknown}")
    tenant.directory.objects[user_id] = {**tenant.directory.objects[user_id], **values}


def remove(tenant: GraphTenant, user_id: str) -> None:
    """An administrator deletes one there."""
    tenant.directory.removed.add(user_id)


def synchronise(tenant: GraphTenant) -> None:
    """One cycle: what Active Directory masters is as it says, whatever the cloud had written."""
    directory = tenant.directory
    for values in directory.unborn:
        tenant.add_synced_user(values)
    directory.unborn.clear()
    for user_id in directory.removed:
        del directory.objects[user_id]
        if user_id in tenant.users:
            recycle.delete_user(tenant, user_id)
    directory.removed.clear()
    for user_id, values in directory.objects.items():
        if user_id in tenant.users:
            _bring(tenant, user_id, values)


def _bring(tenant: GraphTenant, user_id: str, values: Json) -> None:
    own = {name: value for name, value in values.items() if name != MANAGER}
    moment = {"onPremisesLastSyncDateTime": tenant.timestamp()}
    tenant.store_user({**tenant.users[user_id], **own, **moment})
    if MANAGER in values and tenant.manager_of(user_id) != values[MANAGER]:
        tenant.set_manager(user_id, values[MANAGER])
