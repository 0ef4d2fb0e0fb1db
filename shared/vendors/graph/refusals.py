"""What does an error answer of Graph mean to us? Status, code and details to our errors.

Keyed on status and code, never on wording, for the texts change (Microsoft Graph, "Microsoft
Graph error responses and resource types"). Messages of ours carry no value of anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx

from shared.errors import InstroomError, Mender, NameTaken, Permanent, TargetDown, Transient
from shared.rest import Call, retry_after_header

CONFLICT = "ObjectConflict"
HOLDERS = "ConflictingObjects"
_PASSING_STATUS = frozenset({409, 412, 423, 424})
_PASSING_CODES = frozenset({"Directory_ConcurrencyViolation", "Directory_ExpiredPageToken"})
_NOT_YET_CODES = frozenset({"HostNameNotOnVerifiedDomain"})
"""An identifier outside the tenant's domains: fine for SAML, once Graph knows that it is that."""
_NAMED_PROPERTY = re.compile(
    r"propert(?:y|ies):? '?(?!is\b)([A-Za-z][A-Za-z0-9]{1,40})"
    r"|\b([a-z]+[A-Z][A-Za-z0-9]{0,40}) property\b"
)


@dataclass(frozen=True)
class Refusal:
    """An error answer, read: what is known whatever the wording."""

    status: int
    code: str = ""
    details: tuple[tuple[str, str], ...] = ()
    """Code and target of each detail."""
    properties: tuple[str, ...] = ()
    """Names of properties that the answer speaks of."""
    says_exists: bool = False
    """The only thing that tells an existing member apart from any other bad request."""
    request_id: str = ""

    def __str__(self) -> str:
        """The refusal in a line that holds no value."""
        about = f" ({', '.join(self.properties)})" if self.properties else ""
        return f"{self.status} {self.code}{about}".strip()


class NotVisible(Transient):
    """The object is not there, or not yet as it is on the replica that answered."""


class Refused(Permanent):
    """Graph will not do this until something is mended."""

    def __init__(self, reason: str, refusal: Refusal, *, mender: Mender = "target") -> None:
        super().__init__(reason, mender=mender)
        self.refusal = refusal


def read(response: httpx.Response) -> Refusal:
    """The error body, or what can be said without one (a gateway's page is no JSON)."""
    error = _error_object(response)
    details = [d for d in error.get("details") or () if isinstance(d, dict)]
    message = str(error.get("message", ""))
    targets = [str(d.get("target", "")) for d in details if d.get("code") != HOLDERS]
    said = ("".join(groups) for groups in _NAMED_PROPERTY.findall(message))
    named = [*said, *(t for t in targets if t.isidentifier())]
    return Refusal(
        status=response.status_code,
        code=str(error.get("code", "")),
        details=tuple((str(d.get("code", "")), str(d.get("target", ""))) for d in details),
        properties=tuple(dict.fromkeys(named)),
        says_exists="already exist" in message,
        request_id=response.headers.get("request-id", ""),
    )


def error_for(call: Call, response: httpx.Response) -> InstroomError:
    """The error to raise for an answer that is no success."""
    refusal = read(response)
    told = f"{call}: {refusal}"
    codes = {code for code, _ in refusal.details}
    if CONFLICT in codes:
        return NameTaken(told, field=_target(refusal, CONFLICT), holder_id=_holder(refusal))
    if refusal.status in _PASSING_STATUS or refusal.code in _PASSING_CODES:
        return Transient(told, retry_after_seconds=retry_after_header(response))
    if refusal.code in _NOT_YET_CODES:
        return NotVisible(told)
    match refusal.status:
        case httpx.codes.UNAUTHORIZED:
            return TargetDown(f"{told}; the app's credentials are refused")
        case httpx.codes.NOT_FOUND:
            return NotVisible(told)
        case httpx.codes.FORBIDDEN:
            return Refused(told, refusal, mender="operator")
        case _:
            return Refused(told, refusal)


def _error_object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _target(refusal: Refusal, code: str) -> str:
    return next(target for found, target in refusal.details if found == code)


def _holder(refusal: Refusal) -> str | None:
    """The object id in `User_<id>`; None when Graph does not tell, or it is no user."""
    for code, target in refusal.details:
        if code == HOLDERS and target.startswith("User_"):
            return target.removeprefix("User_")
    return None
