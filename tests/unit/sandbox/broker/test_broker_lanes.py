"""lanes and duplicates: the small structures under the queue."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.broker.duplicates import Duplicates
from sandbox.broker.lanes import Numbers, Ready


@given(st.lists(st.tuples(st.sampled_from(["add", "discard", "take"]), st.integers(0, 20))))
def test_ready_numbers_leave_lowest_first(steps: list[tuple[str, int]]) -> None:
    ready, model = Ready(), set[int]()
    for step, number in steps:
        if step == "add":
            ready.add(number)
            model.add(number)
        elif step == "discard":
            ready.discard(number)
            model.discard(number)
        else:
            lowest = min(model, default=None)
            assert ready.take() == lowest
            model -= {lowest}
        assert len(ready) == len(model)


def test_discarded_numbers_are_swept() -> None:
    ready = Ready()
    for number in range(10_000):
        ready.add(number)
        ready.discard(number)

    assert len(ready._heap) < 200


@given(st.sets(st.integers(1, 300)), st.integers(0, 300))
def test_numbers_are_read_from_anywhere(live: set[int], start: int) -> None:
    alive = set(range(1, 301))
    numbers = Numbers(alive.__contains__)
    for number in sorted(alive):
        numbers.append(number)
    for number in sorted(alive - live):
        alive.discard(number)
        numbers.note_gone()

    assert list(numbers.since(start)) == sorted(n for n in live if n >= start)
    assert len(numbers) == len(live)


def test_an_id_is_remembered_from_its_first_arrival() -> None:
    seen = Duplicates(600)
    assert seen.first("a", 0) is None
    seen.remember("a", 7, 0)

    assert seen.first("a", 599.9) == 7
    assert seen.first("a", 600) is None
    assert len(seen) == 0


def test_forgetting_goes_by_age() -> None:
    seen = Duplicates(10)
    for moment in range(20):
        seen.remember(f"id-{moment}", moment, moment)

    assert seen.first("id-9", 20) is None
    assert seen.first("id-11", 20) == 11
    assert len(seen) == 9


def test_a_window_of_zero_remembers_nothing() -> None:
    seen = Duplicates(0)
    seen.remember("a", 1, 0)

    assert seen.first("a", 0) is None
