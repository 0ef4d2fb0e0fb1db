"""What must hold of a person or operator card whatever is written into it? Names, logins, places.

The texts are those of the Supporting Files API 2.7.11; `person_rules` and `operators` add theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.topdesk import refusals
from sandbox.topdesk.call import Call, Json
from sandbox.topdesk.refusals import Problem
from sandbox.topdesk.tenant import Row, TopdeskTenant, is_uuid

MINIMUM_PASSWORD = 5
_NOTHING = (None, "", {"id": None})


def dynamic_name(row: Mapping[str, Any]) -> str:
    """`Jansen, Eva van`: how TOPdesk names a card."""
    given = " ".join(part for part in (row["firstName"], row["prefixes"]) if part)
    return f"{row['surName']}, {given}" if given else str(row["surName"])


def refuse_unknown_branch(call: Call, body: Json) -> None:
    """The 404 of a v1 person create and of an operator create; elsewhere it is a 400."""
    branch = body.get("branch")
    branch_id = branch.get("id") if isinstance(branch, dict) else None
    if is_uuid(branch_id) and call.tenant.get("branches", branch_id) is None:
        raise refusals.branch_not_found(branch_id)


def absent(body: Json, mandatory: tuple[str, ...]) -> list[Problem]:
    """The mandatory fields that a create leaves out or empties."""
    return [refusals.missing(name) for name in mandatory if body.get(name) in _NOTHING]


def emptied(values: Json) -> list[Problem]:
    """The mandatory fields that an update empties."""
    problems = []
    if values.get("branch", "kept") is None:
        problems.append(Problem("Branch is a mandatory field and can't be set to null."))
    if values.get("surName", "kept") == "":
        text = "Surname is a mandatory field and can't be set to null or empty string."
        problems.append(Problem(text))
    return problems


def misplaced(tenant: TopdeskTenant, row: Mapping[str, Any]) -> list[Problem]:
    """A location that lies in another branch than the card."""
    location = tenant.table("locations").get(row["location"])
    if location is None or location["branch"] == row["branch"]:
        return []
    return [Problem("The given location doesn't belong to the given branch.")]


def taken(
    tenant: TopdeskTenant, table: str, column: str, value: str, own_id: str | None
) -> list[Problem]:
    """A login name that another card of that kind has, archived and hidden ones included."""
    if not value or all(row["id"] == own_id for row in tenant.find(table, column, value)):
        return []
    kind = table.removesuffix("s")
    text = f"The given login name of this {kind} already exists but it must be unique."
    return [Problem(text, "duplicate_value", (column,))]


def weak_password(values: Json, table: str) -> list[Problem]:
    """A password that is too short."""
    password = values.get("password")
    if not password or len(password) >= MINIMUM_PASSWORD:
        return []
    text = f"Password for {table} must be at least {MINIMUM_PASSWORD} characters long."
    return [Problem(text, applies_to=("password",))]


def missing_password(table: str, *, mandatory: bool, values: Json) -> list[Problem]:
    """A login without a password where the tenant's settings demand one."""
    if not mandatory or values.get("password"):
        return []
    text = f"No password was provided, but passwords are set to be mandatory for {table}."
    return [Problem(text)]


def refuse_archived(call: Call, row: Row, kind: str) -> None:
    """An archived card takes no changes; the text is the rig's own, none is documented."""
    if row["archived"] and call.tenant.settings.archived_cards_refuse_changes:
        raise refusals.bad_request(f"{kind} is archived and cannot be changed")
