"""What mail is there, about what, and how far is it? One row for each cause.

A notice is written down before anybody sends it, so a cause is told once however often it is seen.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Literal

from shared.model.frozen import Frozen


class NoticeKind(StrEnum):
    """What a notice tells, and so to whom."""

    HELD = "held"
    """A batch waits for a human: to approvers, later to deputies too."""
    PARKED = "parked"
    """Who waits for somebody's mend: one mail a morning to operators."""
    EXPIRY = "expiry"
    """A certificate, a secret or a consent ends soon: to operators, once for each warning."""
    UPKEEP = "upkeep"
    """The daily upkeep found something to mend: to operators, once a week while it is the same."""
    DRIFT = "drift"
    """Accounts were changed by hand, and are left so: to operators, once a day."""
    JOINER = "joiner"
    """Somebody begins: to the manager."""
    MOVER = "mover"
    """Somebody has come from another place: to the new manager."""
    LEAVER = "leaver"
    """Somebody's last day comes: to the manager."""
    LEFT = "left"
    """Somebody's last day is over: to the manager."""
    PASS = "pass"  # noqa: S105 - a kind of notice
    """A joiner's pass for the first sign-in: to the manager, by `first_sign_in.by`."""
    TASK = "task"
    """Somebody has to do by hand what cannot wait, with exact values: to operators."""


ABOUT_A_PERSON = frozenset(
    {
        NoticeKind.JOINER,
        NoticeKind.MOVER,
        NoticeKind.LEAVER,
        NoticeKind.LEFT,
        NoticeKind.PASS,
    }
)


class Cause(Frozen):
    """Why there is a notice; two equal ones are one notice."""

    kind: NoticeKind
    about: str
    """The batch, the person's opaque id, the day of a summary, or what ends."""
    mark: str = ""
    """What sets it apart from others about the same: a step, a day, a place."""

    @property
    def notice_id(self) -> str:
        """Opaque, and the same each time."""
        return hashlib.sha256(f"{self.kind}|{self.about}|{self.mark}".encode()).hexdigest()[:32]


class Notice(Frozen):
    """One notice, as far as it is."""

    cause: Cause
    created_at: datetime
    state: Literal["waiting", "sending", "sent", "unknown", "dropped", "failed"] = "waiting"
    """`unknown`: sent, and no answer came; it is shown, and not sent twice by itself."""
    due_at: datetime
    """Calendar moment of the next try."""
    sending_until: datetime | None = None
    """Wall time until which its sender may live."""
    attempt: int = 0
    refused: bool = False
    """The last try was refused: nothing gets out until somebody mends it."""
    problem: str = ""
    """Why it waits, is unknown, or was dropped."""

    @property
    def notice_id(self) -> str:
        """Its cause's."""
        return self.cause.notice_id

    @property
    def is_done(self) -> bool:
        """Need nobody look at it any more?"""
        return self.state in ("sent", "dropped")
