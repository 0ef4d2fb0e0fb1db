from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_person, a_policy

from shared.errors import Misconfigured
from shared.model.desired import DesiredEntra, Parting
from shared.model.person import Person, Stop, Ties
from shared.policy.desired import desired
from shared.policy.lifecycle import next_moment

EVERYTHING = """
leaver:
  rights: 3
  sign_in_methods: remove
  devices: disable
  auto_reply: "{name.display} is weg."
  mailbox: hand_over
"""


def a_leaver(days: int, **changes: Any) -> Person:
    """Somebody whose last day was so many days ago."""
    last = TODAY - timedelta(days=days)
    person = a_person(contracts=(a_contract(end=last),))
    record = person.records[0].model_copy(
        update={key: changes.pop(key) for key in ("died_on",) if key in changes}
    )
    return person.model_copy(update={"records": (record,), **changes})


def wanted(person: Person, policy: str = POLICY + EVERYTHING) -> DesiredEntra:
    return desired(person, Ties(heir="baas@proef.example"), a_policy(policy), NOW).entra


def steps(on: Parting | None) -> list[str]:
    if on is None:
        return []
    found = ("sign_in_methods", "devices", "auto_reply", "hand_over")
    return [step for step in found if getattr(on, step)]


STOP = Stop(who="operator", reason="x", at=NOW)


@pytest.mark.parametrize(
    ("person", "groups", "expected"),
    [
        (a_leaver(0), 2, []),
        (a_leaver(1), 2, ["sign_in_methods", "devices", "auto_reply", "hand_over"]),
        (a_leaver(3), 2, ["sign_in_methods", "devices", "auto_reply", "hand_over"]),
        (a_leaver(4), 0, ["sign_in_methods", "devices", "auto_reply", "hand_over"]),
        (a_leaver(40), 0, []),
        (a_leaver(1, died_on=TODAY), 2, ["sign_in_methods", "devices", "hand_over"]),
        (a_leaver(-9, stop=STOP), 0, ["sign_in_methods", "devices"]),
        (a_leaver(1, stop=STOP), 0, ["sign_in_methods", "devices", "auto_reply", "hand_over"]),
        (a_leaver(-9, missing=True), 0, []),
    ],
)
def test_what_is_done_depends_on_how_somebody_left(
    person: Person, groups: int, expected: list[str]
) -> None:
    want = wanted(person)

    assert (len(want.groups), steps(want.parting)) == (groups, expected)


def test_each_step_names_its_rule_and_the_heir() -> None:
    on = wanted(a_leaver(1)).parting

    assert on is not None
    assert on.sign_in_methods is not None
    assert on.sign_in_methods.rule == "leaver.sign_in_methods"
    assert on.auto_reply == "Sanne van Dijk is weg."
    assert on.hand_over_to == "baas@proef.example"


def test_the_day_on_which_rights_go_is_a_moment_of_its_own() -> None:
    moment = next_moment(a_leaver(1), a_policy(POLICY + EVERYTHING), NOW)

    assert moment is not None
    assert moment.date() == TODAY + timedelta(days=3)


def test_nothing_happens_beside_the_block_without_a_word_of_the_policy() -> None:
    want = wanted(a_leaver(1), POLICY)

    assert (want.groups, steps(want.parting)) == ({}, [])


def test_set_once_speaks_of_attributes_that_are_there() -> None:
    once = POLICY.replace("  groups:", "  set_once: [displayName]\n  groups:", 1)
    attribute = wanted(a_person(), once).attributes["displayName"]

    assert (attribute.once, attribute.is_name) == (True, False)
    with pytest.raises(Misconfigured, match="set_once names jobTitel"):
        a_policy(once.replace("[displayName]", "[jobTitel]"))
