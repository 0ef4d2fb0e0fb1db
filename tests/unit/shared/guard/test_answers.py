"""One human, or two different ones, for a yes; one for a no."""

from __future__ import annotations

import pytest
from build import NOW

from shared.errors import Unsafe
from shared.guard.answers import agree, refuse
from shared.model.harm import Said, Signature

ANNA, BERT = Signature(who="anna", at=NOW), Signature(who="bert", at=NOW)


def test_one_human_is_enough_when_the_policy_says_so() -> None:
    said = agree(None, seen="m", by=ANNA, four_eyes=False)

    assert (said.answer, said.who, said.is_final) == ("approved", "anna", True)


def test_the_first_of_two_only_signs_and_the_second_approves() -> None:
    first = agree(None, seen="m", by=ANNA, four_eyes=True)
    second = agree(first, seen="m", by=BERT, four_eyes=True)

    assert (first.answer, first.is_final) == ("signed", False)
    assert (second.answer, second.who) == ("approved", "anna and bert")


@pytest.mark.parametrize("again", ["anna", "Anna"])
def test_the_same_human_twice_is_one_human(again: str) -> None:
    first = agree(None, seen="m", by=ANNA, four_eyes=True)

    with pytest.raises(Unsafe, match="wants a second person"):
        agree(first, seen="m", by=Signature(who=again, at=NOW), four_eyes=True)


def test_a_signature_under_other_content_is_void() -> None:
    first = agree(None, seen="m", by=ANNA, four_eyes=True)
    said = agree(first, seen="other", by=BERT, four_eyes=True)

    assert (said.answer, said.who, said.seen) == ("signed", "bert", "other")


def test_after_a_no_two_must_agree_as_well() -> None:
    no = refuse(seen="m", by=ANNA, reason="why")
    said: Said = agree(no, seen="m", by=BERT, four_eyes=True)

    assert (no.answer, no.reason, no.is_final) == ("rejected", "why", True)
    assert said.answer == "signed"
