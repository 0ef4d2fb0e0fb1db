"""What does one step of the daily upkeep come to? Made by the steps, kept and told by flow."""

from __future__ import annotations

from datetime import datetime

from shared.model.frozen import Frozen


class Ending(Frozen):
    """Something that stops working on a day that is known."""

    key: str
    """The same until it is renewed: what is renewed is another ending."""
    what: str
    """In words for operators; never a value of a secret."""
    at: datetime
    mend: str

    def days_left(self, now: datetime) -> int:
        """Whole days; none is left in the last one, fewer than none when it is over."""
        return (self.at - now).days


class Looked(Frozen):
    """What one step did and saw."""

    said: str
    """One sentence of what it did."""
    problems: tuple[str, ...] = ()
    """What somebody must mend, with how; people by number only."""
    endings: tuple[Ending, ...] = ()
