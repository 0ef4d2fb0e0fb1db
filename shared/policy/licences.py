"""Are the licences that groups carry looked after? `licences` in policy.yaml."""

from __future__ import annotations

from pydantic import Field

from shared.policy.section import Section


class Licences(Section):
    """Licences that Entra gives to the members of groups; Instroom only fills the groups."""

    watch: bool = False
    """Count the seats ahead, and tell of an account that Entra could give no licence?"""
    look_ahead_days: int = Field(default=14, ge=1, le=180)
    """So many days ahead the daily upkeep counts who will need a seat."""
