"""For whom does a rule of the policy hold? What rules of every target have in common."""

from __future__ import annotations

from pydantic import Field

from shared.model.right import Managed
from shared.policy.choices import EVERYONE, When
from shared.policy.section import Section


class Rule(Section):
    """Who a rule is for. Without `when` it is for everyone who has a running contract."""

    name: str = ""
    """Shown in explanations; the group's name when left out."""
    when: When = EVERYONE
    """A condition on any field of the person and one contract; see docs/policy.md."""
    during_leave: bool = False
    """Does it hold too while someone is on a leave that shrinks rights?"""


class ReachingRule(Rule):
    """Who gets rights, from when until when."""

    days_before: int = Field(default=0, ge=0, le=180)
    """So many days before a contract that meets the rule begins, for who works here already."""
    days_after: int = Field(default=0, ge=0, le=365)
    """So many days after such a contract has ended, for who works here still."""


class RightRule(ReachingRule):
    """The same, and whose say it is who has them."""

    managed: Managed | None = None
    """`ours`, `report` or `strict` for what this rule names, in the place of the target's."""
