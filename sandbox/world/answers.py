"""What does HR say, if not the truth? Tricks that distort the answers and leave the world alone.

For the stories in which a view filter was edited, an export broke off or half a company seems to
have left. A rig asks `people()` for whom to show, and `repeats_pages` and `cuts_body` how.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, get_args

from sandbox.world.company import World
from sandbox.world.people import Kind, Person

type Trick = Literal[
    "normal", "empty", "half", "everyone-but-n", "ended", "repeat-page", "cut-body"
]


@dataclass
class Answers:
    """The trick that is being played now.

    `empty`: nobody. `half`: the first half. `everyone-but-n`: the last `n` are absent. `ended`:
    the last `n` have an end of contract on `last_day`. `repeat-page`: every page is the first.
    `cut-body`: the JSON breaks off halfway. `version` goes up with every change.
    """

    kind: Trick = "normal"
    n: int = 1
    last_day: date | None = None
    version: int = 0

    def play(self, kind: Trick, *, n: int = 1, last_day: date | None = None) -> None:
        """From now on, until the next trick."""
        if kind not in get_args(Trick.__value__):
            raise ValueError(f"answer is none of {', '.join(get_args(Trick.__value__))}")
        if n < 0:
            raise ValueError("n is a number of people")
        self.kind, self.n, self.last_day = kind, n, last_day
        self.version += 1

    def people(self, world: World) -> Iterable[Person]:
        """Whom HR shows, in the order of the world."""
        everyone = list(world.people.values())
        match self.kind:
            case "empty":
                return []
            case "half":
                return everyone[: len(everyone) // 2]
            case "everyone-but-n":
                return everyone[: max(0, len(everyone) - self.n)]
            case "ended":
                return self._with_leavers(everyone, world)
            case _:
                return everyone

    @property
    def repeats_pages(self) -> bool:
        """Is every page the first one?"""
        return self.kind == "repeat-page"

    @property
    def cuts_body(self) -> bool:
        """Does the answer break off?"""
        return self.kind == "cut-body"

    def _with_leavers(self, everyone: list[Person], world: World) -> list[Person]:
        today = world.now().date()
        last_day = self.last_day or today
        running = [
            person
            for person in everyone
            if person.kind is not Kind.NOT_WORKING
            and any(row.covers(today) for row in person.contracts)
        ]
        leaving = {person.number for person in running[max(0, len(running) - self.n) :]}
        return [
            _leaver(person, last_day, world) if person.number in leaving else person
            for person in everyone
        ]


def _leaver(person: Person, last_day: date, world: World) -> Person:
    rows = tuple(
        replace(row, end=last_day, modified=world.now())
        for row in person.contracts
        if max(row.start, row.job_start) <= last_day and (row.end is None or row.end > last_day)
    )
    return replace(person, contracts=rows, modified=world.now())
