"""What can an operator in TOPdesk have, and how is each called among a person's rights?

A permission group stands under its own name, as groups in Entra do; every other kind says what it
is: `operator group: Servicedesk`. The two may have one name, and neither is the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Managed(StrEnum):
    """Whose say is it who has a right that rules name?"""

    OURS = "ours"
    """Instroom takes only what it gave."""
    REPORT = "report"
    """The same, and it tells what `strict` would take beside that."""
    STRICT = "strict"
    """Instroom also takes what somebody else gave and no rule explains."""


class RightKind(StrEnum):
    """The kinds of right that hang on an operator card."""

    PERMISSION_GROUP = "permission group"
    OPERATOR_GROUP = "operator group"
    TASK = "task"
    """What work may be given to the operator: a tick on the card, by its name in the API."""
    BRANCH_FILTER = "branch filter"
    CATEGORY_FILTER = "category filter"
    OPERATOR_FILTER = "operator filter"


TASKS = frozenset(
    {
        "installer",
        "firstLineCallOperator",
        "secondLineCallOperator",
        "problemManager",
        "problemOperator",
        "changeCoordinator",
        "changeActivitiesOperator",
        "requestForChangeOperator",
        "extensiveChangeOperator",
        "simpleChangeOperator",
        "scenarioManager",
        "planningActivityManager",
        "projectCoordinator",
        "projectActiviesOperator",
        "stockManager",
        "reservationsOperator",
        "serviceOperator",
        "externalHelpDeskParty",
        "contractManager",
        "operationsOperator",
        "operationsManager",
        "knowledgeBaseManager",
        "accountManager",
    }
)
"""The ticks on an operator card (Supporting Files API 2.7.11; the misspelt one is its own)."""
FILTERS = frozenset(
    {RightKind.BRANCH_FILTER, RightKind.CATEGORY_FILTER, RightKind.OPERATOR_FILTER}
)
"""They hide cards from an operator: who loses one sees more, and is not hurt."""
_GENERATED = "generated: "
_PREFIXES: Mapping[RightKind, str] = {
    kind: "" if kind is RightKind.PERMISSION_GROUP else f"{kind}: " for kind in RightKind
}


def generated(rule: str, code: str) -> str:
    """What a group is called among a person's rights that Instroom makes for this code."""
    return f"{_GENERATED}{rule}/{code}"


def rule_of(right: str) -> str:
    """The name of the rule that a group of our own making is of."""
    return right.removeprefix(_GENERATED).partition("/")[0]


def is_generated(right: str) -> bool:
    """Is it a group of our own making, whatever its name is in Entra?"""
    return right.startswith(_GENERATED)


def is_strict(managed: Mapping[str, Managed], right: str) -> bool:
    """Does Instroom take this right from whom no rule gives it, whoever gave it?"""
    return folded(right) in {
        folded(name) for name, how in managed.items() if how is Managed.STRICT
    }


def folded(right: str) -> str:
    """As Entra and TOPdesk compare names."""
    return right.strip().casefold()


def called(kind: RightKind, name: str) -> str:
    """What this right is called among a person's rights."""
    return f"{_PREFIXES[kind]}{name}"


def parted(key: str) -> tuple[RightKind, str]:
    """The kind and the name in TOPdesk of what `called` has named so."""
    for kind, prefix in _PREFIXES.items():
        if prefix and key.startswith(prefix):
            return kind, key.removeprefix(prefix)
    return RightKind.PERMISSION_GROUP, key


def is_filter(key: str) -> bool:
    """Does this right hide something, rather than allow it?"""
    return parted(key)[0] in FILTERS
