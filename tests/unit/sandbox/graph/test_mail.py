"""Mail from a mailbox: accepted, kept, and refused as Exchange does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.graph.service import Service

MAILBOX = "instroom@bedrijf.example"


@pytest.fixture
def mailbox(service: Service) -> str:
    service.tenant.mailboxes.add(MAILBOX)
    return f"/users/{MAILBOX}/sendMail"


def a_mail(**changes: Any) -> dict[str, Any]:
    message = {
        "subject": "Hoi",
        "body": {"contentType": "Text", "content": "Dag."},
        "toRecipients": [{"emailAddress": {"address": "baas@bedrijf.example"}}],
        **changes,
    }
    return {"message": {name: value for name, value in message.items() if value is not None}}


def test_mail_is_accepted_and_kept(service: Service, mailbox: str) -> None:
    reply = service.ask("POST", mailbox, a_mail())

    assert (reply.status, reply.body) == (202, None)
    (kept,) = service.tenant.mails
    assert (kept["from"], kept["to"]) == (MAILBOX, ["baas@bedrijf.example"])
    assert (kept["subject"], kept["text"], kept["saved"]) == ("Hoi", "Dag.", True)


def test_a_user_has_a_mailbox_too(service: Service, create: Callable[..., str]) -> None:
    assert service.ask("POST", f"/users/{create()}/sendMail", a_mail()).status == 202


def test_unknown_mailbox_is_not_found(service: Service) -> None:
    reply = service.ask("POST", "/users/niemand@bedrijf.example/sendMail", a_mail())

    assert reply.status == 404


def test_a_mailbox_outside_the_role_is_denied(service: Service, mailbox: str) -> None:
    service.tenant.may_send_as = {"ander@bedrijf.example"}

    reply = service.ask("POST", mailbox, a_mail())

    assert isinstance(reply.body, dict)
    assert (reply.status, reply.body["error"]["code"]) == (403, "ErrorAccessDenied")
    assert service.tenant.mails == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": "Hoi"},
        {**a_mail(), "save_to_sent_items": True},
        a_mail(subject=None),
        a_mail(body={"contentType": "Markdown", "content": "Dag."}),
        a_mail(body={"content_type": "Text", "content": "Dag."}),
        a_mail(body="Dag."),
        a_mail(toRecipients=None),
        a_mail(toRecipients=["baas@bedrijf.example"]),
        a_mail(toRecipients=[{"emailAddress": {"address": "Anna"}}]),
        a_mail(to=[]),
    ],
)
def test_a_body_of_another_shape_is_refused(
    service: Service, mailbox: str, body: dict[str, Any]
) -> None:
    assert service.ask("POST", mailbox, body).status == 400
    assert service.tenant.mails == []
