"""What HR says of one person is used, or refused with the field and how to mend it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from build import POLICY, TODAY, a_contract, a_policy, a_record
from hypothesis import given, settings
from strategies import records

from shared.model.person import BadRecord, Contract, Leave, Record
from shared.policy import admission
from shared.policy.document import Policy

RULES = a_policy()
DAY = timedelta(days=1)


def an_external(**changes: Any) -> Contract:
    """A contract of someone hired, as HR should state it."""
    said = {"external": True, "end": TODAY + 90 * DAY, "sponsor": "1001"}
    return a_contract(**{**said, **changes})


def refused(*contracts: Contract, policy: Policy = RULES, **changes: Any) -> BadRecord | None:
    record = a_record(contracts=contracts, **changes)
    return admission.refusal(record, (), policy, TODAY)


CONTRADICTIONS = {
    "two contracts with one key": (
        (a_contract(key="7"), a_contract(key="7")),
        (
            "afas record 1042, field contract.key: two contracts have the key 7; "
            "give each its own in HR"
        ),
    ),
    "a contract that ends before it starts": (
        (a_contract(key="7", start=TODAY, end=TODAY - 2 * DAY),),
        (
            "afas record 1042, field contract.end: contract 7 ends before it starts; correct "
            "one of the dates in HR, or end it the day before its start if it was withdrawn"
        ),
    ),
    "a leave that ends before it begins": (
        (a_contract(key="7", leaves=(Leave(kind="X", start=TODAY, end=TODAY - DAY),)),),
        (
            "afas record 1042, field leave.end: a leave on contract 7 ends before it begins; "
            "correct one of the dates in HR"
        ),
    ),
    "an external without an end": (
        (an_external(key="7", end=None),),
        (
            "afas record 1042, field contract.end: the external contract 7 has no last day; "
            "state one in HR"
        ),
    ),
    "an external whom nobody answers for": (
        (an_external(key="7", sponsor=None),),
        (
            "afas record 1042, field contract.sponsor: the external contract 7 names no sponsor "
            "and no manager; state in HR which employee answers for it"
        ),
    ),
    "an external who answers for himself": (
        (an_external(key="7", sponsor="1042"),),
        (
            "afas record 1042, field contract.sponsor: the external contract 7 is its own "
            "sponsor; state in HR which employee answers for it"
        ),
    ),
}


def test_nobody_dies_before_they_are_born() -> None:
    found = refused(a_contract(), birth_date=TODAY, died_on=TODAY - DAY)

    assert found is not None
    assert found.reason == (
        "afas record 1042, field died_on: the day of death lies before the day of birth; "
        "correct one of the dates in HR"
    )
    assert refused(a_contract(), birth_date=TODAY - DAY, died_on=TODAY) is None


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_names_record_field_and_mend(name: str) -> None:
    contracts, says = CONTRADICTIONS[name]
    found = refused(*contracts)

    assert found is not None
    assert found.reason == says


@pytest.mark.parametrize(
    "contracts",
    [
        (a_contract(),),
        (a_contract(start=TODAY, end=TODAY - DAY),),
        (an_external(),),
        (an_external(sponsor=None, manager="1001"),),
        (an_external(end=TODAY - DAY, sponsor=None),),
        (an_external(key="1", end=None, sponsor=None), a_contract(key="2")),
    ],
    ids=["employee", "withdrawn", "external", "manager answers", "over", "also employed"],
)
def test_what_makes_sense_is_let_through(contracts: tuple[Contract, ...]) -> None:
    assert refused(*contracts) is None


def test_who_is_employed_by_another_record_is_no_external() -> None:
    hired = a_record("7", contracts=(an_external(end=None, sponsor=None),))

    assert admission.refusal(hired, (a_record("8"),), RULES, TODAY) is None


def test_the_policy_says_who_is_external_and_what_is_asked() -> None:
    policy = a_policy(
        POLICY + "externals: {when: {contract.kind: Inhuur}, sponsor: optional, max_days: 30}\n"
    )
    hired = {"kind": "Inhuur", "start": TODAY}
    limit = refused(a_contract(**hired, end=TODAY + 30 * DAY), policy=policy)

    assert refused(an_external(end=None), policy=policy) is None
    assert refused(a_contract(**hired, end=TODAY + 29 * DAY), policy=policy) is None
    assert limit is not None
    assert limit.problem.startswith("the external contract 1 lasts longer than 30 days; ")
    assert admission.sponsors(a_record(contracts=(an_external(),)), (), policy, TODAY) == ()


def test_the_sponsor_goes_before_the_manager() -> None:
    hired = a_record(contracts=(an_external(manager="1002"),))

    assert admission.sponsors(hired, (), RULES, TODAY) == ("afas:1001",)
    assert hired.contracts[0].answers_to == "1002", "the manager stays the manager"


@settings(deadline=None)
@given(records())
def test_no_record_ends_in_an_error_of_ours(record: Record) -> None:
    found = admission.refusal(record, (), RULES, TODAY)

    assert found is None or (found.field and " in HR" in found.problem)
