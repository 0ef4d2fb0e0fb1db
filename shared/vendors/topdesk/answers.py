"""What does TOPdesk's refusal say, and what must be done next? Reads every shape of error body.

The shapes differ per endpoint (Supporting Files API 2.7.11: ErrorResponse, ErrorDescription): an
array or one object of `message` or of `errorCode`, `appliesTo`, `errorMessage`; the same under
`errors`; plain text; nothing. All of them end here as ours. Called by every file of this vendor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from shared.errors import InstroomError, NameTaken, Permanent, TargetDown

_FIELD_IN_TEXT = re.compile(r"""field ["'](?P<field>[^"']+)["']""", re.IGNORECASE)
_LONGEST_TEXT = 300
_SHORTEST_SECRET = 3
"""Shorter values than this (`Jo`) would blot out half of every sentence."""


@dataclass(frozen=True)
class Fault:
    """One thing that TOPdesk holds against a request."""

    text: str
    code: str = ""
    fields: tuple[str, ...] = ()

    def says(self, *words: str) -> bool:
        """Do all these words stand in the text, whatever the case?"""
        text = self.text.casefold()
        return all(word.casefold() in text for word in words)


def faults(response: httpx.Response) -> tuple[Fault, ...]:
    """Everything the body holds against the request; nothing when it says nothing."""
    try:
        body = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        is_page = "html" in response.headers.get("content-type", "")
        text = "" if is_page else response.text.strip()
        return (Fault(text[:_LONGEST_TEXT]),) if text else ()
    return tuple(_faults(body))


def _faults(body: Any) -> Iterable[Fault]:
    match body:
        case list():
            for part in body:
                yield from _faults(part)
        case {"errors": [*parts]}:
            yield from _faults(parts)
        case {"message": str() as text} | {"errorMessage": str() as text}:
            yield _fault(text, body)
        case {"errorCode": str() as code}:
            yield _fault(code, body)
        case str():
            yield _fault(body, {})


def _fault(text: str, body: Mapping[str, Any]) -> Fault:
    applies = body.get("appliesTo")
    listed = applies if isinstance(applies, list) else []
    named = [applies] if isinstance(applies, str) else listed
    found = _FIELD_IN_TEXT.search(text)
    if found and not named:
        named = [found["field"]]
    return Fault(
        text=text[:_LONGEST_TEXT],
        code=str(body.get("errorCode") or ""),
        fields=tuple(str(field) for field in named),
    )


def refusal(response: httpx.Response, doing: str, sent: Any = None) -> InstroomError:
    """The error to raise for an answer that is no success; `sent` is blotted out of its text."""
    said = faults(response)
    text = _without_values("; ".join(fault.text for fault in said), sent)
    status = response.status_code
    told = f"TOPdesk refused to {doing} ({status}{f': {text}' if text else ''})"
    match status:
        case httpx.codes.UNAUTHORIZED:
            return TargetDown(_who_mends_the_login(said))
        case httpx.codes.FORBIDDEN:
            return Permanent(
                f"{told}; give the API account's permission group the right that is missing"
            )
        case httpx.codes.NOT_FOUND:
            return Permanent(f"{told}; deleted in TOPdesk, or hidden by a filter of the account")
        case _ if status < httpx.codes.BAD_REQUEST:
            return TargetDown(f"{told}; check that TOPDESK_URL is the address of TOPdesk itself")
    if field := _taken(said):
        mend = "change it on the card that has it, or let the policy make another one"
        return NameTaken(f"{told}; {mend}", field=field)
    if any(fault.says("licen") for fault in said):
        told += (
            "; free a licence in TOPdesk, or let fewer rules of topdesk.operators hold: "
            "`instroom topdesk roles` counts"
        )
    if any(fault.says("admin") for fault in said):
        told += (
            "; TOPdesk lets no API account do this to an administrator: do it there by hand, or "
            "put the person under `protected` in the policy"
        )
    if any(fault.says("password", "mandatory") for fault in said):
        told += (
            "; switch off 'Password mandatory' for both cards, for sign-in goes by SSO, or write "
            "the login name on the card by hand"
        )
    return Permanent(told)


def _who_mends_the_login(said: Iterable[Fault]) -> str:
    if any(fault.says("removed or archived") for fault in said):
        return (
            "TOPdesk says the API account is removed or archived; ask the TOPdesk administrator "
            "to bring it back, then make it a new application password"
        )
    return (
        "TOPdesk refuses the API account's login name or application password; it may have "
        "expired: ask the TOPdesk administrator for a new one and set TOPDESK_USERNAME and "
        "TOPDESK_APP_PASSWORD"
    )


def _taken(said: Iterable[Fault]) -> str | None:
    """The field whose value somebody else has; a duplicate is a 400 here, never a 409."""
    for fault in said:
        if fault.says("login name", "unique"):
            return "loginName" if fault.says("operator") else "tasLoginName"
        if fault.code == "duplicate_value" and {"tasLoginName", "loginName"} & set(fault.fields):
            return fault.fields[0]
    return None


def _without_values(text: str, sent: Any) -> str:
    """The text without anything we sent: those are names and addresses of people."""
    for value in sorted(_texts(sent), key=len, reverse=True):
        text = re.sub(re.escape(value), "...", text, flags=re.IGNORECASE)
    return text


def _texts(sent: Any) -> Iterable[str]:
    match sent:
        case str() if len(sent) >= _SHORTEST_SECRET:
            yield sent
        case Mapping():
            for value in sent.values():
                yield from _texts(value)
        case list() | tuple():
            for value in sent:
                yield from _texts(value)
