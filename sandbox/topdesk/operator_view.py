"""How does an operator card look in an answer, and what may a query say about it?"""

from __future__ import annotations

from typing import Any

from sandbox.topdesk.lists import Queryable, View
from sandbox.topdesk.operator_fields import TASKS
from sandbox.topdesk.person_view import BELOW, full_branch, optional, own, refer
from sandbox.topdesk.tenant import Row, TopdeskTenant

_OWN = (
    "id",
    "apiAccount",
    "surName",
    "firstName",
    "dynamicName",
    "prefixes",
    "birthName",
    "title",
    "gender",
    "employeeNumber",
    "jobTitle",
    "email",
    "exchangeAccount",
    "telephone",
    "mobileNumber",
    "faxNumber",
    "loginName",
    "loginPermission",
    "networkLoginName",
    "mainframeLoginName",
    "hourlyRate",
    "comments",
    "accessRoles",
    "creationDate",
    "modificationDate",
    *TASKS,
)
_REFERENCES = {
    "location": "locations",
    "department": "departments",
    "budgetHolder": "budgetholders",
    "language": "languages",
    "attention": "attentions",
    "linkedPerson": "persons",
    "creator": "operators",
    "modifier": "operators",
}

VIEW: View = {
    **{name: own(name) for name in _OWN},
    "principalId": lambda _tenant, row: row.get("principalId"),
    "status": lambda _tenant, row: "operatorArchived" if row["archived"] else "operator",
    "accountType": lambda _tenant, row: "TOPdesk" if row["admin"] else "regular",
    "hasApplicationPasswords": own("apiAccount"),
    "initials": own("firstInitials"),
    "hasAttention": lambda _tenant, row: row["attention"] is not None,
    "branch": full_branch,
    **{name: refer(name, table) for name, table in _REFERENCES.items()},
    "optionalFields1": optional(1),
    "optionalFields2": optional(2),
}


def _operator_groups(tenant: TopdeskTenant, row: Row) -> dict[str, list[Any]]:
    """What the groups of an operator are called and may do; a query matches any of them."""
    table = tenant.table("operatorgroups")
    groups = [table[group_id] for group_id in tenant.linked("operatorgroups", row["id"])]
    named = {"id": [g["id"] for g in groups], "name": [g["groupName"] for g in groups]}
    return named | {task: [g["tasks"].get(task, False) for g in groups] for task in TASKS}


QUERY = Queryable(
    "operators",
    {**VIEW, "archived": own("archived"), "operatorGroup": _operator_groups},
    {**BELOW, "linkedPerson": ("id", "name"), "operatorGroup": ("id", "name", *TASKS)},
)
