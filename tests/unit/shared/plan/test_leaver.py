from __future__ import annotations

import pytest

from shared.model.account import Applied, EntraAccount
from shared.model.change import Harm, Kind
from shared.model.desired import DesiredEntra, Parting, Reason, State
from shared.plan.leaver import hand_over, parting

WHY = Reason(rule="leaver.x", because="the account is blocked")
ALL = Parting(
    sign_in_methods=WHY, devices=WHY, auto_reply="weg", auto_reply_why=WHY, hand_over=WHY
)


def leaving(on: Parting | None) -> DesiredEntra:
    return DesiredEntra(state=State.BLOCKED, why=WHY, employee_id="1042", parting=on)


def account(mailbox: str | None) -> EntraAccount:
    return EntraAccount(id="a", user_principal_name="k@x.example", enabled=False, mailbox=mailbox)


def test_each_step_is_a_change_that_is_held_with_the_block() -> None:
    changes = list(parting(leaving(ALL), Applied()))

    assert [change.kind for change in changes] == [
        Kind.REMOVE_METHODS,
        Kind.DISABLE_DEVICES,
        Kind.SET_AUTO_REPLY,
    ]
    assert {change.harm for change in changes} == {Harm.BLOCK}
    assert {change.reasons for change in changes} == {(WHY,)}


def test_what_was_done_for_this_leave_is_not_planned_again() -> None:
    done = Applied(parted=(str(Kind.DISABLE_DEVICES), str(Kind.SET_AUTO_REPLY)))

    assert [change.kind for change in parting(leaving(ALL), done)] == [Kind.REMOVE_METHODS]


def test_nobody_gets_an_empty_auto_reply() -> None:
    nothing = Parting(auto_reply="", auto_reply_why=WHY)

    assert list(parting(leaving(nothing), Applied())) == []


@pytest.mark.parametrize(("mailbox", "asked"), [("user", 1), ("shared", 0), (None, 0)])
def test_a_mailbox_is_asked_for_until_it_is_shared(mailbox: str | None, asked: int) -> None:
    assert len(hand_over(leaving(ALL), account(mailbox))) == asked
    assert hand_over(leaving(None), account(mailbox)) == ()
    assert hand_over(leaving(ALL), None) == ()
