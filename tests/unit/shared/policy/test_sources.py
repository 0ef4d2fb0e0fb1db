"""The policy says how an export is written, and a mistake in that is refused with its line."""

from __future__ import annotations

import pytest

from shared.errors import Misconfigured
from shared.policy.load import load
from shared.policy.sources import strptime_format

HEAD = "version: 1\norganisation: {name: Proef, mail_domain: proef.example}\nsources:\n  csv:\n"
COLUMNS = "    columns: {number: Nr, name.birth: Naam, contract.start: Vanaf}\n"


def test_policy_describes_an_export() -> None:
    policy = load(f"{HEAD}{COLUMNS}    delimiter: ','\n    name_usage: {{'1': P}}\n")

    assert policy.sources.csv is not None
    assert policy.sources.csv.columns["number"] == "Nr"
    assert policy.sources.csv.delimiter == ","


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("    columns: {number: Nr, name.birth: Naam}\n", "no column is named for contract.start"),
        (f"{COLUMNS[:-2]}, name.brith: X}}\n", "did you mean 'name.birth'?"),
        (f"{COLUMNS[:-2]}, phone: ' '}}\n", "'phone' names no column"),
        (f"{COLUMNS}    delimiter: '||'\n", "is one character between two cells"),
        (f"{COLUMNS}    encoding: ebcdic\n", "'utf-8'"),
        (f"{COLUMNS}    dates: dd-mm-yy\n", "yyyy, mm and dd, each once"),
        (f"{COLUMNS}    dates: dd-mm-yyyyTHH\n", "holds more than yyyy, mm, dd"),
        (f"{COLUMNS}    name_usage: {{'1': X}}\n", "name_usage"),
        (f"{COLUMNS}    seperator: ;\n", "unknown key 'sources.csv.seperator'"),
        ("    delimiter: ;\n", "'sources.csv.columns' is missing"),
    ],
)
def test_mistake_in_the_description_is_told(lines: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=r"line [456]") as refused:
        load(HEAD + lines)

    assert told in str(refused.value)


def test_dates_are_written_as_people_write_them() -> None:
    assert strptime_format("dd-mm-yyyy") == "%d-%m-%Y"
    assert strptime_format("yyyymmdd") == "%Y%m%d"


AFAS = HEAD.replace("  csv:", "  afas:") + "    fields:\n"


def test_policy_describes_a_view_of_afas() -> None:
    own = load(
        f"{AFAS}      Mijn_personen: {{name.birth: Achternaam, phone: null}}\n"
    ).sources.afas

    assert own.fields == {"Mijn_personen": {"name.birth": "Achternaam", "phone": None}}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("V: {name.brith: X}", "did you mean 'name.birth'?"),
        ("V: {number: null}", "'number' is needed: name the view's field for it"),
        ("V: {phone: ''}", "'phone' names no field id; write null when the view has none"),
        ("V: {phone: 'A,B'}", "'phone' names no field id"),
    ],
)
def test_mistake_in_a_view_is_told(line: str, told: str) -> None:
    with pytest.raises(Misconfigured, match="line 6") as refused:
        load(f"{AFAS}      {line}\n")

    assert told in str(refused.value)
