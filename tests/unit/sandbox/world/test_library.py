from __future__ import annotations

from sandbox.clock import ManualClock
from sandbox.world import library


def test_people_of_the_library_are_numbered_from_one() -> None:
    world = library.library(ManualClock())

    assert list(world.people) == [str(number) for number in range(1, 7)]


def test_everybody_but_its_head_has_a_manager() -> None:
    world = library.library(ManualClock())
    heads = [world.manager_of(p, p.contracts[0]) for p in world.people.values()]

    assert heads == [None, "1", "1", "1", "1", "1"]


def test_everybody_works_there_today() -> None:
    world = library.library(ManualClock())
    today = world.now().date()

    assert all(p.contracts[0].covers(today) for p in world.people.values())
