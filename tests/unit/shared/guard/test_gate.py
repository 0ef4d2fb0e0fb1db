"""Is an HR answer fit to decide on at all?"""

from __future__ import annotations

import pytest
from build import a_policy
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Unsafe
from shared.guard import gate
from shared.policy.document import Guard, Limit

LIMITS = Guard(block=Limit(count=10, share=0.05), shrink=0.1)


def test_an_answer_that_names_nobody_is_refused() -> None:
    with pytest.raises(Unsafe, match="named nobody"):
        gate.admit(source="afas", named=0, known=0, limits=LIMITS)


@pytest.mark.parametrize(("named", "known"), [(1, 0), (90, 100), (100, 100), (120, 100), (1, 2)])
def test_an_answer_that_lacks_few_is_admitted(named: int, known: int) -> None:
    gate.admit(source="afas", named=named, known=known, limits=LIMITS)


@pytest.mark.parametrize(("named", "known"), [(89, 100), (1, 3), (1, 100)])
def test_an_answer_that_lacks_many_is_refused_with_its_numbers(named: int, known: int) -> None:
    with pytest.raises(Unsafe, match=f"of the {known} people") as raised:
        gate.admit(source="afas", named=named, known=known, limits=LIMITS)

    assert raised.value.seen == known - named
    assert raised.value.limit < raised.value.seen


@given(st.integers(0, 500), st.none() | st.integers(0, 5000))
def test_a_mass_leave_is_more_than_a_day_may_bring(leavers: int, population: int | None) -> None:
    allowed = 10 if population is None else min(10, max(1, population // 20))

    assert gate.is_mass_leave(leavers, population, LIMITS) is (leavers > allowed)


def test_a_limit_of_none_lets_nobody_go() -> None:
    guard = a_policy("version: 1\norganisation: {name: P, mail_domain: p.example}\n").guard
    nobody = guard.model_copy(update={"block": Limit(count=0)})

    assert gate.is_mass_leave(1, 100, nobody)
