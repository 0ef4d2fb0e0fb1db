"""What do exceptions make of the rights that rules give? `exceptions` in policy.yaml.

Called by desired(), and by explain; pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import Field

from shared.model.desired import Operator, Reason, TargetName
from shared.model.exemption import Exemption
from shared.model.person import Person
from shared.model.right import RightKind, folded, parted
from shared.policy.section import Section

type Rights = Mapping[str, tuple[Reason, ...]]


class Exceptions(Section):
    """Rights that humans give or deny to one person, for a while."""

    max_days: int = Field(default=365, ge=1, le=3650)
    """An exception ends after so many days at the latest; it can be renewed."""


def in_force(person: Person, today: date) -> tuple[Exemption, ...]:
    """Those of this day."""
    return tuple(one for one in person.exceptions if one.holds_on(today))


def with_exceptions(rights: Rights, exceptions: Iterable[Exemption]) -> Rights:
    """The rights that rules give, with those that are given beside them, without the denied."""
    asked = tuple(exceptions)
    denied = {folded(one.right) for one in asked if not one.gives}
    found = {right: why for right, why in rights.items() if folded(right) not in denied}
    spelt = {folded(right): right for right in found}
    for one in asked:
        if one.gives:
            right = spelt.get(folded(one.right), one.right)
            found[right] = (*found.get(right, ()), one.why)
    return found


def operator_with_exceptions(
    operator: Operator | None, exceptions: Iterable[Exemption]
) -> Operator | None:
    """The operator card with them; one that is left without a right is none."""
    asked = tuple(one for one in exceptions if one.target is TargetName.TOPDESK)
    if not asked:
        return operator
    rights = with_exceptions(operator.rights if operator else {}, asked)
    if not rights:
        return None
    groups = {key: why for key, why in rights.items() if _is_group(key)}
    more = {key: why for key, why in rights.items() if not _is_group(key)}
    first = operator.reason if operator else next(iter(rights.values()))[0]
    return Operator(permission_groups=groups, more=more, reason=first)


def _is_group(key: str) -> bool:
    return parted(key)[0] is RightKind.PERMISSION_GROUP
