"""Which user names may a person get? Legal, all different, and always the same ones.

What becomes of whole names, in every script, is in the table beside model/test_name.py.
"""

from __future__ import annotations

import re
from itertools import islice

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.plan.names import (
    MAX_LOCAL_PART,
    MAX_NAME,
    NAMELESS,
    RESERVED,
    candidates,
    is_candidate,
    local_part,
)

GRAPH_TAKES = re.compile(r"[A-Za-z0-9'.\-_!#^~]{1,64}")
"""Graph, "Create User": what may stand before the @."""
NICKNAME_TAKES = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Narrower than any list of what mailNickname refuses: @ () \\ [] " ; : <> , blanks, accents."""
any_text = st.text(st.characters(), max_size=120)
domains = st.integers(1, 38).map(lambda n: f"{'d' * n}.example.nl")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Zoë van der Meer - Łukasz", "zoe.van.der.meer-lukasz"),
        ("Sanne.van Dijk", "sanne.van.dijk"),
        ("Sanne_van Dijk", "sanne_van.dijk"),
        ("J.. Jansen", "j.jansen"),
        ("._-Jan-_.Bos", "jan-bos"),
        ("ﬁets ①", "fiets.1"),
        ("  .-. ", ""),
        ("王伟", "wangwei"),
        ("😀", ""),
    ],
)
def test_a_name_becomes_its_plain_letters(text: str, part: str) -> None:
    assert local_part(text) == part


@given(st.lists(any_text, max_size=3), any_text, domains)
@example([], "", "p.example")
@example(["Admin"], "root", "p.example")
def test_whatever_the_name_graph_takes_every_candidate(
    filled: list[str], number: str, domain: str
) -> None:
    names = list(candidates(filled, domain, otherwise=number))

    assert names == list(candidates(filled, domain, otherwise=number))
    assert len({name.casefold() for name in names}) == len(names) > 900
    for name in names:
        part, _, behind = name.partition("@")
        assert GRAPH_TAKES.fullmatch(part)
        assert NICKNAME_TAKES.fullmatch(part)
        assert len(name) <= MAX_NAME
        assert behind == domain
        assert ".." not in part
        assert part[0] not in "._-"
        assert part[-1] not in "._-"
        assert part not in RESERVED


@given(st.lists(any_text, max_size=3), any_text, domains, st.data())
def test_a_candidate_is_known_as_one(
    filled: list[str], number: str, domain: str, data: st.DataObject
) -> None:
    names = list(candidates(filled, domain, otherwise=number))
    name = data.draw(st.sampled_from(names))

    assert is_candidate(name.upper(), filled, domain, otherwise=number)
    assert not is_candidate(name, filled, f"x.{domain}", otherwise=number)


@given(
    st.lists(st.text("ab1.-", min_size=1, max_size=4), min_size=1, max_size=2),
    st.text("ab1209.-", min_size=1, max_size=7),
)
def test_what_is_no_candidate_is_not_taken_for_one(filled: list[str], other: str) -> None:
    name = f"{other}@p.example"
    assume(name not in candidates(filled, "p.example", otherwise="7"))

    assert not is_candidate(name, filled, "p.example", otherwise="7")


def test_the_first_pattern_is_numbered_when_all_are_taken() -> None:
    names = candidates(["Jan Bos", "J. Bos"], "p.example", otherwise="7")

    assert list(islice(names, 4)) == [
        "jan.bos@p.example",
        "j.bos@p.example",
        "jan.bos2@p.example",
        "jan.bos3@p.example",
    ]


@pytest.mark.parametrize(("number", "part"), [("1042", "1042"), ("E-7/1", "e-7-1")])
def test_a_name_without_a_legal_letter_becomes_the_number(number: str, part: str) -> None:
    assert next(candidates(["😀", ""], "p.example", otherwise=number)) == f"{part}@p.example"


def test_neither_name_nor_number_still_gives_a_name() -> None:
    assert next(candidates(["-"], "p.example", otherwise="--")) == f"{NAMELESS}@p.example"


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_an_address_of_the_organisation_is_nobodys(name: str) -> None:
    assert next(candidates([name], "p.example", otherwise="7")) == f"{name}2@p.example"
    assert not is_candidate(f"{name}@p.example", [name], "p.example", otherwise="7")


def test_a_number_never_makes_a_name_too_long() -> None:
    names = list(islice(candidates(["a" * 100], "p.example", otherwise="1"), 200))

    assert {len(name.partition("@")[0]) for name in names} == {MAX_LOCAL_PART}


def test_a_cut_never_ends_with_a_dot() -> None:
    assert local_part(f"{'a' * 63} bos") == "a" * 63
