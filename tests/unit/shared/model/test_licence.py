from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.model.licence import Licence, Shortage, Turn, shortage

MONDAY = date(2026, 11, 2)


def turn(days: int, number: str, seats: int = 1) -> Turn:
    return Turn(MONDAY + timedelta(days=days), number, seats)


@pytest.mark.parametrize(
    ("free", "turns", "expected"),
    [
        (2, [turn(0, "a"), turn(3, "b")], None),
        (1, [turn(3, "b"), turn(0, "a")], Shortage(MONDAY + timedelta(days=3), 1, ("b",))),
        (0, [turn(0, "a", -1), turn(0, "b")], None),
        (0, [turn(1, "a"), turn(2, "b", -1)], Shortage(MONDAY + timedelta(days=1), 1, ("a",))),
        (-1, [], None),
        (-1, [turn(0, "a", -1), turn(1, "b")], Shortage(MONDAY + timedelta(days=1), 1, ("b",))),
        (0, [turn(1, "a"), turn(1, "b")], Shortage(MONDAY + timedelta(days=1), 2, ("a", "b"))),
    ],
)
def test_seats_run_out_on_a_day_or_not(
    free: int, turns: list[Turn], expected: Shortage | None
) -> None:
    assert shortage(free, turns) == expected


def test_more_may_be_in_use_than_was_bought() -> None:
    assert Licence(id="s", name="SPE_E3", bought=3, used=5).free == -2
