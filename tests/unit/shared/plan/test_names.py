"""Which user names may a person get? Legal, all different, and always the same ones."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.plan.names import MAX_LOCAL_PART, candidates, local_part

LEGAL = re.compile(r"[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Zoë van der Meer - Łukasz", "zoe.van.der.meer-lukasz"),
        ("Sanne.van Dijk", "sanne.van.dijk"),
        ("Ünal Çelik-Şahin", "unal.celik-sahin"),
        ("'t Hart", "t.hart"),
        ("J.. Jansen", "j.jansen"),
        ("Straße Ørsted Æbel", "strasse.orsted.aebel"),
        ("ﬁets ①", "fiets.1"),
        ("  .-. ", ""),
        ("王伟", ""),
    ],
)
def test_a_name_becomes_its_plain_letters(text: str, part: str) -> None:
    assert local_part(text) == part


@given(st.text(max_size=120))
def test_whatever_the_name_the_local_part_is_legal(text: str) -> None:
    part = local_part(text)

    assert part == "" or LEGAL.fullmatch(part)
    assert ".." not in part
    assert len(part) <= MAX_LOCAL_PART
    assert local_part(part) == part, "stable"


@given(st.lists(st.text(max_size=80), max_size=4), st.from_regex(r"[0-9]{1,16}", fullmatch=True))
def test_candidates_are_legal_different_and_the_same_each_time(
    filled: list[str], number: str
) -> None:
    first = list(islice(candidates(filled, "proef.example", otherwise=number), 60))

    assert first == list(islice(candidates(filled, "proef.example", otherwise=number), 60))
    assert len(set(first)) == len(first) > 1
    for name in first:
        part, at, domain = name.partition("@")
        assert LEGAL.fullmatch(part)
        assert (at, domain) == ("@", "proef.example")


def test_the_first_pattern_is_numbered_when_all_are_taken() -> None:
    names = candidates(["Jan Bos", "J. Bos"], "p.example", otherwise="7")

    assert list(islice(names, 4)) == [
        "jan.bos@p.example",
        "j.bos@p.example",
        "jan.bos2@p.example",
        "jan.bos3@p.example",
    ]


def test_a_name_without_a_legal_letter_becomes_the_number() -> None:
    assert next(candidates(["王伟", ""], "p.example", otherwise="1042")) == "1042@p.example"


def test_a_number_never_makes_a_name_too_long() -> None:
    long = "a" * 100

    assert all(
        len(name.partition("@")[0]) <= MAX_LOCAL_PART
        for name in candidates([long], "p.example", otherwise="1")
    )
