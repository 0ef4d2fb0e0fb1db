"""Sending mail from a mailbox. What was sent stays here for tests and the demo to read.

Source: Graph v1.0, "user: sendMail", and Exchange Online, "Role Based Access Control for
Applications": an app may send from the mailboxes that a role of Exchange reaches.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.graph import refusals
from sandbox.graph.call import Call
from sandbox.graph.refusals import Refusal
from sandbox.graph.wire import Json, Reply

_BODY = frozenset({"message", "saveToSentItems"})
_RECIPIENTS = ("toRecipients", "ccRecipients", "bccRecipients", "replyTo")
_MESSAGE = frozenset({"subject", "body", "importance", "@odata.type", *_RECIPIENTS})
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def send(call: Call) -> Reply:
    """POST /users/{mailbox}/sendMail -> 202 without a body."""
    tenant, body = call.tenant, call.request.json()
    address, ids = _mailbox(call)
    if tenant.may_send_as is not None and address.casefold() not in tenant.may_send_as:
        raise Refusal(
            403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
        )
    _refuse_others(body, _BODY)
    message = body.get("message")
    if not isinstance(message, dict):
        raise refusals.bad_request("The message parameter is required.")
    _refuse_others(message, _MESSAGE)
    mail = {
        "from": address,
        "to": _addresses(message),
        "subject": _text(message, "subject"),
        "text": _content(message),
        "at": tenant.timestamp(),
        "saved": body.get("saveToSentItems", True),
    }
    tenant.mails.append(mail)
    return Reply(202, None, ids=ids, changed=("message",))


def _mailbox(call: Call) -> tuple[str, tuple[str, ...]]:
    """The addressed mailbox, a shared one or a user's; 404 when there is none."""
    name = call.params["user"].casefold()
    if name in call.tenant.mailboxes:
        return name, ()
    user = call.user()
    return str(user.get("mail") or user["userPrincipalName"]), (user["id"],)


def _refuse_others(body: Json, known: frozenset[str]) -> None:
    for name in body:
        if name not in known:
            raise refusals.bad_request(
                f"The property '{name}' does not exist on type 'microsoft.graph.message'."
            )


def _text(message: Json, name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value.strip():
        raise refusals.bad_request(f"Cannot read the value of property '{name}' as text.")
    return value


def _content(message: Json) -> str:
    content = message.get("body")
    if not isinstance(content, dict) or set(content) - {"contentType", "content"}:
        raise refusals.bad_request("Cannot read the value of property 'body' as an itemBody.")
    if str(content.get("contentType")).casefold() not in ("text", "html"):
        raise refusals.bad_request("Requested value for property 'contentType' was not found.")
    return _text(content, "content")


def _addresses(message: Json) -> list[str]:
    """Of all recipients; at least one."""
    found = [_address(one) for name in _RECIPIENTS[:3] for one in message.get(name) or ()]
    if not found:
        raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    return found


def _address(recipient: Any) -> str:
    inner = recipient.get("emailAddress") if isinstance(recipient, dict) else None
    address = inner.get("address") if isinstance(inner, dict) else None
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    return address
