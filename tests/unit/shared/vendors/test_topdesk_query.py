from __future__ import annotations

import pytest

from shared.vendors.topdesk.query import either, equals


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1042", "employeeNumber=='1042'"),
        ("O'Brien", r"employeeNumber=='O\'Brien'"),
        ("a\\b", r"employeeNumber=='a\\b'"),
        ("1;archived==true", "employeeNumber=='1;archived==true'"),
    ],
)
def test_a_value_stays_one_value(value: str, written: str) -> None:
    assert equals("employeeNumber", value) == written


@pytest.mark.parametrize("value", ["", "  ", "*****", "10*"])
def test_a_value_that_means_many_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="employeeNumber cannot be sought"):
        equals("employeeNumber", value)


def test_either_joins_with_or_in_brackets() -> None:
    assert either("a=='1'", "b=='2'") == "(a=='1',b=='2')"
