"""How does a person card look in an answer? One getter a field, for each generation of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.topdesk.fields import KINDS_PER_TAB
from sandbox.topdesk.lists import Getter, Queryable, View
from sandbox.topdesk.tenant import Row, TopdeskTenant

_TEXTS = (
    "firstName",
    "surName",
    "dynamicName",
    "firstInitials",
    "prefixes",
    "birthName",
    "title",
    "phoneNumber",
    "mobileNumber",
    "fax",
    "email",
    "jobTitle",
    "employeeNumber",
    "networkLoginName",
    "mainframeLoginName",
    "tasLoginName",
)
_FLAGS = (
    "isManager",
    "showBranch",
    "showDepartment",
    "showSubsidiaries",
    "showAllBranches",
    "authorizeAll",
    "authorizeBranch",
    "authorizeBudgetHolder",
    "authorizeDepartment",
    "authorizeSubsidiaryBranches",
)
_REFERENCES = {
    "budgetHolder": "budgetholders",
    "location": "locations",
    "manager": "persons",
    "personExtraFieldA": "personExtraFieldAEntries",
    "personExtraFieldB": "personExtraFieldBEntries",
    "creator": "operators",
    "modifier": "operators",
}


def own(name: str) -> Getter:
    """The column as it is."""
    return lambda _tenant, row: row[name]


def refer(name: str, table: str) -> Getter:
    """The column as `{"id", "name"}` of the row it names."""
    return lambda tenant, row: tenant.reference(table, row[name])


def full_branch(tenant: TopdeskTenant, row: Row) -> Any:
    """The branch as v1 persons and operators show it."""
    branch = tenant.table("branches").get(row["branch"])
    if branch is None:
        return None
    shown = ("id", "name", "clientReferenceNumber", "timeZone", "extraA", "extraB")
    return {name: branch[name] for name in shown}


def optional(tab: int) -> Getter:
    """A tab of optional fields, with the drop-downs as `{"id", "name"}`."""

    def get(tenant: TopdeskTenant, row: Row) -> dict[str, Any]:
        return {
            name: tenant.reference(f"searchlist:{tab}:{name[-1]}", value)
            if name.startswith("searchlist")
            else value
            for name, value in row[f"optionalFields{tab}"].items()
        }

    return get


def _branch(tenant: TopdeskTenant, row: Row) -> Any:
    branch = tenant.table("branches").get(row["branch"])
    if branch is None:
        return None
    named = {"id": branch["id"], "name": branch["name"], "phoneNumber": branch["phone"]}
    return {**named, "clientReferenceNumber": branch["clientReferenceNumber"]}


def _department(tenant: TopdeskTenant, row: Row) -> Any:
    if tenant.settings.department_is_text:
        return {"id": None, "name": row["departmentFree"]} if row["departmentFree"] else None
    return tenant.reference("departments", row["department"])


def _language(tenant: TopdeskTenant, row: Row) -> Any:
    language = tenant.table("languages").get(row["language"])
    if language is None:
        return None
    return {"id": language["id"], "name": language["name"], "code": language["languageCode"]}


def _city(tenant: TopdeskTenant, row: Row) -> str:
    branch = tenant.table("branches").get(row["branch"]) or {}
    return str((branch.get("address") or {}).get("city", ""))


def _attention(tenant: TopdeskTenant, row: Row) -> Any:
    if not row["attention"] and not row["attentionComment"]:
        return None
    named = tenant.reference("attentions", row["attention"])
    return {**(named or {"id": None, "name": None}), "comment": row["attentionComment"]}


_COMMON: View = {
    "id": own("id"),
    **{name: own(name) for name in _TEXTS},
    **{name: own(name) for name in _FLAGS},
    "showBudgetholder": own("showBudgetHolder"),
    **{name: refer(name, table) for name, table in _REFERENCES.items()},
    "city": _city,
    "hasAttention": lambda _tenant, row: row["attention"] is not None,
    "creationDate": own("creationDate"),
    "modificationDate": own("modificationDate"),
    "optionalFields1": optional(1),
    "optionalFields2": optional(2),
}

V2: View = {
    **_COMMON,
    "principalId": own("principalId"),
    "archived": own("archived"),
    "department": _department,
    "language": _language,
    "hasSspAccess": own("hasSspAccess"),
    "isCaller": own("isCaller"),
    "showObjectsOfBranch": own("showObjectsOfBranch"),
    "showObjectsOfSubsidiaries": own("showObjectsOfSubsidiaries"),
    "attention": _attention,
    "branch": _branch,
}

V1: View = {
    **_COMMON,
    "status": lambda _tenant, row: "personArchived" if row["archived"] else "person",
    "gender": own("gender"),
    "department": refer("department", "departments"),
    "departmentFree": lambda _tenant, row: row["departmentFree"] or None,
    "language": refer("language", "languages"),
    "attention": refer("attention", "attentions"),
    "attentionComment": own("attentionComment"),
    "branch": full_branch,
    "clientReferenceNumber": own("clientReferenceNumber"),
}

V2_SHORT = ("id", "dynamicName")
"""What a v2 list shows unasked; no document names the set, so it is as small as can be."""

_ID_NAME = ("id", "name")
_TAB = tuple(f"{kind}{n}" for kind in KINDS_PER_TAB if kind != "memo" for n in range(1, 6))
BELOW: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(
        ("language", "department", "branch", "attention", *_REFERENCES),
        _ID_NAME,
    ),
    "optionalFields1": _TAB,
    "optionalFields2": _TAB,
}

QUERY_V1 = Queryable(
    "persons", {**V1, "archived": own("archived")}, BELOW, frozenset({"status", "city"})
)
QUERY_V2 = Queryable("persons", V2, {**BELOW, "attention": ("id",)})
