"""Several values of which the first that holds is somebody's: picked, explained, refused."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from build import NOW, POLICY, a_contract, a_person, a_policy
from hypothesis import given, settings
from pydantic import TypeAdapter, ValidationError
from strategies import people, ties

from shared.errors import Misconfigured
from shared.model.desired import Reason, Wanted
from shared.model.person import Person, Ties, Unit
from shared.policy.choices import Choice, Choices, Total, pick
from shared.policy.desired import desired
from shared.policy.load import load

CHOICES = POLICY.replace(
    '    jobTitle: "{job.name}"',
    """\
    companyName:
      - when: {employer.code: "2"}
        value: Vestiging Zuid
      - when: {department.code: ZORG}
        value: ""
      - value: "{employer.name}"
    officeLocation:
      - {when: {employer.code: "2"}, value: Eindhoven}""",
).replace(
    '    tasLoginName: "{account.login}"',
    """\
    tasLoginName:
      - {when: {employer.code: "2"}, value: "{account.login}"}
      - value: "{number}"
    showBudgetholder:
      - {when: {job.code: "0001"}, value: true}
      - value: false""",
)
RULES = a_policy(CHOICES)
ELSEWHERE = Unit(code="2", name="Zuid BV")


def wanted(person: Person, login: str | None = "sanne@proef.example") -> dict[str, Wanted]:
    want = desired(person, Ties(login=login), RULES, NOW)
    return {**want.entra.attributes, **want.topdesk.card}


def works_for(employer: Unit, department: str = "ICT") -> Person:
    contract = a_contract(employer=employer, department=Unit(code=department))
    return a_person(contracts=(contract,))


def test_the_first_choice_that_holds_wins_and_says_why() -> None:
    assert wanted(works_for(ELSEWHERE, "ZORG"))["companyName"] == Wanted(
        value="Vestiging Zuid",
        reason=Reason(rule="entra.attributes.companyName[0]", because="employer.code = 2"),
    )


def test_the_last_choice_is_for_everyone_else() -> None:
    assert wanted(works_for(Unit(code="1", name="Noord")))["companyName"] == Wanted(
        value="Noord",
        reason=Reason(
            rule="entra.attributes.companyName[2]",
            because="no choice before it holds; HR's employer.name",
        ),
    )


def test_a_choice_that_holds_with_nothing_in_it_empties_the_field() -> None:
    """The ones behind it are not tried: the first that holds wins."""
    assert wanted(works_for(Unit(code="1", name="Noord"), "ZORG"))["companyName"].value is None


def test_a_field_of_which_no_choice_holds_is_emptied() -> None:
    assert wanted(works_for(Unit(code="1")))["officeLocation"] == Wanted(
        value=None,
        reason=Reason(rule="entra.attributes.officeLocation", because="none of its choices holds"),
    )


def test_a_plain_value_is_explained_as_before() -> None:
    assert wanted(works_for(ELSEWHERE))["displayName"].reason == Reason(
        rule="entra.attributes.displayName", because="HR's name.display"
    )


def test_only_the_choice_that_holds_waits_for_the_account() -> None:
    waiting = desired(works_for(ELSEWHERE), Ties(), RULES, NOW).topdesk
    at_once = desired(works_for(Unit(code="1")), Ties(), RULES, NOW).topdesk

    assert (waiting.waits_for_account, "tasLoginName" in waiting.card) == (True, False)
    assert (at_once.waits_for_account, at_once.card["tasLoginName"].value) == (False, "1042")


def test_true_and_false_can_be_chosen_on_a_card() -> None:
    head = a_contract(job=Unit(code="0001"))

    assert wanted(a_person(contracts=(head,)))["showBudgetholder"].value is True
    assert wanted(a_person())["showBudgetholder"].value is False


LISTED = a_policy(POLICY.replace('"{job.name}"', '[{value: "{job.name}"}]'))
PLAIN = a_policy()


@settings(deadline=None)
@given(people, ties)
def test_one_choice_for_everyone_is_the_plain_value(person: Person, known: Ties) -> None:
    assert desired(person, known, LISTED, NOW) == desired(person, known, PLAIN, NOW)


REFUSED: dict[str, tuple[Sequence[object], str]] = {
    "a choice for everyone that is not the last": (
        [{"value": "A"}, {"when": {"job.code": "1"}, "value": "B"}],
        "line 6: entra.attributes.department.0: without 'when' it ends the list: move it to",
    ),
    "one with an empty when that is not the last": (
        [{"when": {"job.code": "1"}, "value": "A"}, {"when": {}, "value": "B"}, {"value": "C"}],
        "line 7: entra.attributes.department.1.when: without 'when' it ends the list",
    ),
    "no choice at all": ([], "line 5: entra.attributes.department: has an empty list of choices"),
    "no value": ([{"when": {"job.code": "1"}}], "line 6: 'entra.attributes.department.0.value'"),
    "an unknown key": (
        [{"value": "A", "whn": {"job.code": "1"}}],
        "unknown key 'entra.attributes.department.0.whn'; did you mean 'when'?",
    ),
    "an unknown field in a condition": (
        [{"when": {"employr.code": "1"}, "value": "A"}],
        "line 6: entra.attributes.department.0.when: there is no field 'employr.code'; did you",
    ),
    "an unknown field in a value": (
        [{"value": "A {employr.name}"}],
        "line 6: entra.attributes.department.0.value: there is no field 'employr.name'",
    ),
    "true where a text is needed": ([{"value": True}], "line 6: entra.attributes.department.0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_choices_are_refused_with_their_line(name: str) -> None:
    choices, says = REFUSED[name]
    lines = "\n".join(f"      - {json.dumps(choice)}" for choice in choices) or "      []"
    text = (
        "version: 1\norganisation: {name: P, mail_domain: proef.example}\n"
        f"entra:\n  attributes:\n    department:\n{lines}\n"
    )

    with pytest.raises(Misconfigured) as refused:
        load(text)
    assert says in str(refused.value)


def test_a_mistake_in_a_plain_value_is_told_at_its_key() -> None:
    with pytest.raises(Misconfigured, match=r"line 5: topdesk\.card\.branch: there is no field"):
        load(
            "version: 1\norganisation: {name: P, mail_domain: proef.example}\n"
            'topdesk:\n  card:\n    branch: "{employr.name}"\n'
        )


def test_where_everyone_needs_a_value_the_last_choice_is_for_everyone() -> None:
    shape = TypeAdapter[tuple[Choice, ...]](Total[Choice])
    some = [{"when": {"employer.code": "2"}, "value": "zuid.example"}]

    with pytest.raises(ValidationError, match="whom no choice fits: end without 'when'"):
        shape.validate_python(some)
    everyone = shape.validate_python([*some, {"value": "proef.example"}])
    assert [pick(everyone, {"employer.code": code}) for code in ("2", "3")] == [
        pick(everyone[:1], {"employer.code": "2"}),
        pick(everyone, {"employer.code": ""}),
    ]
    assert shape.validate_python("proef.example") == TypeAdapter[tuple[Choice, ...]](
        Choices[Choice]
    ).validate_python("proef.example")
