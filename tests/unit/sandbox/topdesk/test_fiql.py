from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.topdesk import fiql
from sandbox.topdesk.fiql import Both, Comparison, Either, Malformed

ROW: dict[str, Any] = {
    "surName": "Jansen",
    "employeeNumber": "100234",
    "archived": False,
    "hourlyRate": 12.5,
    "fax": "",
    "creationDate": "2026-09-01T06:00:12.000+0000",
    "groups": ["Servicedesk", "Facilitair"],
}


def matches(query: str, *, case: bool = False) -> bool:
    return fiql.matches(fiql.parse(query), ROW.__getitem__, case=case)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("employeeNumber==100234", True),
        ("employeeNumber=='100234'", True),
        ('employeeNumber=="100234"', True),
        ("employeeNumber != '*****'", True),
        ("employeeNumber!=100234", False),
        ("archived==false", True),
        ("archived==True", False),
        ("fax==null", True),
        ("surName!=null", True),
        ("surName=sw=jan", True),
        ("surName=sw=sen", False),
        ("surName=in=(Bakker,'Jansen')", True),
        ("surName=out=(Bakker,Jansen)", False),
        ("hourlyRate=gt=12", True),
        ("hourlyRate=ge=12.5", True),
        ("hourlyRate=lt=12", False),
        ("hourlyRate=le=12.5", True),
        ("creationDate=gt=2026-08-31T00:00:00Z", True),
        ("creationDate==2026-09-01T06:00:12Z", True),
        ("creationDate=lt=2026-09-01T06:00:12Z", False),
        ("surName=='*ansen'", False),
        ("hourlyRate==x", False),
        ("hourlyRate=gt=x", False),
        ("fax=gt=1", False),
        ("surName=gt=null", False),
        ("surName=gt=Hendriks", True),
        ("creationDate==today", False),
        ("creationDate=gt=Today", False),
        ("creationDate==2026-99-01T06:00:12Z", False),
        ("groups==facilitair", True),
        ("groups!=Facilitair", False),
    ],
)
def test_a_comparison_holds_or_not(query: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert matches(query) is expected


def test_and_binds_tighter_than_or() -> None:
    tree = fiql.parse("a==1,b==2;c==3")

    assert tree == Either(
        (
            Comparison("a", "==", ("1",)),
            Both((Comparison("b", "==", ("2",)), Comparison("c", "==", ("3",)))),
        )
    )


def test_brackets_group() -> None:
    tree = fiql.parse("(a==1,b==2);c==3")

    assert isinstance(tree, Both)
    assert isinstance(tree.parts[0], Either)


def test_the_case_of_text_can_be_made_to_matter() -> None:
    assert matches("surName==jansen")
    assert not matches("surName==jansen", case=True)


@pytest.mark.parametrize(
    "query",
    [
        "surName",
        "surName=jansen",
        "surName=lk=x",
        "surName==",
        "surName==O'Neil",
        "surName=='open",
        "surName==two words",
        "(surName==x",
        "surName==x;",
        "surName=in=x",
        "==x",
    ],
)
def test_what_is_no_query_is_refused(query: str) -> None:
    with pytest.raises(Malformed):
        fiql.parse(query)


@given(st.text(), st.sampled_from(["'", '"']))
def test_a_quoted_value_comes_back_as_it_was(value: str, quote: str) -> None:
    escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}")

    assert fiql.parse(f"a=={quote}{escaped}{quote}") == Comparison("a", "==", (value,))


COMPARISONS = st.builds(
    Comparison,
    st.sampled_from(["surName", "employeeNumber"]),
    st.sampled_from(["==", "!="]),
    st.tuples(st.sampled_from(["Jansen", "100234", "x"])),
)
NODES: st.SearchStrategy[fiql.Node] = st.recursive(
    COMPARISONS,
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([Both, Either]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=8,
)


def written(node: fiql.Node) -> str:
    if isinstance(node, Comparison):
        return f"{node.field}{node.operator}'{node.values[0]}'"
    sign = ";" if isinstance(node, Both) else ","
    return f"({sign.join(written(part) for part in node.parts)})"


@given(NODES)
def test_a_written_tree_is_read_back(node: fiql.Node) -> None:
    assert fiql.parse(written(node)) == node


@given(NODES)
def test_a_demanded_value_is_equal_in_every_match(node: fiql.Node) -> None:
    wanted = fiql.demanded(node, "surName")
    if wanted is not None:
        for name in ("Jansen", "100234", "x", "other"):
            row = {**ROW, "surName": name}
            assert name == wanted or not fiql.matches(node, row.__getitem__)
