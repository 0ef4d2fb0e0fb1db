"""What went wrong, told by what to do next. Every room raises these; nothing else is expected.

    InstroomError
    ├── Transient        try again later; nothing is known to be wrong with the person
    │   ├── UnknownReply the call may have been carried out: read and plan again
    │   └── TargetDown   the whole target is away; burns no attempt of any person
    ├── Permanent        trying again helps nobody: park with the reason, name who mends it
    │   ├── NameTaken    a unique value belongs to somebody else: try the next candidate
    │   └── NotShown     the recorded account is deleted, or hidden from us: a human knows which
    ├── Unsafe           a human must say yes first; carries the numbers
    ├── Misconfigured    a setting or the policy is wrong; says which and how to mend it
    └── LostRace         somebody else wrote first: read again and decide again

Messages name the subject by its opaque key, never by a person's name, mail address or payload.
"""

from __future__ import annotations

from typing import Literal

type Mender = Literal["hr", "policy", "target", "operator", "settings"]


class InstroomError(Exception):
    """The root of every error that Instroom raises on purpose."""


class Transient(InstroomError):
    """It may work later. `retry_after_seconds` is what the other side asked for, if it did."""

    def __init__(self, reason: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class UnknownReply(Transient):
    """A write was sent and no answer came: it may have happened."""


class TargetDown(Transient):
    """Nobody can be served there now: unreachable, maintenance, refused credentials."""


class Permanent(InstroomError):
    """It will not work until `mender` has changed something."""

    def __init__(self, reason: str, *, mender: Mender = "target") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mender: Mender = mender


class NameTaken(Permanent):
    """The value of `field` is in use; `holder_id` says by which account, when the target tells."""

    def __init__(self, reason: str, *, field: str, holder_id: str | None = None) -> None:
        super().__init__(reason, mender="target")
        self.field = field
        self.holder_id = holder_id


class NotShown(Permanent):
    """The target does not show the account that is recorded, which is no proof that it is gone."""


class Unsafe(InstroomError):
    """More harm than usual: `seen` against `limit`, and nobody is touched until a human agrees."""

    def __init__(self, reason: str, *, seen: int, limit: int) -> None:
        super().__init__(f"{reason} (seen {seen}, limit {limit})")
        self.reason = reason
        self.seen = seen
        self.limit = limit


class Misconfigured(InstroomError):
    """`what` is missing or wrong; the message says how to mend it, never the value."""

    def __init__(self, what: str, problem: str, mend: str) -> None:
        super().__init__(f"{what}: {problem}. {mend}")
        self.what = what
        self.problem = problem
        self.mend = mend


class LostRace(InstroomError):
    """A row changed between reading and writing it."""
