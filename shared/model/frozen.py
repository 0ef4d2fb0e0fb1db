"""What is every noun of this room? Immutable, closed to unknown fields, comparable by value."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: two with equal fields are equal, and neither can change."""

    model_config = ConfigDict(frozen=True, extra="forbid")
