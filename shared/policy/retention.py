"""`retention` in the policy: how long is somebody known who is gone?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.policy.section import Section


class Retention(Section):
    """How long what the ledger knows of somebody is kept."""

    erase_after_days: Annotated[int, Field(ge=30, le=36500)] | None = None
    """Days after the last account was deleted; without it nobody is erased but by `instroom
    erase`."""
