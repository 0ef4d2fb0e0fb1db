from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vendors.topdesk.fields import (
    CUT,
    LIMITS,
    OPERATOR_FIELDS,
    REMOVED,
    Value,
    fit,
    same,
    too_long,
)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("firstInitials", "A.B.C.D.E.F.", "A.B.C.D.E."),
        ("prefixes", "van der en van", "van der en"),
        ("surName", " Boer ", "Boer"),
        ("surName", "x" * 60, "x" * 60),
        ("email", "  ", None),
        ("isCaller", False, False),
        ("email", None, None),
    ],
)
def test_a_value_is_fitted_to_its_field(field: str, value: Value, expected: Value) -> None:
    assert fit(field, value) == expected


def test_too_long_knows_the_limit_and_leaves_unlimited_fields() -> None:
    assert too_long("surName", "x" * 51)
    assert not too_long("surName", "x" * 50)
    assert not too_long("optionalFields1.text1", "x" * 900)
    assert not too_long("surName", None)


@given(st.sampled_from(sorted(LIMITS)), st.text(max_size=120))
def test_fitting_twice_is_fitting_once(field: str, value: str) -> None:
    once = fit(field, value)

    assert fit(field, once) == once
    assert field not in CUT or not too_long(field, once)


@pytest.mark.parametrize(("has", "equal"), [(None, False), (True, False), (False, True)])
def test_a_switch_that_is_off_is_only_off(has: Value, equal: bool) -> None:  # noqa: FBT001 - parametrised
    assert same("isCaller", has, other=False) is equal


def test_empty_and_absent_are_the_same_and_case_seldom_matters() -> None:
    assert same("email", "", None)
    assert same("loginName", "A@B.NL", "a@b.nl")
    assert not same("surName", "a", "A")


def test_what_a_removal_empties_has_a_limit_and_so_do_operator_fields() -> None:
    """A field that is spelled wrong in one table would be in no other."""
    assert set(REMOVED) <= set(LIMITS)
    texts = {"surName", "firstName", "firstInitials", "prefixes", "phoneNumber", "tasLoginName"}
    assert texts <= set(OPERATOR_FIELDS)
    assert {OPERATOR_FIELDS[field] for field in texts} <= set(LIMITS)
