"""What does a soft delete keep, so that a restore can bring it back?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parked:
    """A deleted user or Microsoft 365 group with the relations it had."""

    kind: str
    properties: dict[str, Any]
    member_of: tuple[str, ...] = ()
    owner_of: tuple[str, ...] = ()
    manager: str | None = None
    members: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
