"""What may stand under `write_back`, and what is refused with its line and the mend."""

from __future__ import annotations

import pytest
from build import NOW, POLICY, a_contract, a_person, a_record

from shared.errors import Misconfigured
from shared.model.desired import Conflict, State
from shared.model.person import Person, Ties
from shared.policy.desired import desired
from shared.policy.load import load

TIES = Ties(login="sanne@proef.example")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{exact: {fields: [work_mail]}}", "read-only here"),
        ("{afas: {fields: [phone]}}", "write a mapping, with a template for it"),
        ("{afas: {fields: {phone: '{phone}'}}}", "is no fact to make it of"),
        ("{afas: {}}", "writes nothing"),
        ("{afas: {fields: [work_mail], user: {id: vast}}}", "must hold {number}"),
        ("{afas: {fields: {fax: x}}}", "work_mail"),
        ("{afas: {fields: {work_mail: '{account.logon}'}}}", "did you mean 'account.login'?"),
        ("{nmbrs: {}}", "'write_back.nmbrs.fields' is missing"),
        ("{nmbrs: {fields: [portal_mail]}}", "write_back.nmbrs.fields"),
        ("{afas: {fields: [work_mail], leaver: drop}}", "keep"),
        ("{afass: {}}", "did you mean 'afas'?"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load(f"{POLICY}write_back: {text}\n")

    assert says in str(refused.value)
    assert "line" in str(refused.value)


def test_a_list_of_fields_gets_the_login() -> None:
    policy = load(f"{POLICY}write_back: {{afas: {{fields: [work_mail, portal_mail]}}}}\n")
    want = desired(a_person(), TIES, policy, NOW).hr
    record = want.records["afas:1042"]

    assert {f: w.value for f, w in record.fields.items()} == {
        "work_mail": TIES.login,
        "portal_mail": TIES.login,
    }
    assert (record.conflict, record.cleared, record.user_id) == (Conflict.REPORT, False, None)
    assert want.state is State.ACTIVE


def test_without_a_login_it_waits_only_where_one_is_needed() -> None:
    needs = load(f"{POLICY}write_back: {{afas: {{fields: [work_mail]}}}}\n")
    not_ = load(f"{POLICY}write_back: {{afas: {{fields: {{phone: '+31 {{number}}'}}}}}}\n")

    assert desired(a_person(), Ties(), needs, NOW).hr.waits_for_account
    assert not desired(a_person(), Ties(), not_, NOW).hr.waits_for_account


def test_each_number_that_counts_is_told_under_its_own() -> None:
    policy = load(
        f"{POLICY}write_back: {{afas: {{fields: {{phone: '+31 {{number}}'}}}}, push: true}}\n"
    )
    old = a_record("1", contracts=(a_contract(key="o", end=NOW.date().replace(year=2025)),))
    person = Person(
        records=(a_record("1042"), old, a_record("7", source="push"), a_record("8", source="csv"))
    )
    records = desired(person, TIES, policy, NOW).hr.records

    assert set(records) == {"afas:1042", "push:7"}
    assert records["afas:1042"].fields["phone"].value == "+31 1042"
    assert set(records["push:7"].fields) == {"mail", "upn"}
    assert records["push:7"].conflict is Conflict.OURS


def test_a_source_that_is_not_named_is_only_read() -> None:
    want = desired(a_person(), TIES, load(POLICY), NOW).hr

    assert want.records == {}
    assert want.state is State.ABSENT


def test_what_is_written_is_no_fact_of_hr() -> None:
    policy = load(f"{POLICY}write_back: {{afas: {{fields: {{phone: '+31 {{number}}'}}}}}}\n")
    said = a_record("1042", phone="1", mobile="2")

    assert policy.write_back.heard(said) == said.model_copy(update={"phone": None})
    assert policy.write_back.heard(said.model_copy(update={"source": "csv"})).phone == "1"
