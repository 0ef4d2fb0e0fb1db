"""What is in a TOPdesk before anyone provisions into it? Lists, branches and the API account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.topdesk.operator_fields import DEFAULTS

BRANCHES = ("Gemeente Voorbeeld",)
DEPARTMENTS = ("Servicedesk", "Personeelszaken", "Facilitair")
PERMISSION_GROUPS = ("Servicedesk", "Wijzigingsbeheer", "Facilitair", "Personeelszaken")
OPERATOR_GROUPS = ("Servicedesk", "Facilitair")
LANGUAGES = (("Nederlands", "nl"), ("English", "en"))
SUBCATEGORIES = (("Inventaris & apparatuur", "Middelen"), ("Toegang", "Accounts"))

CATALOGUE: Mapping[str, Iterable[str]] = {
    "archiving-reasons": ("Persoon uit organisatie", "Niet langer geldig"),
    "countries": ("Nederland", "België"),
    "categories": ("Middelen", "Accounts"),
    "call_types": ("Aanvraag", "Storing"),
    "branch filters": ("Alleen eigen vestiging",),
    "category filters": ("Zonder personeelszaken",),
    "operator filters": ("Alleen eigen groep",),
}


CHANGE_TEMPLATES = (("Ws 006", "Laptop uitgeven"), ("Ws 007", "Werkplek opruimen"))


def branch(name: str) -> dict[str, Any]:
    """A branch as the API creates it when only its name is given."""
    return {
        "name": name,
        "branchType": "independentBranch",
        "headBranch": None,
        "clientReferenceNumber": "",
        "timeZone": "Europe/Amsterdam",
        "extraA": None,
        "extraB": None,
        "phone": "",
        "fax": "",
        "email": "",
        "address": None,
        "postalAddress": None,
    }


def operator_group(name: str, branch_id: str | None) -> dict[str, Any]:
    """An operator group with nothing but its name and branch."""
    return {"groupName": name, "branch": branch_id, "contact": {}, "tasks": {}}


def api_account(branch_id: str | None) -> dict[str, Any]:
    """The card that the API account signs in with; it has no person card."""
    return {
        **DEFAULTS,
        "surName": "API provisioning",
        "dynamicName": "API provisioning",
        "branch": branch_id,
        "apiAccount": True,
        "loginPermission": True,
        "admin": False,
    }
