"""What does Active Directory hold? The forest beside the tenant, by Graph's names for its values.

State only; `active_directory` synchronises it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

type Json = dict[str, Any]


@dataclass
class Directory:
    """One forest; nothing of it is in the tenant before it was synchronised."""

    objects: dict[str, Json] = field(default_factory=dict)  # by the id of the account in Entra
    unborn: list[Json] = field(default_factory=list)  # made, and not synchronised yet
    removed: set[str] = field(default_factory=set)  # deleted, and not synchronised yet
    refuses_cloud_blocks: bool = False
    # Whether Graph takes accountEnabled of a synchronised account is in no document.
