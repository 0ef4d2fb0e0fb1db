"""Which fields can a body write into a person card, in either generation of the API?

Supporting Files API 1.58 (v1) and 2.7.11 (v2). A field of the other generation is unknown, and an
unknown field is a 400: `gender`, `password`, `departmentFree` and `attentionComment` are v1 only,
`hasSspAccess`, `isCaller` and the two `showObjectsOf...` are v2 only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.topdesk.fields import (
    Field,
    Several,
    choice,
    defaults,
    email,
    flag,
    optional_fields,
    reference,
    reference_id,
    text,
)
from sandbox.topdesk.refusals import Bad, Problem, not_parsed, too_long, unknown_value

if TYPE_CHECKING:
    from sandbox.topdesk.tenant import TopdeskTenant

DEPARTMENT_CHARACTERS = 100
TEXT_NOT_ID = "Can not set department from an id if the setting for departments is plain text."
ID_NOT_TEXT = (
    "Can not set department from plain text if the setting for departments is not plain text."
)


def _department(tenant: TopdeskTenant, name: str, value: Any) -> Several:
    """`{"id"}`, or `{"name"}` where the tenant keeps departments as plain text."""
    is_text = tenant.settings.department_is_text
    if isinstance(value, dict) and set(value) == {"name"}:
        if not is_text:
            raise Bad(Problem(ID_NOT_TEXT))
        return Several(departmentFree=_plain_department(value["name"], name))
    wanted = reference_id(tenant, name, value)
    if wanted is None:
        return Several(department=None, departmentFree="")
    if is_text:
        raise Bad(Problem(TEXT_NOT_ID))
    if tenant.get("departments", wanted) is None:
        raise Bad(unknown_value(name))
    return Several(department=wanted)


def _department_free(tenant: TopdeskTenant, name: str, value: Any) -> str:
    if value and not tenant.settings.department_is_text:
        raise Bad(Problem(ID_NOT_TEXT))
    return _plain_department(value, name)


def _plain_department(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Bad(not_parsed(name))
    if len(value) > DEPARTMENT_CHARACTERS:
        raise Bad(too_long(name, DEPARTMENT_CHARACTERS))
    return value


def _language(tenant: TopdeskTenant, name: str, value: Any) -> str | None:
    """`{"id"}` or `{"code"}`."""
    if isinstance(value, dict) and set(value) == {"code"}:
        for row in tenant.visible("languages"):
            if row["languageCode"] == value["code"]:
                return str(row["id"])
        raise Bad(unknown_value(name))
    plain: str | None = reference("languages").read(tenant, name, value)
    return plain


def _attention(tenant: TopdeskTenant, name: str, value: Any) -> Several:
    """`{"id", "comment"}`, the v2 form."""
    if value is None:
        return Several(attention=None, attentionComment="")
    if not isinstance(value, dict) or set(value) - {"id", "comment"}:
        raise Bad(not_parsed(name))
    written = Several()
    if "id" in value:
        found = reference("attentions").read(tenant, name, {"id": value["id"]})
        written["attention"] = found
    if "comment" in value:
        written["attentionComment"] = text(2000).read(tenant, name, value["comment"])
    return written


_SHARED: Mapping[str, Field] = {
    "surName": text(50),
    "firstName": text(30),
    "firstInitials": text(10),
    "prefixes": text(10),
    "birthName": text(100),
    "title": text(35),
    "jobTitle": text(100),
    "employeeNumber": text(20),
    "email": email(),
    "phoneNumber": text(25),
    "mobileNumber": text(25),
    "fax": text(25),
    "tasLoginName": text(100),
    "networkLoginName": text(100),
    "mainframeLoginName": text(100),
    "branch": reference("branches"),
    "location": reference("locations"),
    "department": Field(_department, None),
    "budgetHolder": reference("budgetholders"),
    "personExtraFieldA": reference("personExtraFieldAEntries"),
    "personExtraFieldB": reference("personExtraFieldBEntries"),
    "isManager": flag(),
    "manager": reference("persons"),
    "showBranch": flag(),
    "showDepartment": flag(),
    "showBudgetHolder": flag(),
    "showSubsidiaries": flag(),
    "showAllBranches": flag(),
    "authorizeAll": flag(),
    "authorizeDepartment": flag(),
    "authorizeBudgetHolder": flag(),
    "authorizeBranch": flag(),
    "authorizeSubsidiaryBranches": flag(),
    "optionalFields1": optional_fields(1),
    "optionalFields2": optional_fields(2),
}

V1: Mapping[str, Field] = {
    **_SHARED,
    "language": reference("languages"),
    "attention": reference("attentions"),
    "attentionComment": text(2000),
    "departmentFree": Field(_department_free, ""),
    "gender": choice("UNDEFINED", "MALE", "FEMALE"),
    "password": text(100),
}

V2: Mapping[str, Field] = {
    **_SHARED,
    "language": Field(_language, None),
    "attention": Field(_attention, None),
    "isCaller": flag(default=True),
    "hasSspAccess": flag(default=True),
    "showObjectsOfBranch": flag(),
    "showObjectsOfSubsidiaries": flag(),
}

DEFAULTS = defaults({**V1, **V2})
AUTHORISATIONS = (
    "authorizeAll",
    "authorizeDepartment",
    "authorizeBudgetHolder",
    "authorizeBranch",
    "authorizeSubsidiaryBranches",
)
