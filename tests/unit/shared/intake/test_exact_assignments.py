"""Stretches of a job agree, day by day, with what employment, contract, place and hours say."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.intake.exact_assignments import Employed, Place, Stretch, Work, assignments
from shared.model.person import Contract, Unit

FIRST = date(2024, 2, 20)
ICT, HRM = Unit(code="ICT"), Unit(code="HRM")


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def made(employed: Employed) -> list[Contract]:
    return sorted(assignments("1042", [employed]), key=lambda one: one.start)


def spans(employed: Employed) -> list[tuple[date, date | None]]:
    return [(one.start, one.end) for one in made(employed)]


def test_employment_alone_is_one_assignment() -> None:
    assert spans(Employed("1", Stretch(day(0)))) == [(day(0), None)]


def test_contracts_that_abut_follow_one_another() -> None:
    contracts = [Stretch(day(0), day(9), sequence=1), Stretch(day(10), None, sequence=2)]

    assert spans(Employed("1", Stretch(day(0)), contracts)) == [(day(0), day(9)), (day(10), None)]


def test_last_contract_without_a_successor_ends_the_work() -> None:
    assert spans(Employed("1", Stretch(day(0)), [Stretch(day(0), day(9))])) == [(day(0), day(9))]


def test_end_of_employment_ends_what_is_still_open() -> None:
    each = Employed(
        "1", Stretch(day(0), day(9)), [Stretch(day(0))], [Place(day(0))], [Work(day(0))]
    )

    assert spans(each) == [(day(0), day(9))]


def test_move_and_other_hours_are_new_assignments() -> None:
    each = Employed(
        "1",
        Stretch(day(0)),
        places=[Place(day(0), day(9), department=ICT), Place(day(10), department=HRM)],
        hours=[Work(day(0), day(19), hours=36), Work(day(20), hours=20)],
    )

    told = [(one.start, one.department, one.hours) for one in made(each)]
    assert told == [(day(0), ICT, 36), (day(10), HRM, 36), (day(20), HRM, 20)]


def test_rise_in_pay_alone_changes_nothing() -> None:
    hours = [
        Work(day(0), day(9), hours=36),
        Work(day(10), day(19), hours=36),
        Work(day(20), hours=36),
    ]

    assert spans(Employed("1", Stretch(day(0)), hours=hours)) == [(day(0), None)]


def test_employment_that_ends_before_it_begins_is_kept_as_such() -> None:
    """Admission tells a withdrawn start from a mistake."""
    (contract,) = made(Employed("1", Stretch(day(5), day(4)), hours=[Work(day(0), hours=36)]))

    assert contract.is_withdrawn
    assert (contract.start, contract.end) == (day(5), day(4))


def test_two_employments_keep_apart() -> None:
    both = [Employed("1", Stretch(day(0))), Employed("2", Stretch(day(0)))]

    assert len({one.key for one in assignments("1042", both)}) == 2


_N = st.integers(0, 30)
_SPAN = st.tuples(_N, st.none() | _N)
_UNITS = st.sampled_from([ICT, HRM, None])


@st.composite
def employments(draw: st.DrawFn) -> Employed:
    def some(make: st.SearchStrategy[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
        return draw(st.lists(make, max_size=4))

    start, end = draw(_SPAN)
    return Employed(
        "1",
        Stretch(day(start), None if end is None else day(end)),
        [
            Stretch(day(a), None if b is None else day(b), sequence=n)
            for n, (a, b) in enumerate(some(_SPAN))
        ],
        [
            Place(day(a), None if b is None else day(b), department=draw(_UNITS))
            for a, b in some(_SPAN)
        ],
        [
            Work(day(a), None if b is None else day(b), hours=draw(st.sampled_from([20.0, 36.0])))
            for a, b in some(_SPAN)
        ],
    )


def _latest[S: Stretch](rows: list[S], on: date) -> S | None:
    found = [row for row in rows if row.start <= on and (row.end is None or on <= row.end)]
    return max(found, key=lambda row: (row.start, row.sequence), default=None)


@given(employments())
def test_every_day_says_what_the_tables_say(each: Employed) -> None:
    found = made(each)

    for on in map(day, range(-1, 40)):
        running = [one for one in found if one.covers(on)]
        contract = _latest(list(each.contracts), on) if each.contracts else each.stretch
        works = each.stretch.covers(on) and contract is not None and contract.covers(on)
        assert len(running) == int(works)
        for one in running:
            place, work = _latest(list(each.places), on), _latest(list(each.hours), on)
            assert one.department == (place.department if place else None)
            assert one.hours == (work.hours if work else 0.0)
            assert one.sequence == (contract.sequence if contract else 0)


@given(employments())
def test_assignments_are_as_long_as_they_can_be(each: Employed) -> None:
    found = made(each)

    assert len({one.key for one in found}) == len(found)
    for one, following in pairwise(found):
        assert one.end is not None
        if one.end + timedelta(days=1) == following.start:
            same = {"key": "", "start": FIRST, "end": None}
            assert one.model_copy(update=same) != following.model_copy(update=same)
