"""What must somebody do by hand, because Instroom cannot write there? With the exact values.

Made by plan from what differs, kept in the target's row until a read shows that it was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from shared.model.frozen import Frozen


class Place(StrEnum):
    """Where it is to be done."""

    ACTIVE_DIRECTORY = "Active Directory"
    EXCHANGE = "Exchange"
    ENTRA = "Entra"


class Task(Frozen):
    """One thing to do, in the words of the system where it is done."""

    place: Place
    what: str
    """Such as `disable account`."""
    on: Mapping[str, str] = {}
    """How the object is found there: `sAMAccountName`, `distinguishedName`, ..."""
    values: Mapping[str, str] = {}
    """What is to stand there, by that system's own names; an empty text empties."""
    why: str = ""
    """Rule and fact; never a person's name."""
    urgent: bool = False
    """Until it is done somebody can sign in who must not, or cannot who must."""
    since: datetime | None = None
    """Since when it is asked for; calendar time."""
    undone: int = 0
    """So often a synchronisation took back what was done in the cloud meanwhile."""

    @property
    def cannot_wait(self) -> bool:
        """Is it told at once? What Active Directory lacks otherwise is told in the morning."""
        return self.urgent or self.place is not Place.ACTIVE_DIRECTORY

    @property
    def key(self) -> str:
        """What makes it the same task the next time."""
        return f"{self.place}: {self.what}"


def carried_on(now: tuple[Task, ...], was: tuple[Task, ...], at: datetime) -> tuple[Task, ...]:
    """The tasks of now, each with the moment since when it was asked for."""
    known = {task.key: task for task in was}
    return tuple(
        task.model_copy(update={"since": known[task.key].since if task.key in known else at})
        for task in now
    )
