"""Is this text a policy? If not, a person reads which line is wrong and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Misconfigured
from shared.model.change import Harm
from shared.policy.load import MAX_CHARACTERS, load, policy_hash

ROOT = Path(__file__).parents[4]
GOOD = """\
version: 1
organisation:
  name: Proef
  mail_domain: proef.example
entra:
  attributes:
    department: "{department.name}"
  groups:
    - group: ICT
      when: {department.code: ICT*}
guard:
  block: {count: 3}
"""


def with_line(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


REFUSED = {
    "empty": ("", 1, "is empty or no mapping. Start from the example policy.yaml"),
    "only a remark": ("# later\n", 1, "is empty or no mapping"),
    "a list": ("- version: 1\n", 1, "is empty or no mapping"),
    "bad YAML": (with_line("  name: Proef", "  name: [Proef"), 4, "Check indentation and quotes"),
    "a tab": (with_line("  name: Proef", "\tname: Proef"), 3, "bad YAML"),
    "two documents": (GOOD + "---\nversion: 1\n", 13, "bad YAML"),
    "too long": (GOOD + "#" * MAX_CHARACTERS, 1, "is longer than 300000 characters. Split"),
    "nested too deep": ("a: " + "[" * 2000 + "]" * 2000, 1, "nested too deep"),
    "not UTF-8 text": ("version: \x00", 1, "Save the file as UTF-8 text"),
    "half a character": (with_line("Proef", '"\\ud800"'), 1, "half a character"),
    "a doubled key": (GOOD + "version: 1\n", 13, "'version' stands here twice. Keep one of them"),
    "a doubled key inside": (
        with_line("  name: Proef", "  name: A\n  name: B"),
        4,
        "'name' stands here twice",
    ),
    "a key that is a list": (GOOD + "? [a, b]\n: c\n", 13, "a key is a list or a mapping"),
    "an alias": (GOOD + "x: &x [1]\ny: *x\n", 14, "an alias (*) is not read here. Write it out"),
    "a tag": ("version: !!int abc\n", 1, "Leave out the !! tag"),
    "a tag of Python": ("version: !!python/name:os.system ''\n", 1, "bad YAML"),
    "an unknown key": (GOOD + "grups: []\n", 13, "unknown key 'grups'"),
    "an unknown key inside": (
        with_line("block: {count: 3}", "block: {cuont: 3}"),
        12,
        "unknown key 'guard.block.cuont'; did you mean 'count'?",
    ),
    "a missing key": (with_line("  mail_domain: proef.example\n", ""), 2, "is missing"),
    "an unknown field": (
        with_line("{department.name}", "{departmnt.name}"),
        7,
        "there is no field 'departmnt.name'; did you mean 'department.name'?",
    ),
    "a broken template": (with_line("{department.name}", "{department"), 7, "broken template"),
    "a format": (with_line("{department.name}", "{number:>9}"), 7, "takes no format"),
    "an unknown field in a rule": (
        with_line("department.code: ICT*", "afdeling: ICT"),
        10,
        "there is no field 'afdeling'",
    ),
    "an impossible rule": (
        with_line("{department.code: ICT*}", "{all: [{job.code: '1'}, {job.code: '2'}]}"),
        10,
        "it can match nobody",
    ),
    "a rule for a list": (with_line("{department.code: ICT*}", "[ICT]"), 10, "is a mapping, like"),
    "a wrong type": (with_line("count: 3", "count: many"), 12, "guard.block.count"),
    "a number below zero": (with_line("count: 3", "count: -1"), 12, "greater than or equal to 0"),
    "another version": (with_line("version: 1", "version: 2"), 1, "version"),
    "no mail domain": (with_line("proef.example", "-.example"), 4, "organisation.mail_domain"),
    "no zone": (
        with_line("  name: Proef", "  name: Proef\n  zone: Nederland"),
        4,
        "'Nederland' is no time zone; write one like Europe/Amsterdam",
    ),
    "a group without a name": (with_line("group: ICT\n", "group: ''\n"), 9, "groups.0.group"),
    "what Instroom sets itself": (
        with_line("    department:", "    accountEnabled:"),
        5,
        "'accountEnabled' is set by Instroom itself",
    ),
    "a number for everybody": (
        GOOD + "employee_id: {afas: '1'}\n",
        13,
        "must hold {number}, or two people would get one employeeId",
    ),
    "no room for a number": (
        GOOD + "employee_id: {afas: 'PERSONEELSNUMMER{number}'}\n",
        13,
        "leaves no room for a number within 16 characters",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_policy_is_refused_with_its_line_and_its_mend(name: str) -> None:
    text, line, says = REFUSED[name]

    with pytest.raises(Misconfigured) as raised:
        load(text, name="proef.yaml")

    message = str(raised.value)
    assert message.startswith("proef.yaml")
    assert f"line {line}" in message
    assert says in message
    assert raised.value.mend


def test_every_mistake_is_told_at_once() -> None:
    text = with_line("count: 3", "count: -1").replace("{department.name}", "{nobody}")

    with pytest.raises(Misconfigured, match=r"line 7: .*line 12: ") as raised:
        load(text)

    assert "the last good policy is used" in raised.value.mend


def test_codes_and_words_stay_the_text_they_are() -> None:
    """`0145` is no octal number, and Norway no lie."""
    text = with_line("{department.code: ICT*}", "{job.code: [0145, 1_000, 12:30, 2026-11-30]}")
    text = text.replace('"{department.name}"', "NO")

    policy = load(text)
    assert policy.entra.groups[0].when.values == ("0145", "1_000", "12:30", "2026-11-30")
    assert policy.entra.attributes["department"][0].value == "NO"


def test_the_policy_of_the_example_organisation_loads() -> None:
    policy = load((ROOT / "policy.yaml").read_text(encoding="utf-8"))

    assert policy.organisation.name
    assert policy.entra.groups
    assert policy.topdesk.operators


@given(st.text(max_size=200))
def test_whatever_the_text_it_is_a_policy_or_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        load(text)


@given(
    st.integers(0, len(GOOD)), st.integers(0, 40), st.text("{}[]:*&!-\"'#\n x1~?|>", max_size=4)
)
def test_a_damaged_policy_loads_or_is_refused(at: int, length: int, instead: str) -> None:
    damaged = GOOD[:at] + instead + GOOD[at + length :]

    try:
        load(damaged)
    except Misconfigured as refused:
        assert "line" in str(refused)  # noqa: PT017 - either is right


def test_the_same_text_has_the_same_hash() -> None:
    assert policy_hash(GOOD) == policy_hash(GOOD) != policy_hash(GOOD + " ")


@pytest.mark.parametrize(
    ("kind", "count", "population"),
    [("right", 25, 100), ("rename", 10, 100), ("joiner", 50, 100), ("block", 10, 0)],
)
def test_a_limit_that_is_written_in_part_keeps_its_own_kinds_defaults(
    kind: str, count: int, population: int
) -> None:
    text = GOOD.replace("block: {count: 3}", f"{kind}: {{share: 0.5}}")

    limit = load(text).guard.limit(Harm(kind))

    assert (limit.count, limit.share, limit.minimum_population) == (count, 0.5, population)
