"""Does a condition hold? Against a naive reading, and with the sentence that mends a wrong one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from build import NOW, POLICY, a_contract, a_person
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Misconfigured
from shared.model.person import Ties, Unit
from shared.policy.conditions import Condition, holds, lacks, parse
from shared.policy.departments import WITHIN, path
from shared.policy.desired import desired
from shared.policy.load import load

FIELDS = ["department.code", "job.code", "number"]
values = st.sampled_from(["ICT", "ict-sd", "ICT-BEH", "Zorg", "", "A[1]", "7"])
wanted = st.sampled_from(["ICT", "ICT*", "ict-??", "*", "A[1]", "[AB]*", "zorg", 7])
facts = st.fixed_dictionaries(dict.fromkeys(FIELDS, values))
leaves = st.dictionaries(
    st.sampled_from(FIELDS),
    wanted | st.lists(wanted, min_size=1, max_size=3),
    min_size=1,
    max_size=2,
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)


def naive(tree: dict[str, Any], known: dict[str, str]) -> bool:
    def one(key: str, value: Any) -> bool:
        match key:
            case "any":
                return any(naive(part, known) for part in value)
            case "all":
                return all(naive(part, known) for part in value)
            case "not":
                return not naive(value, known)
        many = value if isinstance(value, list) else [value]
        return any(_like(known[key], str(pattern)) for pattern in many)

    return all(one(key, value) for key, value in tree.items())


def parts_of(tree: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [part for key in ("any", "all") for part in tree.get(key, [])]
    inner += [tree["not"]] if "not" in tree else []
    return [tree, *(part for one in inner for part in parts_of(one))]


def _like(value: str, pattern: str) -> bool:
    letters = {"*": ".*", "?": "."}
    as_regex = "".join(letters.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(as_regex, value, re.IGNORECASE | re.DOTALL) is not None


@settings(max_examples=300)
@given(trees, facts)
def test_a_condition_holds_as_a_naive_reading_says(
    tree: dict[str, Any], known: dict[str, str]
) -> None:
    try:
        condition = parse(tree)
    except ValueError:
        assert not all(naive(part, known) for part in parts_of(tree)), "some part is impossible"
        return

    why = holds(condition, known)
    assert (why is not None) == naive(tree, known)
    assert why is None or why
    lacking = lacks(condition, known)
    assert (lacking is None) == (why is not None)
    assert lacking is None or lacking


def test_an_explanation_names_the_fact() -> None:
    condition = parse({"department.code": "ICT*", "not": {"job.code": ["1", "2"]}})
    known = {"department.code": "ICT-SD", "job.code": "3"}

    assert holds(condition, known) == "department.code = ICT-SD and not job.code = 1 or 2"
    assert holds(Condition(), known) == "everyone"


@pytest.mark.parametrize(
    ("tree", "lacking"),
    [
        ({"job.code": ["1", "2"]}, "job.code is 3, not 1 or 2"),
        ({"number": "7"}, "number is empty, not 7"),
        (
            {"not": {"department.code": "ICT*"}},
            "department.code = ICT-SD, which the rule leaves out",
        ),
        (
            {"any": [{"job.code": "1"}, {"department.code": "ZORG"}]},
            "job.code is 3, not 1; department.code is ICT-SD, not ZORG",
        ),
        ({"department.code": "ICT*", "job.code": "1"}, "job.code is 3, not 1"),
    ],
)
def test_what_is_lacking_names_the_fact_and_what_the_rule_asks(
    tree: dict[str, Any], lacking: str
) -> None:
    known = {"department.code": "ICT-SD", "job.code": "3", "number": ""}

    assert lacks(parse(tree), known) == lacking


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        ({"departmnt.code": "ICT"}, "did you mean 'department.code'"),
        ({"shoe_size": "44"}, "there is no field 'shoe_size'; known are"),
        ([{"department.code": "ICT"}], "a condition is a mapping"),
        (None, "a condition is a mapping"),
        ({"any": []}, "'any' takes a list of conditions"),
        ({"all": "ICT"}, "'all' takes a list of conditions"),
        ({"not": {}}, "'not' of everyone can match nobody"),
        ({"department.code": []}, "empty list of values"),
        ({"department.code": None}, "put quotes around codes"),
        ({"department.code": True}, "put quotes around codes"),
        ({"department.code": 1.5}, "put quotes around codes"),
        (
            {"all": [{"department.code": "A"}, {"department.code": "B"}]},
            "must equal two values at once",
        ),
        (
            {"all": [{"department.code": "A"}, {"not": {"department.code": "A"}}]},
            "a condition and its opposite",
        ),
        ({"any": [{"job.code": "1"}, {"not": {}}]}, "can match nobody"),
    ],
)
def test_a_wrong_condition_is_refused_with_its_mend(tree: object, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        parse(tree)


# --- the department tree -----------------------------------------------------------------------

TREE = {"ICT-BEH": "ICT", "ICT-SD": "ICT", "ICT": "BV"}


@pytest.mark.parametrize(
    ("code", "holds_for"),
    [
        ("ICT-BEH", {"ICT-BEH", "ICT", "BV", "B*"}),
        ("ICT", {"ICT", "BV", "B*"}),
        ("BV", {"BV", "B*"}),
        ("ZORG", set()),
        ("", set()),
    ],
)
def test_a_branch_of_the_tree_holds_for_all_below_it(code: str, holds_for: set[str]) -> None:
    known = {WITHIN: path(code, TREE)}
    patterns = ("ICT-BEH", "ICT", "BV", "B*")

    met = {one for one in patterns if holds(parse({WITHIN: one}), known)}

    assert met == holds_for


def test_the_reason_and_the_lack_show_the_way_up() -> None:
    known = {WITHIN: path("ICT-SD", TREE)}

    assert holds(parse({WITHIN: "bv"}), known) == f"{WITHIN} = ICT-SD < ICT < BV"
    assert lacks(parse({WITHIN: "ZORG"}), known) == f"{WITHIN} is ICT-SD < ICT < BV, not ZORG"


def test_a_department_above_itself_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"line \d+: departments: 'A' lies above itself"):
        load(POLICY + "departments: {A: B, B: C, C: A}\n")


def test_a_rule_reaches_a_whole_branch() -> None:
    policy = load(
        POLICY.replace("{department.code: ICT*}", "{department.within: BV}")
        + "departments: {ICT-BEH: ICT, ICT: BV}\n"
    )

    want = desired(a_person(), Ties(), policy, NOW)

    (why,) = want.entra.groups["ICT"]
    assert why.because == f"{WITHIN} = ICT-BEH < ICT < BV, contract 1042-1"
    assert want.topdesk.operator is not None


def test_what_hr_tells_of_the_tree_goes_before_the_policy() -> None:
    policy = load(
        POLICY.replace("{department.code: ICT*}", "{department.within: [BV, HR]}")
        + "departments: {ICT-BEH: BV}\n"
    )
    told = Unit(code="ICT-BEH", above=("ICT", "HR"))
    person = a_person(contracts=(a_contract(department=told),))

    (why,) = desired(person, Ties(), policy, NOW).entra.groups["ICT"]

    assert why.because.startswith(f"{WITHIN} = ICT-BEH < ICT < HR,")
