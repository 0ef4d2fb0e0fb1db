"""Will there be a seat for everybody who is to get one? A licence, and its seats day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.model.frozen import Frozen


class Licence(Frozen):
    """What was bought of one product."""

    id: str
    name: str
    """The product's part number, such as SPE_E3."""
    bought: int
    used: int

    @property
    def free(self) -> int:
        """Seats that nobody has; fewer than none when more are in use than were bought."""
        return self.bought - self.used


@dataclass(frozen=True)
class Turn:
    """On this day somebody needs a seat (1), or gives one back (-1)."""

    day: date
    number: str
    """Of the person, as `source:number`."""
    seats: int


@dataclass(frozen=True)
class Shortage:
    """More people than seats."""

    day: date
    """The first day on which there is none."""
    lacks: int
    """So many at the worst moment."""
    numbers: tuple[str, ...]
    """Who comes when there is none left, first come first served."""


def shortage(free: int, turns: Iterable[Turn]) -> Shortage | None:
    """When seats run out, if they do: on one day those that are given back come first."""
    left, lacks, without, day = free, 0, list[str](), None
    for turn in sorted(turns, key=lambda t: (t.day, t.seats, t.number)):
        left -= turn.seats
        if left < 0 and turn.seats > 0:
            day = day or turn.day
            lacks = max(lacks, -left)
            without.append(turn.number)
    return Shortage(day, lacks, tuple(without)) if day else None
