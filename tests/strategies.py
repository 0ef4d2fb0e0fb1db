"""Hypothesis strategies for the nouns of model/: odd but possible people, made up."""

from __future__ import annotations

from datetime import date, timedelta

from build import TODAY
from hypothesis import strategies as st

from shared.model.name import NameUsage, PersonName
from shared.model.person import Contract, Leave, Person, Record, Ties, Unit

_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
texts = st.text(_LETTERS, max_size=12)
words = st.text(_LETTERS, min_size=1, max_size=12)
numbers = st.from_regex(r"[1-9][0-9]{0,6}", fullmatch=True)
days = st.integers(-120, 120).map(lambda n: TODAY + timedelta(days=n))
codes = st.sampled_from(["ICT", "ICT-BEH", "ict-sd", "ZORG", "BV-FIN", ""])
units = st.none() | st.builds(Unit, code=codes, name=texts)

names = st.builds(
    PersonName,
    initials=st.sampled_from(["", "J.", "S.M."]),
    given=texts,
    nickname=texts,
    birth_prefix=st.sampled_from(["", "van", "de", "van der"]),
    birth=words,
    partner_prefix=st.sampled_from(["", "van", "'t"]),
    partner=texts,
    usage=st.sampled_from(NameUsage),
)


LEAVES = ("Ouderschapsverlof", "Onbetaald verlof", "Sabbatical")


@st.composite
def leaves(draw: st.DrawFn) -> Leave:
    """Away for a while, or until further notice."""
    start: date = draw(days)
    lasts = draw(st.none() | st.integers(0, 60))
    end = None if lasts is None else start + timedelta(days=lasts)
    return Leave(kind=draw(st.sampled_from(LEAVES)), start=start, end=end)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """One assignment; one that ends the day before it begins was withdrawn."""
    start: date = draw(days)
    lasts = draw(st.none() | st.integers(0, 90) | st.integers(-1, 90))
    return Contract(
        key=draw(numbers),
        start=start,
        end=None if lasts is None else start + timedelta(days=lasts),
        sequence=draw(st.integers(0, 3)),
        hours=draw(st.sampled_from([0.0, 8.0, 36.0])),
        department=draw(units),
        job=draw(units),
        manager=draw(st.none() | numbers),
        external=draw(st.booleans()),
        leaves=draw(st.just(()) | st.lists(leaves(), max_size=2).map(tuple)),
    )


many_contracts = st.lists(contracts(), max_size=4).map(tuple)


@st.composite
def records(draw: st.DrawFn, source: str = "afas") -> Record:
    """What one HR system says of one number."""
    return Record(
        source=source,
        number=draw(numbers),
        name=draw(names),
        contracts=draw(many_contracts),
        mobile=draw(st.none() | texts),
        died_on=draw(st.none() | st.none() | st.none() | days),
    )


people = st.builds(
    Person,
    records=st.lists(records(), min_size=1, max_size=2, unique_by=lambda r: r.key).map(tuple),
    missing=st.booleans(),
)
ties = st.builds(
    Ties,
    manager_account_id=st.none() | st.just("m"),
    manager_card_id=st.none() | st.just("mc"),
    is_manager=st.booleans(),
    login=st.none() | st.just("jan@proef.example"),
)
