"""Letters against the Graph rig: what is sent, refused, waited for, and what nobody knows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from contract.target.test_entra_target import DOMAIN, EntraStage

from sandbox.faults import Fault
from shared.errors import Permanent, TargetDown, UnknownReply
from shared.notices.mail import GraphMailer, Letter

MAILBOX = f"instroom@{DOMAIN}"
LETTER = Letter(MAILBOX, (f"baas@{DOMAIN}", "beheer@elders.example"), "Hoi", "Dag.\n")


@pytest.fixture
async def stage() -> AsyncIterator[EntraStage]:
    stage = EntraStage()
    stage.tenant.mailboxes.add(MAILBOX)
    yield stage
    await stage.graph.close()


async def test_a_letter_goes_out_as_plain_text(stage: EntraStage) -> None:
    await GraphMailer(stage.graph).send(LETTER)

    (mail,) = stage.tenant.mails
    assert (mail["from"], tuple(mail["to"])) == (LETTER.sender, LETTER.to)
    assert (mail["subject"], mail["text"], mail["saved"]) == ("Hoi", "Dag.\n", True)


async def test_a_throttled_letter_is_sent_once(stage: EntraStage) -> None:
    stage.faults.plan(Fault("status", status=429, headers={"Retry-After": "0"}))
    await GraphMailer(stage.graph).send(LETTER)

    assert len(stage.tenant.mails) == 1


@pytest.mark.parametrize(
    "fault", [Fault("lose_reply"), Fault("status", status=504), Fault("status", status=503)]
)
async def test_a_lost_reply_is_never_sent_again(stage: EntraStage, fault: Fault) -> None:
    stage.faults.plan(fault)

    with pytest.raises(UnknownReply):
        await GraphMailer(stage.graph).send(LETTER)
    assert stage.faults.calls == 1


async def test_a_mailbox_that_is_not_there_is_told_with_the_mend(stage: EntraStage) -> None:
    stage.tenant.mailboxes.clear()

    with pytest.raises(Permanent, match="mend MAIL_SENDER") as refused:
        await GraphMailer(stage.graph).send(LETTER)
    assert refused.value.mender == "settings"


async def test_a_missing_role_is_told_with_the_mend(stage: EntraStage) -> None:
    stage.tenant.may_send_as = set()

    with pytest.raises(Permanent, match=r"Application Mail\.Send") as refused:
        await GraphMailer(stage.graph).send(LETTER)
    assert refused.value.mender == "operator"


async def test_an_account_is_reached_at_its_mail_address(stage: EntraStage) -> None:
    mailer = GraphMailer(stage.graph)

    assert await mailer.address(stage.manager_id) == f"baas@{DOMAIN}"
    assert await mailer.address("00000000-0000-4000-8000-00000000dead") is None


async def test_graph_that_is_away_is_told_as_such(stage: EntraStage) -> None:
    stage.faults.plan(Fault("status", status=401))

    with pytest.raises(TargetDown):
        await GraphMailer(stage.graph).send(LETTER)
