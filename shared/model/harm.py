"""What may hurt someone, how it is counted, what waits for a human, and what humans said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from shared.model.change import Harm
from shared.model.desired import State, TargetName
from shared.model.frozen import Frozen
from shared.model.person import PersonId

COUNTS_FOR = timedelta(days=1)


def mark(parts: Iterable[str]) -> str:
    """Eight characters that stand for these, in whatever order: what a human has seen."""
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:8]


class Loss(Frozen):
    """What one kind of harm takes in one target."""

    target: TargetName
    what: tuple[str, ...] = ()
    """The rights that are lost, or the attributes that change: their names, never a value."""


class HarmEntry(Frozen):
    """One person's harm of one kind, as the guard has let it through or holds it."""

    person_id: PersonId
    state: Literal["released", "held"]
    content: str
    """Fingerprint of the facts and of what is lost."""
    cause: str = ""
    """What brought it about: people with one cause are one cause."""
    approved: bool = False
    """A human agreed to exactly this content; approved harm counts against no limit."""
    batch: str | None = None
    """The batch it waits in, or was approved in."""
    targets: tuple[TargetName, ...] = ()
    """Targets in which it is still to be done."""
    done_at: datetime | None = None
    """When the last of them was done; calendar time."""
    earlier_until: datetime | None = None
    """So long an earlier harm of theirs counts, that this entry took the place of."""

    def counts(self, now: datetime) -> bool:
        """Does it count against the limit? From its release until a day after it is done."""
        if self.earlier_until is not None and now < self.earlier_until:
            return True
        if self.state == "held" or self.approved:
            return False
        return self.done_at is None or now < self.done_at + COUNTS_FOR

    def counts_until(self, now: datetime) -> datetime | None:
        """Until when it counts; None when it does not count at `now`, or its end is not known."""
        ends = [self.earlier_until] if self.earlier_until else []
        if self.done_at and not self.approved:
            ends.append(self.done_at + COUNTS_FOR)
        return max((end for end in ends if now < end), default=None)

    def is_past(self, now: datetime) -> bool:
        """Done for so long that neither the limit nor a stopped worker needs it any more."""
        over = self.earlier_until is None or now >= self.earlier_until
        return over and self.done_at is not None and now >= self.done_at + COUNTS_FOR

    @property
    def weighs(self) -> bool:
        """May it count against the limit, now or later? What waits or was approved does not."""
        return self.earlier_until is not None or not (self.state == "held" or self.approved)

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
    cause: str = ""
    losses: tuple[Loss, ...] = ()


class Signature(Frozen):
    """Who said it, and when; calendar time."""

    who: str
    at: datetime


class Said(Frozen):
    """What humans said of one cause in a batch, or of somebody's coming end."""

    answer: Literal["signed", "approved", "rejected"]
    """`signed`: by one of two who must agree; it binds nobody yet."""
    seen: str
    """The mark of what they saw; a signature under other content is void."""
    by: tuple[Signature, ...]
    reason: str = ""
    """Why not."""
    told: bool = False
    """The audit knows, and everybody concerned is reminded."""

    @property
    def is_final(self) -> bool:
        """Has it been decided?"""
        return self.answer != "signed"

    @property
    def who(self) -> str:
        """Everyone who signed."""
        return " and ".join(signature.who for signature in self.by)


class Batch(Frozen):
    """Harm of one kind that waits for the decision of a human, on the whole or on each cause."""

    batch_id: str
    kind: Harm
    opened_at: datetime
    cause: str
    """Why it is held: the limit that was passed, or what HR did."""
    state: Literal["open", "decided", "closed"] = "open"
    """Open while some cause is undecided; decided until all of it is worked off and nobody is
    left who was refused."""
    members: int = 0
    said: Mapping[str, Said] = {}
    """By cause."""
    reminded: int = 0
    """So many steps of the policy's reminders have been said."""

    def takes(self, cause: str) -> bool:
        """May somebody with this cause still join?"""
        return self.state == "open" and not self.is_decided(cause)

    def is_decided(self, cause: str) -> bool:
        """Has a human said yes or no to this cause?"""
        return cause in self.said and self.said[cause].is_final


class Waiting(Frozen):
    """A reminder that a batch waits."""

    batch: str
    kind: Harm
    people: int
    hours: int
    """How long it has waited."""
    step: int
    """Which reminder it is, from one; zero: none is due."""
    to: tuple[str, ...] = ()
    """Who is to hear it, as the policy names them."""
    deputies: bool = False
    """The deputies are among them."""


class Ahead(Frozen):
    """A human's yes to somebody's coming end, given before the day."""

    person_id: PersonId
    number: str
    day: date
    """The first day on which they cannot sign in."""
    content: str
    said: Said
