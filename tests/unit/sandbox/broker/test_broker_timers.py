from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.broker.timers import Timers


def test_what_is_due_is_done_in_order_and_once() -> None:
    timers, done = Timers(), list[str]()
    timers.at(2, lambda: done.append("second"))
    timers.at(1, lambda: done.append("first"))
    timers.at(3, lambda: done.append("third"))

    timers.run_due(2)
    timers.run_due(2)

    assert done == ["first", "second"]
    assert timers.next_due() == 3


def test_equal_moments_keep_their_order() -> None:
    timers, done = Timers(), list[int]()
    for number in range(5):
        timers.at(1, lambda number=number: done.append(number))  # type: ignore[misc]

    timers.run_due(1)

    assert done == [0, 1, 2, 3, 4]


def test_a_cancelled_timer_is_never_done() -> None:
    timers, done = Timers(), list[str]()
    timer = timers.at(1, lambda: done.append("never"))
    timer.cancel()
    timer.cancel()

    timers.run_due(5)

    assert done == []
    assert timers.next_due() is None
    assert len(timers) == 0


def test_cancelling_after_it_was_done_changes_nothing() -> None:
    timers = Timers()
    timer = timers.at(1, lambda: None)
    timers.at(2, lambda: None)
    timers.run_due(1)
    timer.cancel()

    assert len(timers) == 1
    assert timers.next_due() == 2


def test_what_is_done_may_ask_for_more() -> None:
    timers, done = Timers(), list[str]()

    def ask() -> None:
        timers.at(1, lambda: done.append("later"))

    timers.at(1, ask)
    timers.run_due(1)

    assert done == ["later"]


def test_cancelled_timers_are_swept() -> None:
    timers = Timers()
    for _ in range(10_000):
        timers.at(300, lambda: None).cancel()

    assert len(timers) == 0
    assert len(timers._heap) < 200


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans())))
def test_all_that_is_live_is_done_and_nothing_else(plan: list[tuple[int, bool]]) -> None:
    timers, done = Timers(), list[int]()
    for moment, is_cancelled in plan:
        timer = timers.at(moment, lambda moment=moment: done.append(moment))  # type: ignore[misc]
        if is_cancelled:
            timer.cancel()

    timers.run_due(50)

    assert done == sorted(moment for moment, is_cancelled in plan if not is_cancelled)
