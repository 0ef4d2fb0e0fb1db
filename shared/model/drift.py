"""What was changed behind our back on one person's account? Found, kept and told by flow."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.model.frozen import Frozen
from shared.model.person import PersonId


class DriftKind(StrEnum):
    """What of the account is not as it was left."""

    ATTRIBUTES = "attributes"
    """A property, the user name or the manager."""
    MEMBERSHIPS = "memberships"
    """It was taken out of a group that a rule gives, or is in one that strict takes."""
    DISABLED = "disabled"
    """Sign-in is refused to somebody who should come in."""
    ENABLED = "enabled"
    """Sign-in is let to somebody who should not come in."""
    DELETED = "deleted"
    """The account lies in the bin, or is gone."""


class Drift(Frozen):
    """One person's, as last seen. Moments are calendar time."""

    person_id: PersonId
    seen_at: datetime
    kinds: tuple[DriftKind, ...]
    changes: tuple[str, ...]
    """What would put it right, without a value."""
    groups: tuple[str, ...] = ()
    """Those among it that are about a group."""
    healed: bool = False
    """It was put right, or is about to be."""
    why: str = ""
    """Why it is only told."""
    heals: tuple[datetime, ...] = ()
    """When it was put right lately, this time too."""
