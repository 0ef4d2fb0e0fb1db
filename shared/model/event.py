"""What happened to a person, in the words people, messages and audit use.

Apply never branches on these: it compares what should be with what is.
"""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """The lifecycle word of one decision; the value ends a message type `nl.instroom.<value>`."""

    JOINER = "joiner"
    MOVER = "mover"
    LEAVER = "leaver"
    RETURNER = "returner"
    UNCHANGED = "unchanged"
    """Nothing about the person changed: a replay, a retry, a wake."""
