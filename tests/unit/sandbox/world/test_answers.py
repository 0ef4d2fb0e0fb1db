"""Do the tricks distort what HR shows, and leave the world as it is?"""

from __future__ import annotations

from datetime import date

import pytest

from sandbox.clock import ManualClock
from sandbox.world import Answers, World

TODAY = date(2026, 11, 2)


@pytest.fixture
def world() -> World:
    return World.generate(1, 60, TODAY, clock=ManualClock())


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("normal", 60),
        ("empty", 0),
        ("half", 30),
        ("everyone-but-n", 53),
        ("ended", 60),
        ("repeat-page", 60),
        ("cut-body", 60),
    ],
)
def test_each_trick_shows_so_many_people(world: World, kind: str, shown: int) -> None:
    answers = Answers()
    answers.play(kind, n=7)  # type: ignore[arg-type]  # parametrised

    people = list(answers.people(world))

    assert len(people) == shown
    assert len(world.people) == 60


def test_leavers_are_played_and_not_written(world: World) -> None:
    answers = Answers()
    answers.play("ended", n=5, last_day=date(2026, 11, 30))

    shown = list(answers.people(world))
    changed = [p for p in shown if p is not world.people[p.number]]

    assert len(changed) == 5
    assert {row.end for p in changed for row in p.contracts} == {date(2026, 11, 30)}
    assert all(p.modified == world.now() for p in changed)


def test_more_than_everyone_but_n_is_nobody(world: World) -> None:
    answers = Answers()
    answers.play("everyone-but-n", n=1000)

    assert list(answers.people(world)) == []


def test_an_unknown_trick_is_refused(world: World) -> None:
    answers = Answers()

    with pytest.raises(ValueError, match="repeat-page"):
        answers.play("nonsense")  # type: ignore[arg-type]  # that is the test
    with pytest.raises(ValueError, match="number of people"):
        answers.play("ended", n=-1)
    assert len(list(answers.people(world))) == 60
