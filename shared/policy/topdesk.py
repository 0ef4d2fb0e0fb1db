"""Who gets which cards in TOPdesk? The policy's section `topdesk`.

What TOPdesk itself knows (branches, groups, reasons) is named here and looked up there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from shared.model.right import TASKS, Managed, RightKind, called, parted
from shared.policy.choices import CardChoice, Choices, PersonTemplate
from shared.policy.ownership import looked_at
from shared.policy.rule import RightRule
from shared.policy.section import Section, refuse_keys
from shared.policy.tickets import TicketRule

LOOKUPS = frozenset(
    {
        "branch",
        "department",
        "budgetHolder",
        "location",
        "language",
        "personExtraFieldA",
        "personExtraFieldB",
    }
)
"""Card fields that name a row of a list in TOPdesk."""
_NEVER_MADE = frozenset({"location", "language"})
_TIED = frozenset({"department", "budgetHolder", "personExtraFieldA", "personExtraFieldB"})
type ListName = Literal[
    "branch",
    "department",
    "budgetHolder",
    "location",
    "language",
    "personExtraFieldA",
    "personExtraFieldB",
]
_SET_ON_CARDS = frozenset({"id", "employeeNumber", "isManager", "manager", "archived"})


def _task(name: str) -> str:
    if name not in TASKS:
        near = difflib.get_close_matches(name, sorted(TASKS), n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(TASKS))}"
        raise ValueError(f"there is no task '{name}'; {hint}")
    return name


def _permission_group(name: str) -> str:
    if parted(name) != (RightKind.PERMISSION_GROUP, name):
        raise ValueError(f"'{name}' reads as another kind of right; rename the group in TOPdesk")
    return name


type PermissionGroup = Annotated[str, AfterValidator(_permission_group)]
type Task = Annotated[str, AfterValidator(_task)]


class OperatorRule(RightRule):
    """An operator card in TOPdesk with these rights."""

    permission_groups: tuple[PermissionGroup, ...] = ()
    """Names of permission groups as TOPdesk shows them."""
    operator_groups: tuple[str, ...] = ()
    """Names of operator groups."""
    tasks: tuple[Task, ...] = ()
    """What work may be given to the operator: names of the API, such as firstLineCallOperator."""
    branch_filters: tuple[str, ...] = ()
    """Names of branch filters: of which branches the operator sees cards."""
    category_filters: tuple[str, ...] = ()
    """Names of category filters."""
    operator_filters: tuple[str, ...] = ()
    """Names of operator filters."""

    def rights(self) -> Iterator[tuple[RightKind, str]]:
        """The kind and the name of each right that the rule gives."""
        named = {
            RightKind.PERMISSION_GROUP: self.permission_groups,
            RightKind.OPERATOR_GROUP: self.operator_groups,
            RightKind.TASK: self.tasks,
            RightKind.BRANCH_FILTER: self.branch_filters,
            RightKind.CATEGORY_FILTER: self.category_filters,
            RightKind.OPERATOR_FILTER: self.operator_filters,
        }
        return ((kind, name) for kind, names in named.items() for name in names)

    @property
    def label(self) -> str:
        """What the rule is called where it has no name."""
        return ", ".join(called(kind, name) for kind, name in self.rights())

    @model_validator(mode="after")
    def _gives_something(self) -> Self:
        if not any(self.rights()):
            raise ValueError(
                "gives nothing; name permission_groups, operator_groups, tasks or filters"
            )
        return self


class Lookup(Section):
    """What happens with one of TOPdesk's lists that cards name rows of."""

    missing: Literal["create", "refuse"] = "refuse"
    """A row that TOPdesk lacks is made, or the lack is told."""
    code: PersonTemplate = ""
    """HR's code of it, such as `{department.code}`: the row follows when HR renames it."""


class Topdesk(Section):
    """The person card in TOPdesk, and who is an operator there."""

    card: Mapping[str, Choices[CardChoice]] = {}
    """TOPdesk field to template; lookups (branch, department, ...) by name."""
    lookups: Mapping[ListName, Literal["create", "refuse"] | Lookup] = {}
    """Per list: is a missing row made, and what is HR's code of it?"""
    operators: tuple[OperatorRule, ...] = ()
    """Who gets an operator card, with which rights; several matching rules add up."""
    managed: Managed = Managed.OURS
    """Who has a right that rules name: `ours` takes only what Instroom gave, `strict` also what
    somebody else gave and no rule explains; `report` tells what `strict` would take."""
    tickets: tuple[TicketRule, ...] = ()
    """Calls and requests for change that joiners, movers and leavers bring."""
    archive_reason: str = "Persoon uit organisatie"
    """The archiving reason for leavers, as TOPdesk names it."""
    removed: Mapping[str, str] = {}
    """What a removal makes of further fields of a card, such as `surName: Verwijderd`."""

    def lookup(self, field: str) -> Lookup:
        """What happens with the list that this card field names a row of."""
        said = {str(name): how for name, how in self.lookups.items()}.get(field)
        if said is None:
            return Lookup(missing="create" if field == "department" else "refuse")
        return said if isinstance(said, Lookup) else Lookup(missing=said)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name in self.lookups:
            how = self.lookup(name)
            if how.missing == "create" and name in _NEVER_MADE:
                raise ValueError(f"{name}: TOPdesk's API makes none; write refuse")
            if how.code and name not in _TIED:
                tied = ", ".join(sorted(_TIED))
                raise ValueError(f"{name} cannot keep a code in TOPdesk; {tied} can")
        return self

    @model_validator(mode="after")
    def _of_one_mind(self) -> Self:
        self.looked_at()
        return self

    @property
    def beyond_scim(self) -> tuple[str, ...]:
        """What of this section a SCIM service in TOPdesk's place has no word for."""
        kinds = {kind for rule in self.operators for kind, _ in rule.rights()}
        told = [str(kind) for kind in RightKind if kind in kinds - {RightKind.PERMISSION_GROUP}]
        return (*told, *(("tickets",) if self.tickets else ()))

    def looked_at(self) -> Mapping[str, Managed]:
        """The operators' rights that are looked at beyond those that Instroom gave."""
        named = ((right, rule.managed) for rule in self.operators for right in rule.rights())
        return looked_at(self.managed, ((called(*right), how) for right, how in named))

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names = [rule.name.casefold() for rule in self.tickets]
        if len(set(names)) < len(names):
            raise ValueError("two rules for tickets have one name; give each its own")
        return self

    @model_validator(mode="after")
    def _not_ours(self) -> Self:
        if self.removed.get("surName") == "":
            raise ValueError("TOPdesk wants a surName on every card; give it a text")
        if lists := LOOKUPS & self.removed.keys():
            raise ValueError(f"{', '.join(sorted(lists))}: only fields with a text can be removed")
        refuse_keys(self, self.removed, _SET_ON_CARDS)
        return refuse_keys(self, self.card, _SET_ON_CARDS)
