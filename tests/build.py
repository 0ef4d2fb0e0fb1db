"""Valid objects with one thing changed, for every test. All people are made up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from shared.model.name import NameUsage, PersonName
from shared.model.person import Contract, Person, Record, Unit
from shared.policy.document import Policy
from shared.policy.load import load

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 2)

POLICY = """
version: 1
organisation: {name: Proef, mail_domain: proef.example}
lifecycle: {prepare_days: 7, delete_after_days: 30, missing_grace_days: 14}
entra:
  attributes:
    displayName: "{name.display}"
    department: "{department.name}"
    jobTitle: "{job.name}"
  groups:
    - group: Iedereen
    - {group: ICT, when: {department.code: ICT*}}
    - {group: Zorg, when: {department.code: ZORG}}
topdesk:
  card:
    surName: "{name.surname}"
    firstName: "{name.first}"
    department: "{department.name}"
    tasLoginName: "{account.login}"
  operators:
    - {name: Beheer, when: {department.code: ICT*}, permission_groups: [Beheerders]}
    - {name: Zorgdesk, when: {department.code: ZORG}, permission_groups: [Zorgdesk]}
guard:
  block: {count: 3, share: 1}
  delete: {count: 3, share: 1}
  right: {count: 20, minimum_population: 100}
  rename: {count: 20, minimum_population: 100}
  joiner: {count: 20, minimum_population: 100}
"""


def a_policy(text: str = POLICY) -> Policy:
    return load(text)


def a_name(**changes: Any) -> PersonName:
    parts: dict[str, Any] = {
        "initials": "S.M.",
        "given": "Susanna",
        "nickname": "Sanne",
        "birth_prefix": "van",
        "birth": "Dijk",
        "usage": NameUsage.BIRTH,
    }
    return PersonName(**{**parts, **changes})


def a_contract(**changes: Any) -> Contract:
    parts: dict[str, Any] = {
        "key": "1",
        "start": date(2024, 1, 1),
        "hours": 36.0,
        "fte": 1.0,
        "kind": "P",
        "job": Unit(code="0142", name="Systeembeheerder"),
        "department": Unit(code="ICT-BEH", name="ICT Beheer"),
        "employer": Unit(code="01", name="Proef"),
    }
    return Contract(**{**parts, **changes})


def a_record(number: str = "1042", **changes: Any) -> Record:
    parts: dict[str, Any] = {
        "source": "afas",
        "number": number,
        "name": a_name(),
        "contracts": (a_contract(key=f"{number}-1"),),
    }
    return Record(**{**parts, **changes})


def a_person(number: str = "1042", **changes: Any) -> Person:
    return Person(records=(a_record(number, **changes),))


def a_leaver(last_day: date, number: str = "1042") -> Record:
    """Somebody whose only contract ends on this day."""
    return a_record(number, contracts=(a_contract(key=f"{number}-1", end=last_day),))


def moved(record: Record, code: str, name: str) -> Record:
    """The same person in another department."""
    contract = record.contracts[0].model_copy(update={"department": Unit(code=code, name=name)})
    return record.model_copy(update={"contracts": (contract, *record.contracts[1:])})
