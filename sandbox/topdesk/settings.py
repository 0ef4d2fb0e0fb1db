"""What can differ between one TOPdesk tenant and the next, and what a test may switch.

Fields whose real value no document states have both answers here, so that a client can be proved
to work with either. Changed through `/_sandbox/topdesk/settings` or as plain attributes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

type Right = Literal[
    "rest api.read",
    "persons.read",
    "persons.create",
    "persons.write",
    "persons.archive",
    "person contract tab.read",
    "person contract tab.write",
    "person private tab.read",
    "person private tab.write",
    "operators.read",
    "operators.create",
    "operators.write",
    "operators.archive",
    "operator groups.read",
    "operator groups.create",
    "operator groups.write",
    "permission groups.read",
    "permission groups.write",
    "filters.write",
    "login data.write",
    "supporting files settings.write",
    "branches.create",
    "branches.write",
    "branches.archive",
    "locations.create",
    "calls.read",
    "calls.create",
]
"""What a permission group of the API account can grant, as far as the rig looks at it."""


class Settings(BaseModel):
    """The switches of one tenant; assignment is checked."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    version: str = Field("16.06.010", pattern=r"^\d+\.\d+\.\d+$")
    """Product version; from 16.06.007 an operator card follows its person card."""
    generations: Literal["both", "v1", "v2"] = "both"
    """Which person API the tenant speaks; the other one is a 406."""
    missing_v2_fields: frozenset[str] = frozenset()
    """Fields that came in later steps of v2, such as `hasSspAccess` and `isCaller`."""

    api_account_archived: bool = False
    app_password_expired: bool = False
    denied: frozenset[Right] = frozenset()
    """Rights the API account lacks."""

    archiving_reason_mandatory: bool = True
    v2_requires_branch: bool = True
    department_is_text: bool = False
    person_password_mandatory: bool = False
    operator_password_mandatory: bool = False
    login_change_needs_password: bool = False
    licensed_operators: int | None = None
    """How many active operator cards the licence allows; None is no limit."""
    max_parallel: int | None = None
    """Calls at the same time before a 429; no document mentions a limit, so there is none."""

    next_is_absolute: bool = False
    single_is_limited: bool = False
    """GET of one v2 person without `fields` shows as little as the list does."""
    all_problems_at_once: bool = True
    clears_lookup_by: Literal["both", "id", "null"] = "both"
    """How a lookup is emptied: `{"id": null}`, plain null, or either."""
    text_matches_case: bool = False
    """Does `==` in a query tell upper from lower case?"""
    archived_cards_refuse_changes: bool = True
    archived_operators_refuse_links: bool = True
    relink_is_refused: bool = False
    person_unarchive_revives_operator: bool = True
    """Only from 16.06.007; the announcement says so, the specification does not."""
    search_lists_show_archived: bool = False
    vendor_content_type: bool = False
    """Before Supporting Files 2.7.5 a v2 create wanted a content type of its own."""
    incident_query_knows_external_number: bool = True
    offers_assets: bool = True
    """Asset Management is a module of its own."""
    change_query_is_ignored: bool = False
    """Version 1.4.0 lists filters but no `query`; public clients send one all the same."""

    @property
    def person_leads(self) -> bool:
        """Does archiving a person take the operator along (community post, 2026-06)?"""
        return self.product_version >= (16, 6, 7)

    @property
    def product_version(self) -> tuple[int, int, int]:
        """The version as three numbers."""
        major, minor, patch = (int(part) for part in self.version.split("."))
        return major, minor, patch
