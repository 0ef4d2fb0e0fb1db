"""What happens when somebody changes an account of ours by hand? `drift`."""

from __future__ import annotations

from typing import Literal

from shared.model.drift import DriftKind
from shared.policy.section import Section

type Doing = Literal["heal", "report"]


class DriftRules(Section):
    """Each kind is put right again (`heal`) or told (`report`)."""

    attributes: Doing = "heal"
    """A property that the policy names, the user name or the manager was changed."""
    memberships: Doing = "heal"
    """Somebody was taken out of a group that a rule gives, or put into one under `strict`."""
    disabled: Doing = "report"
    """Somebody at work cannot sign in any more; whoever did it may have had a reason."""
    enabled: Doing = "heal"
    """Somebody who has left, or has not begun, can sign in again."""
    deleted: Doing = "report"
    """The account was deleted by hand."""

    def of(self, kind: DriftKind) -> Doing:
        """What happens to this kind."""
        match kind:
            case DriftKind.ATTRIBUTES:
                return self.attributes
            case DriftKind.MEMBERSHIPS:
                return self.memberships
            case DriftKind.DISABLED:
                return self.disabled
            case DriftKind.ENABLED:
                return self.enabled
            case DriftKind.DELETED:
                return self.deleted
