"""Who is there in a target at all? The protocol of whatever lists everybody, read as a stream.

Only a take-over looks at everybody; what listens must keep no more than it needs, for a directory
may have 100,000 of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Seen:
    """One account or card, as much of it as tells whose it is."""

    id: str
    number: str
    """The employee number that it carries; empty when it has none."""
    name: str
    """As an administrator knows it."""
    active: bool
    """It can sign in, or is no archived card."""
    is_person: bool = True
    """An account of the organisation's own people: no guest."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What a match of the policy may ask for, by Graph's names."""


class Listing(Protocol):
    """Everybody in one target."""

    def everyone(self) -> AsyncIterator[Seen]:
        """Each of them once, in no order. Raises Transient, TargetDown or Permanent."""
        ...
