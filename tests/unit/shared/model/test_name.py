"""How is somebody called? A table of people, and rules that hold for any text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.name import NameUsage, PersonName
from shared.plan.names import candidates
from shared.policy.document import Names
from shared.policy.fields import fill

TABLE = Path(__file__).with_name("name_cases.txt")
PARTS = (
    "initials",
    "given",
    "nickname",
    "birth_prefix",
    "birth",
    "partner_prefix",
    "partner",
    "usage",
)
any_text = st.text(st.characters(), max_size=30)


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    why: str
    name: PersonName
    display: str
    sort: str
    formal: str
    user_name: str


def _case(line: str) -> Case:
    why, *cells = (cell.strip() for cell in line.split("|"))
    plain = [cell.encode("raw_unicode_escape").decode("unicode_escape") for cell in cells]
    return Case(why, PersonName(**dict(zip(PARTS, plain, strict=False))), *plain[len(PARTS) :])


CASES = [
    _case(line)
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 150
    assert len({case.why for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_everybody_is_called_as_the_table_says(case: Case) -> None:
    name = case.name
    facts = {
        "name.first": name.first,
        "name.surname": name.surname,
        "name.initials": name.initials,
    }
    filled = [fill(pattern, facts) or "" for pattern in Names().user_name]
    first = next(candidates(filled, "p.example", otherwise="1042"))

    assert (name.display, name.sort, name.formal) == (case.display, case.sort, case.formal)
    assert first == f"{case.user_name}@p.example"


@pytest.mark.parametrize(
    ("written", "initials"),
    [
        ("SM", "S.M."),
        ("S M", "S.M."),
        ("s.m", "S.M."),
        ("Th.M.", "Th.M."),
        ("ThM", "Th.M."),
        ("IJ", "IJ."),
        ("IJM", "IJ.M."),
        ("J-P", "J.-P."),
        ("Ç.Ş", "Ç.Ş."),
        ("", ""),
    ],
)
def test_initials_are_written_with_dots(written: str, initials: str) -> None:
    assert PersonName(initials=written, birth="Bos").formal_initials == initials


@given(
    st.lists(any_text, min_size=7, max_size=7),
    st.sampled_from(NameUsage),
)
def test_no_name_is_written_with_dirt(parts: list[str], usage: NameUsage) -> None:
    name = PersonName(**dict(zip(PARTS, parts, strict=False)), usage=usage)

    for text in (name.display, name.sort, name.formal, name.formal_sort, name.surname):
        assert text == " ".join(text.split())
        assert not {unicodedata.category(c) for c in text} & {"Cc", "Cs", "Cn", "Co"}


@given(st.lists(any_text, min_size=7, max_size=7))
def test_a_cleaned_name_stays_as_it_is(parts: list[str]) -> None:
    name = PersonName(**dict(zip(PARTS, parts, strict=False)))

    assert PersonName(**name.model_dump()) == name
    assert all(unicodedata.is_normalized("NFC", part) for part in (name.given, name.birth))
