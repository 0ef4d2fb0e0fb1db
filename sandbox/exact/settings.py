"""What would an Exact administrator set? Divisions, rights, page sizes, limits, cells gone wrong.

The rig's `/_sandbox/exact` reads and changes it. What Exact's documents leave open is a switch
here, so that a client can be tried both ways.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.clock import Clock

MAIN = 123456


@dataclass
class Division:
    """One administration, usually one legal entity.

    `departments` are beginnings of department codes; a person belongs to the first division that
    has their first department, and the one with "" takes everybody else.
    """

    code: int
    name: str
    departments: tuple[str, ...] = ("",)
    status: int = 1
    """0 inactive, 1 active, 2 archived (system/Divisions)."""
    moved: datetime | None = None
    linked: datetime | None = None


@dataclass
class Environment:
    """One Exact customer and the app that reads it."""

    clock: Clock
    client_id: str = "instroom"
    client_secret: str = "exact-client-secret"  # noqa: S105 - of the rig
    webhook_secret: str = "exact-webhook-secret"  # noqa: S105 - of the rig
    divisions: tuple[Division, ...] = (Division(MAIN, "Voorbeeld B.V."),)
    page_size: int = 60
    sync_page_size: int = 1000
    per_minute: int = 60
    per_day: int = 5000
    errors_per_hour: int = 10
    seconds_per_call: float = 0.0
    personal_rights: bool = True
    """Without them person fields are empty, and nothing says so."""
    expired: set[int] = field(default_factory=set)
    """Divisions whose licence ran out."""
    refused: set[str] = field(default_factory=set)
    """Endpoints that this customer's licence lacks, such as `hrm/Divisions`."""
    timestamp_as_text: bool = True
    padded_codes: bool = True
    local_midnight: bool = False
    """Is a day the moment of midnight in Amsterdam, or in UTC?"""
    anonymised: set[str] = field(default_factory=set)
    cells: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Employee number -> field -> value, put into every row of that employee."""
    calls: int = 0

    def division(self, code: int) -> Division | None:
        """The division with this code, if the consenting user can see it."""
        return next((one for one in self.divisions if one.code == code), None)
