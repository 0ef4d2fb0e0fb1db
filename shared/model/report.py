"""What would have been done in a target, where the policy lets nothing be written yet?

Made of a plan and what was found, kept in the target's row, shown by `people` and `rollout`. It
names kinds, fields, rights and reasons, never a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.model.change import Change, Kind, Plan
from shared.model.desired import Reason
from shared.model.frozen import Frozen

_BY_FIELD = frozenset({Kind.SET_ATTRIBUTES, Kind.UPDATE_CARD, Kind.UPDATE_USER})
"""One such change writes many fields: each of them is a difference."""


_MAKES = frozenset({Kind.CREATE_ACCOUNT, Kind.CREATE_CARD, Kind.CREATE_USER})


class Difference(Frozen):
    """One thing that a target holds otherwise than HR and the policy would have it."""

    kind: Kind
    what: str = ""
    """The field, the group or the right; empty where the kind says all."""
    reasons: tuple[Reason, ...] = ()

    def __str__(self) -> str:
        """The difference without any value."""
        return f"{self.kind} {self.what}".strip()


class Report(Frozen):
    """What was told of one person in one target instead of done."""

    at: datetime
    why: Reason
    """What of the policy keeps it from being done."""
    differences: tuple[Difference, ...] = ()
    obstacles: Mapping[str, str] = {}
    """What the target could not give either, each with its sentence."""
    account_id: str | None = None
    """The account or card that is there."""
    login: str | None = None
    """Its user principal name, in Entra: other targets may need it."""

    @property
    def summary(self) -> str:
        """How lists speak of it."""
        return f"report: {counted(len(self.differences))}"


def counted(count: int) -> str:
    """How people count them."""
    return "1 difference" if count == 1 else f"{count} differences"


def differences(plan: Plan, why: Reason) -> tuple[Difference, ...]:
    """What a plan would change, one by one; what others must do or approve first as well.

    A block in the cloud is part of the block that Active Directory is asked for. `why` is the
    reason that somebody is to be there at all: that of an account to be made.
    """
    return tuple(
        difference
        for change in (*plan.changes, *plan.for_ad, *plan.held)
        if change.kind is not Kind.BLOCK_IN_CLOUD
        for difference in _of(change, why)
    )


def _of(change: Change, why: Reason) -> tuple[Difference, ...]:
    if change.kind in _MAKES:
        return (Difference(kind=change.kind, reasons=(why,)),)
    if change.kind not in _BY_FIELD:
        return (Difference(kind=change.kind, what=change.what, reasons=change.reasons),)
    reasons = dict(zip(change.values, change.reasons, strict=False))
    return tuple(
        Difference(
            kind=change.kind, what=field, reasons=(reasons[field],) if field in reasons else ()
        )
        for field in change.values
    )
