"""Which groups does Instroom make itself? `entra.generated` in policy.yaml.

One for each value of a code that HR gives, such as a department's: made with its first member,
renamed when HR renames the department, found again by the code. Pure.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.policy.choices import PersonTemplate
from shared.policy.fields import names_in
from shared.policy.rule import ReachingRule

NAME_LENGTH = 256  # Microsoft Graph, group resource type: displayName


_PERSONAL = frozenset({"number", "phone", "mobile"})


def _of_fields(template: str) -> str:
    fields = names_in(template)
    if not fields:
        raise ValueError("must hold a field, such as {department.code}: else it is one group")
    if personal := [name for name in fields if name.startswith("name.") or name in _PERSONAL]:
        raise ValueError(f"{', '.join(personal)} is of one person: a group is of several")
    return template


type GroupTemplate = Annotated[PersonTemplate, AfterValidator(_of_fields)]


class GeneratedRule(ReachingRule):
    """A group for each value of a code, and who is in it."""

    name: str = Field(min_length=1, max_length=60, pattern="^[^/]*$")
    """Its own name, which is part of the groups' mark: do not change it."""
    group: GroupTemplate
    """The groups' display name, such as `Alle medewerkers {department.name}`."""
    key: GroupTemplate = "{department.code}"
    """By what a group is found again when its name changes: HR's code of it."""
    delete_empty_after_days: int | None = Field(default=None, ge=7, le=3650)
    """A group without a member is deleted after so many days; without this it stays."""
