"""What brought a harm about: the rule, the code or the date, and never a name."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_name, a_person, a_policy, moved

from shared.diff.compare import OPERATOR_CARD
from shared.guard.causes import View, cause
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.harm import Loss
from shared.model.person import Person, Unit
from shared.policy.document import Policy

RULE = "    - {group: ICT, when: {department.code: ICT*}}\n"
ICT = a_person()
ZORG = Person(records=(moved(ICT.primary_record, "ZORG", "Zorg"),))
LOST = (Loss(target=TargetName.ENTRA, what=("ICT",)),)
CARD = (Loss(target=TargetName.TOPDESK, what=("Beheerders", OPERATOR_CARD)),)
NAME = (Loss(target=TargetName.ENTRA, what=("displayName",)),)
EDITED = a_policy(POLICY.replace(RULE, ""))


def view(person: Person = ICT, policy: Policy | None = None, days: int = 0) -> View:
    return View(person, policy or a_policy(), NOW + timedelta(days=days))


def test_a_rule_that_was_dropped_is_named() -> None:
    told = cause(Harm.RIGHT, LOST, view(), view(policy=EDITED))

    assert told == "policy edited: entra.groups[1] (ICT) gives it no more"


def test_the_card_and_its_groups_have_one_cause() -> None:
    edited = a_policy(
        POLICY.replace(
            "name: Beheer, when: {department.code: ICT*}",
            "name: Beheer, when: {department.code: BV}",
        )
    )

    told = cause(Harm.RIGHT, CARD, view(), view(policy=edited))
    assert told == "policy edited: topdesk.operators[0] (Beheer) gives it no more"


@pytest.mark.parametrize("losses", [LOST, CARD])
def test_a_mover_is_told_by_the_code_that_the_rule_asks_for(losses: tuple[Loss, ...]) -> None:
    assert cause(Harm.RIGHT, losses, view(), view(ZORG)) == "department.code ICT-BEH became ZORG"


def test_a_move_under_an_edited_policy_is_the_move_when_the_old_rules_take_it_too() -> None:
    told = cause(Harm.RIGHT, LOST, view(), view(ZORG, EDITED))

    assert told == "department.code ICT-BEH became ZORG"


def test_a_second_contract_that_ends_is_told_by_its_end() -> None:
    first = a_contract(key="1", department=Unit(code="ZORG"))
    second = a_contract(key="2", hours=4.0, end=TODAY)
    both = a_person(contracts=(first, second))

    told = cause(Harm.RIGHT, LOST, view(both), view(both, days=1))
    assert told == f"contract ended {TODAY}"
    assert cause(Harm.RIGHT, LOST, view(both), view(a_person(contracts=(first,)))) == (
        "a contract is no longer there"
    )


def test_a_contract_line_that_takes_the_place_of_another_is_a_move() -> None:
    old = a_contract(key="1", end=TODAY)
    new = a_contract(key="2", start=TODAY + timedelta(days=1), department=Unit(code="4200"))
    both = a_person(contracts=(old, new))

    told = cause(Harm.RIGHT, LOST, view(both), view(both, days=1))
    assert told == "department.code ICT-BEH became 4200"


def test_a_rule_on_a_name_or_a_number_tells_no_value() -> None:
    named = a_policy(POLICY.replace("{department.code: ICT*}", "{name.first: Sanne}", 1))
    phoned = a_policy(POLICY.replace("{department.code: ICT*}", '{phone: "1"}', 1))
    other = a_person(name=a_name(nickname="Bo"))

    assert cause(Harm.RIGHT, LOST, view(policy=named), view(other, named)) == (
        "name changed in HR"
    )
    told = cause(Harm.RIGHT, LOST, view(a_person(phone="1"), phoned), view(ICT, phoned))
    assert told == "phone changed in HR"


def test_what_nothing_explains_is_said_so() -> None:
    assert cause(Harm.RIGHT, LOST, None, view(ZORG)) == "no rule gives it now"
    assert cause(Harm.RIGHT, LOST, view(ZORG), view(ZORG)) == "no rule gives it now"


def test_a_rename_is_of_hr_or_of_a_template() -> None:
    turned = a_policy(POLICY.replace('"{name.display}"', '"{name.surname}"'))

    assert cause(Harm.RENAME, NAME, view(), view(a_person(name=a_name(nickname="Bo")))) == (
        "name changed in HR"
    )
    assert cause(Harm.RENAME, NAME, view(), view(policy=turned)) == (
        "policy edited: entra.attributes.displayName"
    )


def test_an_end_is_told_by_its_day_and_stays_so_when_days_pass() -> None:
    gone = a_person(contracts=(a_contract(end=date(2026, 10, 30)),))

    for days in (0, 40):
        assert cause(Harm.BLOCK, (), view(), view(gone, days=days)) == "last day 2026-10-30"


def test_a_shorter_grace_is_the_policys_doing() -> None:
    gone = a_person(contracts=(a_contract(end=TODAY - timedelta(days=12)),))
    short = a_policy(POLICY.replace("delete_after_days: 30", "delete_after_days: 10"))

    told = cause(Harm.DELETE, (), view(gone), view(gone, short))
    assert told == "policy edited: lifecycle.delete_after_days"
    told = cause(Harm.DELETE, (), view(gone), view(gone, short, days=30))
    assert told == f"last day {TODAY - timedelta(days=12)}"


def test_a_joiner_is_told_by_the_first_day() -> None:
    soon = a_person(contracts=(a_contract(start=date(2026, 11, 5)),))
    early = a_policy(POLICY.replace("prepare_days: 7", "prepare_days: 1"))

    assert cause(Harm.JOINER, (), None, view(soon)) == "first day 2026-11-05"
    assert cause(Harm.JOINER, (), view(soon, early), view(soon)) == (
        "policy edited: lifecycle.prepare_days"
    )
