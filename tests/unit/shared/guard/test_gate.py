"""Is an HR answer fit to decide on at all?"""

from __future__ import annotations

import pytest
from build import a_policy
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Unsafe
from shared.guard import gate
from shared.policy.document import Guard, Limit

LIMITS = Guard(block=Limit(count=10, share=0.05), shrink=0.1, shrink_count=50, strangers=0.02)


def admit(*, named: int = 1, lacking: int = 0, known: int = 0) -> None:
    gate.admit(source="afas", named=named, lacking=lacking, known=known, limits=LIMITS)


def test_an_answer_that_names_nobody_is_refused() -> None:
    with pytest.raises(Unsafe, match="afas named nobody at all; nothing was changed"):
        admit(named=0)


@pytest.mark.parametrize(
    ("lacking", "known"), [(0, 0), (10, 100), (0, 100), (1, 2), (1, 1), (50, 500), (50, 10_000)]
)
def test_an_answer_that_lacks_few_is_admitted(lacking: int, known: int) -> None:
    admit(lacking=lacking, known=known)


@pytest.mark.parametrize(
    ("lacking", "known", "limit"), [(11, 100, 10), (2, 3, 1), (51, 500, 50), (51, 10_000, 50)]
)
def test_an_answer_that_lacks_many_is_refused_with_its_numbers(
    lacking: int, known: int, limit: int
) -> None:
    with pytest.raises(Unsafe) as raised:
        admit(lacking=lacking, known=known)

    assert str(raised.value) == (
        f"afas lacks {lacking} of the {known} people it named before; nothing was changed. Look "
        "whether its view, export or filter is whole. If they are really gone, raise guard.shrink "
        "and guard.shrink_count in the policy until the next full sync "
        f"(seen {lacking}, limit {limit})"
    )


def admit_employers(strangers: int, population: int, *codes: str) -> None:
    gate.admit_employers(
        source="afas",
        strangers=strangers,
        codes=codes,
        population=population,
        limits=LIMITS,
    )


@pytest.mark.parametrize(
    ("strangers", "population"), [(0, 0), (1, 3), (1, 99), (2, 100), (20, 1000)]
)
def test_few_people_of_a_new_employer_are_let_in(strangers: int, population: int) -> None:
    admit_employers(strangers, population, "07")


@pytest.mark.parametrize(("strangers", "population"), [(2, 3), (2, 99), (3, 100), (21, 1000)])
def test_many_people_of_new_employers_are_refused(strangers: int, population: int) -> None:
    limit = max(1, population // 50)

    with pytest.raises(Unsafe) as raised:
        admit_employers(strangers, population, "09", "07")

    assert str(raised.value) == (
        f"afas shows {strangers} people of employers that it never named before (07, 09); "
        "nothing was changed. Look whether this is another company's data. If the employers are "
        f"yours, add their codes to guard.employers in the policy (seen {strangers}, limit "
        f"{limit})"
    )


def test_only_some_of_many_codes_are_told() -> None:
    with pytest.raises(Unsafe, match=r"\(10, 11, 12, 13, 14 and 5 more\)"):
        admit_employers(10, 10, *map(str, range(10, 20)))


@given(st.integers(0, 500), st.none() | st.integers(0, 5000))
def test_a_mass_leave_is_more_than_a_day_may_bring(leavers: int, population: int | None) -> None:
    allowed = 10 if population is None else min(10, max(1, population // 20))

    assert gate.is_mass_leave(leavers, population, LIMITS) is (leavers > allowed)


def test_a_limit_of_none_lets_nobody_go() -> None:
    guard = a_policy("version: 1\norganisation: {name: P, mail_domain: p.example}\n").guard
    nobody = guard.model_copy(update={"block": Limit(count=0)})

    assert gate.is_mass_leave(1, 100, nobody)
