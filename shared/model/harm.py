"""What may hurt someone, how it is counted, and what waits for a human?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from shared.model.change import Harm
from shared.model.desired import State, TargetName
from shared.model.frozen import Frozen
from shared.model.person import PersonId

COUNTS_FOR = timedelta(days=1)


class HarmEntry(Frozen):
    """One person's harm of one kind, as the guard has let it through or holds it."""

    person_id: PersonId
    state: Literal["released", "held"]
    content: str
    """Fingerprint of the facts and the policy it was decided on."""
    approved: bool = False
    """A human agreed to exactly this content; approved harm counts against no limit."""
    batch: str | None = None
    """The batch it waits in, or was approved in."""
    targets: tuple[TargetName, ...] = ()
    """Targets in which it is still to be done."""
    done_at: datetime | None = None
    """When the last of them was done; calendar time."""

    def counts(self, now: datetime) -> bool:
        """Does it count against the limit? From its release until a day after it is done."""
        if self.state == "held" or self.approved:
            return False
        return self.done_at is None or now < self.done_at + COUNTS_FOR

    def is_past(self, now: datetime) -> bool:
        """Done for so long that neither the limit nor a stopped worker needs it any more."""
        return self.done_at is not None and now >= self.done_at + COUNTS_FOR

    @property
    def is_open(self) -> bool:
        """Released, and not yet done everywhere."""
        return self.state == "released" and self.done_at is None


class Member(Frozen):
    """One person in a batch: what an operator sees, and what exactly is approved."""

    person_id: PersonId
    number: str
    """`source:number`, as operators know people."""
    content: str
    before: State
    after: State
    why: str
    """The fact behind it, such as `last day 2026-11-30`."""


class Batch(Frozen):
    """Harm of one kind that waits for one decision of a human."""

    batch_id: str
    kind: Harm
    opened_at: datetime
    cause: str
    """Why it is held: the limit that was passed, or what HR did."""
    state: Literal["open", "approved", "closed"] = "open"
    members: int = 0
    approved_by: str | None = None
    approved_at: datetime | None = None
