"""Of whom may a target be written, and why not? A truth table of stage and scope."""

from __future__ import annotations

import pytest
from build import NOW, POLICY, a_contract, a_person, a_policy, a_record, moved

from shared.errors import Misconfigured
from shared.model.desired import TargetName
from shared.model.person import Person, Ties, Unit
from shared.policy.desired import desired
from shared.policy.load import load

REPORT = "targets: {entra: {stage: report}}"
ICT = "targets: {entra: {scope: {department.code: ICT*}}}"
ICT_REPORT = "targets: {entra: {stage: report, scope: {department.code: ICT*}}}"


def of_zorg() -> Person:
    return Person(records=(moved(a_record(), "ZORG", "Zorg"),))


def of_both() -> Person:
    zorg = a_contract(key="2", hours=38.0, department=Unit(code="ZORG"))
    return a_person(contracts=(a_contract(key="1"), zorg))


@pytest.mark.parametrize(
    ("targets", "person", "told"),
    [
        ("", a_person(), None),
        (REPORT, a_person(), "targets.entra.stage: the stage is report"),
        (ICT, a_person(), None),
        (ICT, of_both(), None),
        (ICT, of_zorg(), "targets.entra.scope: department.code is ZORG, not ICT*"),
        (ICT_REPORT, a_person(), "targets.entra.stage: the stage is report"),
        (ICT_REPORT, of_zorg(), "targets.entra.scope: department.code is ZORG, not ICT*"),
        (ICT, a_person(contracts=()), "targets.entra.scope: department.code is empty, not ICT*"),
    ],
)
def test_stage_and_scope_say_why_it_is_only_told(
    targets: str, person: Person, told: str | None
) -> None:
    want = desired(person, Ties(), a_policy(POLICY + targets), NOW)

    why = want.entra.only_told
    assert (f"{why.rule}: {why.because}" if why else None) == told
    assert want.topdesk.only_told is None


def test_policy_without_targets_leaves_nothing_out() -> None:
    assert not a_policy().targets.are_partial
    for text in (REPORT, ICT, "targets: {topdesk: {adopt: report}}"):
        assert a_policy(POLICY + text).targets.are_partial
    assert a_policy(POLICY + REPORT).targets.of(TargetName.TOPDESK).stage == "apply"


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ("", None),
        (REPORT, "entra is only told about (stage report)"),
        (ICT, "entra is written only for whom the scope names"),
        (
            "targets: {topdesk: {adopt: report}}",
            "what exists in topdesk is not taken over (adopt: report)",
        ),
    ],
)
def test_one_line_says_how_far_it_is(targets: str, told: str | None) -> None:
    assert a_policy(POLICY + targets).targets.told == told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("targets: {entra: {stage: test}}", "stage"),
        ("targets: {entra: {scope: {departement.code: ICT}}}", "did you mean 'department.code'?"),
        ("targets: {entr: {stage: report}}", "did you mean 'entra'?"),
    ],
)
def test_mistake_is_told_with_its_line(wrong: str, told: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        load(POLICY + wrong)

    assert told in str(raised.value)
    assert f"line {len(POLICY.splitlines()) + 1}" in str(raised.value)
