"""Whose turn is it to refresh a rotating token? What the ledger says of a source's connection."""

from __future__ import annotations

from datetime import datetime

from shared.model.frozen import Frozen


class Turn(Frozen):
    """One row a source; the token itself is never in it."""

    generation: int = 0
    """The highest generation of tokens known to be stored; an older one was spent."""
    holder: str | None = None
    """Who may refresh now; None: nobody is at it."""
    until: datetime | None = None
    """Wall time after which the holder's turn is over, whether it was given back or not."""
    refused: int | None = None
    """The generation that the other side refused: only a new consent helps."""

    def is_free(self, holder: str, now: datetime) -> bool:
        """May this holder take the turn?"""
        return self.holder in (None, holder) or self.until is None or self.until <= now
