from __future__ import annotations

import pytest
from build import NOW, POLICY, a_contract, a_person, a_policy

from shared.errors import Misconfigured
from shared.model.desired import DesiredTopdesk, Entry
from shared.model.person import Ties, Unit
from shared.policy.desired import desired
from shared.policy.explain import explain

RULES = """  operators:
    - name: Beheer
      when: {department.code: ICT*}
      permission_groups: [Servicedesk]
      operator_groups: [Servicedesk]
      tasks: [firstLineCallOperator]
      branch_filters: [Utrecht]
    - {when: {job.code: "0142"}, tasks: [firstLineCallOperator, installer]}
guard:"""


JOINER = "{name: Laptop, on: joiner, since: 2026-12-01, brief: x}"


def with_topdesk(text: str) -> str:
    head, _, rest = POLICY.partition("  operators:\n")
    return f"{head}{text}{rest[rest.index('guard:') + len('guard:') :]}"


def of(text: str) -> DesiredTopdesk:
    return desired(a_person(), Ties(), a_policy(with_topdesk(text)), NOW).topdesk


def test_every_right_of_an_operator_has_the_rules_that_gave_it() -> None:
    operator = of(RULES).operator

    assert operator is not None
    assert {right: [r.rule for r in why] for right, why in operator.rights.items()} == {
        "Servicedesk": ["topdesk.operators[0] (Beheer)"],
        "operator group: Servicedesk": ["topdesk.operators[0] (Beheer)"],
        "task: firstLineCallOperator": [
            "topdesk.operators[0] (Beheer)",
            "topdesk.operators[1] (task: firstLineCallOperator, task: installer)",
        ],
        "branch filter: Utrecht": ["topdesk.operators[0] (Beheer)"],
        "task: installer": ["topdesk.operators[1] (task: firstLineCallOperator, task: installer)"],
    }


def test_explain_answers_for_each_right_given_or_not() -> None:
    policy = a_policy(with_topdesk(RULES))
    elsewhere = a_person(contracts=(a_contract(department=Unit(code="ZORG"), job=None),))
    want = desired(elsewhere, Ties(), policy, NOW)
    answers = [a for a in explain(elsewhere, want, policy, NOW) if "topdesk" in a.rule]

    assert [(a.right, a.given) for a in answers] == [
        ("Servicedesk", False),
        ("operator group: Servicedesk", False),
        ("task: firstLineCallOperator", False),
        ("branch filter: Utrecht", False),
        ("task: firstLineCallOperator", False),
        ("task: installer", False),
    ]
    assert "department.code" in answers[1].because


def test_lists_are_filled_as_the_policy_says() -> None:
    text = '  lookups: {department: {missing: refuse, code: "{department.code}"}}\nguard:'

    assert of("guard:").entries == {"department": Entry(make=True)}
    assert of(text).entries == {"department": Entry(make=False, code="ICT-BEH")}
    assert of("  lookups: {department: refuse}\nguard:").entries == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  operators: [{tasks: [firstLineOperator]}]", "did you mean 'firstLineCallOperator'?"),
        ("  operators: [{when: {job.code: x}}]", "gives nothing"),
        ('  operators: [{permission_groups: ["task: x"]}]', "rename the group in TOPdesk"),
        ("  lookups: {location: create}", "TOPdesk's API makes none"),
        ('  lookups: {branch: {code: "{employer.code}"}}', "branch cannot keep a code"),
        ("  lookups: {departement: create}", "department"),
        ('  removed: {surName: ""}', "wants a surName"),
        (f"  tickets: [{JOINER}, {JOINER}]", "two rules for tickets have one name"),
        (f"  tickets: [{JOINER[:-1]}, template: Ws 1}}]", "only a change"),
        (f"  tickets: [{JOINER[:-1]}, fields: {{benefit: x}}}}]", "no field of an incident"),
        (f"  tickets: [{JOINER[:-1]}, changed: [departement]}}]", "there is no field"),
        ("  tickets: [{name: x, on: joiner, brief: x}]", "'topdesk.tickets.0.since' is missing"),
        ("  removed: {employeeNumber: x}", "set by Instroom itself"),
        ("  removed: {branch: x}", "only fields with a text"),
    ],
)
def test_a_mistake_is_refused_with_the_mend(text: str, told: str) -> None:
    with pytest.raises(Misconfigured, match="line") as refused:
        a_policy(with_topdesk(f"{text}\nguard:"))
    assert told in str(refused.value)


def test_what_scim_has_no_word_for_is_named() -> None:
    rules = """
  operators:
    - {permission_groups: [Servicedesk]}
    - {tasks: [firstLineCallOperator], branch_filters: [Zuid]}
  tickets:
    - {name: Laptop, on: joiner, since: 2026-11-01, brief: Laptop}
"""
    text = POLICY.partition("topdesk:")[0] + "topdesk:" + rules

    assert a_policy(text).topdesk.beyond_scim == ("task", "branch filter", "tickets")
    assert a_policy().topdesk.beyond_scim == ()
