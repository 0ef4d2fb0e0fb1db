"""What a human reads when something waits: who, what, by which cause, and the line to type."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from build import NOW, POLICY, TODAY
from rich.console import Console

from shared.cli_waiting import print_batch, print_coming, print_refused
from shared.flow.ahead import Coming
from shared.ledger.batches import Shown
from shared.model.change import Harm
from shared.model.desired import State, TargetName
from shared.model.harm import Batch, Loss, Member, Said, Signature
from shared.model.person import PersonId
from shared.policy.load import load

PEOPLE = "guard:\n  approvers: [anna]\n  deputies: [bert]\n"
LOSSES = (
    Loss(target=TargetName.ENTRA, what=("ICT", "Zorg")),
    Loss(target=TargetName.TOPDESK, what=("Beheer [1]",)),
)


def a_member(number: int, cause: str) -> Member:
    return Member(
        person_id=PersonId(str(number)),
        number=f"afas:{number}",
        content="x",
        before=State.ACTIVE,
        after=State.BLOCKED,
        why="last day 2026-11-01",
        cause=cause,
        losses=LOSSES,
    )


def a_batch(kind: Harm = Harm.RIGHT, **said: Said) -> Shown:
    members = (a_member(1, "edited"), a_member(2, "edited"), a_member(3, "moved"))
    batch = Batch(batch_id=f"{kind}-1", kind=kind, opened_at=NOW, cause="guard says so", said=said)
    return Shown(batch, members, "v")


def said(answer: str, reason: str = "") -> Said:
    by = (Signature(who="anna", at=NOW),)
    return Said.model_validate({"answer": answer, "seen": "m", "by": by, "reason": reason})


def read(shown: Shown, hours: int = 0) -> str:
    console = Console(width=100, record=True, file=StringIO())
    policy = load(POLICY.replace("guard:\n", PEOPLE))
    print_batch(console, shown, policy, NOW + timedelta(hours=hours))
    print_refused(console, shown, policy)
    return console.export_text()


def test_each_cause_has_its_people_and_its_own_line() -> None:
    shown = a_batch()
    printed = read(shown)

    assert "right-1: 3 people would lose a right" in printed
    assert "for less than an hour" in printed
    assert "2 of 3: edited" in printed
    assert "afas:1  Entra: ICT, Zorg; TOPdesk: Beheer [1]" in printed
    edited, moved = shown.causes
    assert f"instroom approve right-1 --cause 1 --seen {edited.fingerprint}" in printed
    assert f"instroom approve right-1 --cause 2 --seen {moved.fingerprint}" in printed
    assert f"yes: instroom approve right-1 --seen {shown.fingerprint}" in printed
    assert f'no:  instroom reject right-1 --seen {shown.fingerprint} --reason "..."' in printed


def test_what_is_decided_waits_no_more_and_a_no_stands_apart() -> None:
    printed = read(a_batch(moved=said("rejected", "ticket 4711")))

    assert "right-1: 2 people would" in printed
    assert "--cause 1" not in printed
    assert "right-1, rejected: 1 person would lose a right, and will not" in printed
    assert "anna on 2026-11-02 10:00: ticket 4711" in printed
    assert "yes after all: instroom approve right-1 --cause 2" in printed


def test_a_first_signature_is_shown_with_its_name() -> None:
    assert "anna on 2026-11-02 10:00; a second person must agree" in read(
        a_batch(edited=said("signed"))
    )


@pytest.mark.parametrize(
    ("hours", "time", "people"),
    [(1, "1 hour", None), (30, "30 hours", "anna"), (80, "3 days", "anna, bert")],
)
def test_how_long_it_waits_and_who_was_reminded(hours: int, time: str, people: str | None) -> None:
    printed = read(a_batch(), hours)

    assert f"for {time}\n" in printed
    assert (f"reminded: {people}\n" in printed) is (people is not None)
    assert ("reminded" in printed) is (people is not None)


@pytest.mark.parametrize("kind", Harm)
def test_every_kind_reads_as_a_sentence(kind: Harm) -> None:
    printed = read(a_batch(kind))

    assert f"{kind}-1: 3 people would " in printed
    assert ("last day 2026-11-01" in printed) is (kind not in (Harm.RIGHT, Harm.RENAME))


def test_coming_ends_are_read_with_the_line_that_agrees() -> None:
    console = Console(width=100, record=True, file=StringIO())
    one = Coming(PersonId("1"), "afas:1", TODAY, "last day 2026-11-01", "x", None)
    print_coming(
        console,
        [one, Coming(**{**vars(one), "number": "afas:2", "said": said("approved")})],
        TODAY,
    )
    print_coming(console, [], TODAY)

    printed = console.export_text()
    assert (
        "agree to 1 person before the day: instroom approve --coming 2026-11-02 --seen" in printed
    )
    assert "approved by anna" in printed
    assert "Nobody is to lose their sign-in until 2026-11-02" in printed
