"""What should this person have, and why? Every part has its rule, and the same facts the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_person, a_policy
from hypothesis import given, settings
from strategies import people, ties

from shared.errors import Permanent
from shared.model.account import Applied, EntraAccount, Found, TopdeskCard
from shared.model.change import Plan
from shared.model.desired import ALIVE, Desired, Reason, State
from shared.model.person import Person, Ties, Unit
from shared.plan import entra as plan_entra
from shared.plan import topdesk as plan_topdesk
from shared.policy.desired import desired, employee_id

RULES = a_policy()


def reasons_of(want: Desired) -> Iterable[Reason]:
    yield want.entra.why
    yield want.topdesk.why
    for wanted in (*want.entra.attributes.values(), *want.topdesk.card.values()):
        yield wanted.reason
    for many in want.entra.groups.values():
        yield from many
    if want.topdesk.operator:
        yield want.topdesk.operator.reason
        for many in want.topdesk.operator.permission_groups.values():
            yield from many


def plans(want: Desired) -> tuple[Plan, Plan]:
    """What would be done where nothing is yet, or where we made what there is."""
    ours = Applied(account_id="x", state=State.ACTIVE)
    account = EntraAccount(id="x", user_principal_name="x@proef.example", enabled=True)
    card = TopdeskCard(id="x", archived=False, employee_number="x")
    alive = want.entra.state in ALIVE
    return (
        plan_entra.entra(
            want.entra,
            Found[EntraAccount](account=None if alive else account),
            Applied() if alive else ours,
            name="x@proef.example",
        ),
        plan_topdesk.topdesk(
            want.topdesk,
            Found[TopdeskCard](account=None if alive else card),
            Applied() if alive else ours,
        ),
    )


@settings(max_examples=80, deadline=None)
@given(people, ties)
def test_every_part_and_every_change_names_a_rule(person: Person, known: Ties) -> None:
    want = desired(person, known, RULES, NOW)

    assert all(reason.rule and reason.because for reason in reasons_of(want))
    for plan in plans(want):
        for change in (*plan.changes, *plan.held):
            assert change.reasons, f"{change} has no reason"
            assert all(reason.rule and reason.because for reason in change.reasons)


@settings(max_examples=80, deadline=None)
@given(people, ties)
def test_reasons_never_tell_a_name(person: Person, known: Ties) -> None:
    secret = person.model_copy(
        update={
            "records": tuple(
                record.model_copy(update={"name": record.name.model_copy(update={"birth": "Zqx"})})
                for record in person.records
            )
        }
    )

    want = desired(secret, known, RULES, NOW)
    assert all("Zqx" not in f"{r.rule} {r.because}" for r in reasons_of(want))


@settings(max_examples=60, deadline=None)
@given(people, ties)
def test_desired_is_a_function_of_its_arguments_and_survives_json(
    person: Person, known: Ties
) -> None:
    want = desired(person, known, RULES, NOW)

    again = Person.model_validate_json(person.model_dump_json())
    assert desired(again, known, a_policy(), NOW) == want
    assert Desired.model_validate_json(want.model_dump_json()) == want


@settings(max_examples=60, deadline=None)
@given(people, ties)
def test_nothing_is_given_to_whom_no_account_is_wanted(person: Person, known: Ties) -> None:
    want = desired(person, known, RULES, NOW)

    if want.entra.state not in ALIVE:
        assert want.entra.groups == {}
        assert want.entra.manager_id is None
        assert want.topdesk.operator is None
        assert not want.topdesk.is_manager


def test_rights_of_all_running_contracts_add_up() -> None:
    zorg = a_contract(key="2", department=Unit(code="ZORG"), hours=4.0)

    want = desired(a_person(contracts=(a_contract(), zorg)), Ties(), RULES, NOW)
    assert set(want.entra.groups) == {"Iedereen", "ICT", "Zorg"}
    (reason,) = want.entra.groups["Zorg"]
    assert reason == Reason(
        rule="entra.groups[2] (Zorg)", because="department.code = ZORG, contract 2"
    )


def test_a_card_that_needs_the_login_waits_for_the_account() -> None:
    without = desired(a_person(), Ties(), RULES, NOW)
    with_login = desired(a_person(), Ties(login="s@proef.example"), RULES, NOW)

    assert without.topdesk.waits_for_account
    assert "tasLoginName" not in without.topdesk.card
    assert not with_login.topdesk.waits_for_account
    assert with_login.topdesk.card["tasLoginName"].value == "s@proef.example"


def test_a_number_too_long_for_entra_parks_with_the_mend() -> None:
    rules = a_policy(POLICY + 'employee_id: {afas: "GEMEENTE-{number}"}\n')

    assert employee_id(a_person("1042"), rules) == "GEMEENTE-1042"
    with pytest.raises(Permanent, match=r"shorten employee_id\.afas") as raised:
        employee_id(a_person("10421042"), rules)
    assert raised.value.mender == "policy"


def test_the_rights_of_a_coming_joiner_are_those_of_the_first_day() -> None:
    start = TODAY + timedelta(days=3)
    ends = a_contract(key="2", start=start + timedelta(days=9), department=Unit(code="ZORG"))

    want = desired(a_person(contracts=(a_contract(start=start), ends)), Ties(), RULES, NOW)
    assert want.entra.state == State.PREPARED
    assert set(want.entra.groups) == {"Iedereen", "ICT"}
