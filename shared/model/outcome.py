"""How did provisioning one person in one target end?

Returned, never raised: raising is for bugs.
"""

from __future__ import annotations

from enum import StrEnum

from shared.model.frozen import Frozen


class Ending(StrEnum):
    """The six ways a message can be done with."""

    DONE = "done"
    NOTHING = "nothing to do"
    WAITING = "waiting"
    HELD = "held"
    PARKED = "parked"
    REPORTED = "reported"
    """Read, planned and told; the policy lets nothing be written of them yet."""


class Outcome(Frozen):
    """The ending, with who or what it waits for, or why it is parked and who mends it."""

    ending: Ending
    detail: str = ""
    changes: int = 0
