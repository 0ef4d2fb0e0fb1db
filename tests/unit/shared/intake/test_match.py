"""Which two records are one human, which may be, and which are not?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from build import a_name, a_record
from hypothesis import given
from hypothesis import strategies as st
from strategies import names, numbers

from shared.intake.match import match, traits
from shared.model.name import PersonName
from shared.model.person import Record
from shared.model.traits import Alike, Likeness
from shared.policy.sources import Sources

BORN = date(1991, 5, 17)
DEFAULT = Sources().alternatives


def a_human(number: str = "1", **changes: Any) -> Record:
    return a_record(number, **{"birth_date": BORN, **changes})


def in_csv(**changes: Any) -> Record:
    return a_human("881", source="csv", **changes)


def likeness(
    one: Record, other: Record, alternatives: tuple[tuple[str, ...], ...] = DEFAULT
) -> Likeness:
    return match(traits(one), traits(other), alternatives)


SANNE = a_human()
CERTAIN = {
    "the same": in_csv(),
    "less of the name": in_csv(name=a_name(initials="S.", given="", nickname="Sanne")),
    "no first name at all": in_csv(name=a_name(initials="", given="", nickname="")),
    "initials for a given name": in_csv(name=a_name(initials="", given="S.M.", nickname="")),
    "initials without dots": in_csv(name=a_name(initials="SM", given="", nickname="")),
    "upper case": in_csv(name=a_name(birth="DIJK", given="SUSANNA")),
    "the prefix in the name": in_csv(name=a_name(birth_prefix="", birth="van Dijk")),
    "the prefix behind the name": in_csv(name=a_name(birth_prefix="", birth="Dijk, van")),
    "without the prefix": in_csv(name=a_name(birth_prefix="")),
    "another prefix": in_csv(name=a_name(birth_prefix="van den")),
    "an accent": in_csv(name=a_name(birth="D\u00efjk", nickname="S\u00e1nne")),
    "all given names": in_csv(name=a_name(given="Susanna Maria")),
    "a partner's name beside it": in_csv(name=a_name(partner="Boer")),
}
DOUBTFUL = {
    "a twin": in_csv(name=a_name(initials="J.", given="Johanna", nickname="Joke")),
    "a twin with the same initials": in_csv(name=a_name(given="Sofia Maria", nickname="Sofie")),
    "other initials": in_csv(name=a_name(initials="S.W.")),
    "the partner's name in use": in_csv(name=a_name(birth_prefix="de", birth="Boer")),
    "a typing error": in_csv(name=a_name(birth="Dyck")),
}
DIFFERENT = {
    "another name": in_csv(name=a_name(birth="Jansen")),
    "another birth name and first name": in_csv(
        name=a_name(birth="Dyck", given="Joke", nickname="")
    ),
    "no birth date": in_csv(birth_date=None),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_one_human_is_certain_in_spite_of_how_it_is_written(name: str) -> None:
    assert likeness(SANNE, CERTAIN[name]).alike == Alike.CERTAIN


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_may_be_one_human_is_doubtful(name: str) -> None:
    one = a_human(name=a_name(partner_prefix="de", partner="Boer"))

    assert likeness(one, DOUBTFUL[name]).alike == Alike.DOUBTFUL


@pytest.mark.parametrize("name", DIFFERENT)
def test_chance_is_no_match(name: str) -> None:
    assert likeness(SANNE, DIFFERENT[name]).alike == Alike.DIFFERENT


def test_a_corrected_birth_name_is_doubtful_when_two_given_names_agree() -> None:
    before = a_human(name=a_name(given="Susanna Maria"))
    after = in_csv(name=a_name(given="Susanna Maria", birth="Jansen"))

    assert likeness(before, after).alike == Alike.DOUBTFUL


def test_another_birth_date_is_another_human() -> None:
    said = likeness(SANNE, in_csv(birth_date=date(1991, 5, 18)))

    assert said.alike == Alike.NEVER
    assert said.contradict == ("birth_date",)


def test_a_birth_date_that_stands_for_unknown_is_none() -> None:
    placeholder = date(1900, 1, 1)

    said = likeness(a_human(birth_date=placeholder), in_csv(birth_date=placeholder))

    assert said.alike == Alike.DIFFERENT


def test_the_key_of_one_source_is_certain_whatever_the_name() -> None:
    married = a_human("2", human_key="551", name=a_name(birth="Boer", nickname="Suus"))

    assert likeness(a_human(human_key="551"), married).alike == Alike.CERTAIN


def test_two_keys_of_one_source_are_never_one_human() -> None:
    assert likeness(a_human(human_key="551"), a_human("2", human_key="552")).alike == Alike.NEVER


def test_the_keys_of_two_sources_have_nothing_to_do_with_each_other() -> None:
    one, other = a_human(human_key="551"), in_csv(human_key="552")
    stranger = in_csv(human_key="551", birth_date=date(1980, 1, 1))

    assert likeness(one, other).alike == Alike.CERTAIN
    assert likeness(one, stranger).alike == Alike.NEVER


def test_one_key_with_two_birth_dates_is_for_a_human_to_say() -> None:
    other = a_human("2", human_key="551", birth_date=date(1990, 1, 1))

    assert likeness(a_human(human_key="551"), other).alike == Alike.DOUBTFUL


def test_the_policy_may_ask_for_more() -> None:
    nickname_only = in_csv(name=a_name(initials="", given="", nickname=""))
    strict = (("birth_date", "birth_name", "given"),)

    assert likeness(SANNE, in_csv(), strict).alike == Alike.CERTAIN
    assert likeness(SANNE, nickname_only, strict).alike == Alike.DOUBTFUL


def test_a_policy_of_keys_alone_asks_nothing_about_twins() -> None:
    assert likeness(SANNE, in_csv(), (("human_key",),)).alike == Alike.DIFFERENT


def test_it_says_which_fields_and_never_what_they_hold() -> None:
    said = likeness(SANNE, DOUBTFUL["a twin"])

    assert said.agree == ("birth_date", "birth_name")
    assert said.contradict == ("given", "initials")
    assert "Dijk" not in traits(SANNE).model_dump_json()
    assert "1991" not in traits(SANNE).model_dump_json()


born = st.sampled_from([None, BORN, date(1991, 5, 18), date(1900, 1, 1)])
alternatives = st.sampled_from(
    [DEFAULT, (("human_key",),), (("birth_date", "given"),), (("human_key", "birth_name"),)]
)


@st.composite
def humans(draw: st.DrawFn) -> Record:
    few = st.builds(
        PersonName,
        initials=st.sampled_from(["", "J.", "S.M.", "SM"]),
        given=st.sampled_from(["", "Jan", "Jan Piet", "J.P."]),
        nickname=st.sampled_from(["", "Jan", "Piet"]),
        birth=st.sampled_from(["Dijk", "van Dijk", "Dyk", "Boer", "-"]),
        partner=st.sampled_from(["", "Boer"]),
    )
    return Record(
        source=draw(st.sampled_from(["afas", "csv"])),
        number=draw(numbers),
        human_key=draw(st.sampled_from([None, "1", "2"])),
        name=draw(few | names),
        birth_date=draw(born),
    )


@given(humans(), humans(), alternatives)
def test_it_makes_no_difference_who_is_asked_first(
    one: Record, other: Record, by: tuple[tuple[str, ...], ...]
) -> None:
    assert likeness(one, other, by) == likeness(other, one, by)


@given(humans(), humans(), alternatives)
def test_two_birth_dates_are_never_certainly_one_human(
    one: Record, other: Record, by: tuple[tuple[str, ...], ...]
) -> None:
    known = traits(one).born and traits(other).born
    if known and one.birth_date != other.birth_date:
        assert likeness(one, other, by).alike in (Alike.NEVER, Alike.DOUBTFUL)


@given(humans(), humans(), alternatives)
def test_what_is_certain_or_doubtful_shares_a_key_of_the_index(
    one: Record, other: Record, by: tuple[tuple[str, ...], ...]
) -> None:
    mine, theirs = traits(one), traits(other)
    if match(mine, theirs, by).alike in (Alike.CERTAIN, Alike.DOUBTFUL):
        same_day = mine.born == theirs.born != ""
        assert (mine.human and mine.human == theirs.human) or (
            same_day and (mine.birth == theirs.birth != "" or mine.firsts & theirs.firsts)
        )
