"""How is AFAS Profit written to? Bodies of UpdateConnectors, and what its refusals mean.

Facts: AFAS developer documentation, "UpdateConnector" and "Troubleshooting" (November 2025), and
the HelloID targets for employees and users (Tools4everBV, 2025), whose bodies these are. A body
is one transaction. 500 is the normal code of a functional refusal; an unchanged value is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import httpx

from shared.errors import Mender, Permanent, Transient, UnknownReply
from shared.vendors.afas import Afas

EMPLOYEE = "KnEmployee"
USER = "KnUser"
MAKE_OR_CHANGE, BLOCK, UNBLOCK = 1, 2, 6
"""`MtCd` of KnUser (AFAS help, KnUser)."""
MATCH_ON_NUMBER = 0
"""`MatchPer`: by the person's own number. Any other value may touch somebody else, or make one."""

_MAIL = re.compile(r"\S+@\S+")
_LOCKED = ("locked", "vergrendeld", "deadlock")
_NO_RIGHT = (
    "Add the UpdateConnector {connector} to the app connector that AFAS_TOKEN belongs to, and "
    "give its user's group the right to it"
)
_NOT_UNIQUE = (
    "The value is somebody else's in AFAS, where a user's UPN and mail are unique over all "
    "environments: take it off there"
)
_CLOSED = "Open it in Profit, or let its administrator say what may be changed"
_MENDS: tuple[tuple[tuple[str, ...], Mender, str], ...] = (
    (("not supported", "niet ondersteund", "authori", "rechten"), "settings", _NO_RIGHT),
    (("unique", "uniek", "already", "al gebruikt", "bestaat al"), "hr", _NOT_UNIQUE),
    (("closed", "afgesloten", "blocked", "geblokkeerd"), "hr", _CLOSED),
)
"""Words of a refusal, who mends it, and how."""


def employee(number: str, person: str, fields: Mapping[str, str], free: Mapping[str, str]) -> Any:
    """The body for KnEmployee: fields of the person inside, and the customer's own around it."""
    element: dict[str, Any] = {"@EmId": number}
    if free:
        element["Fields"] = dict(free)
    if fields:
        inner = {"MatchPer": MATCH_ON_NUMBER, "BcCo": person, **fields}
        element["Objects"] = [{"KnPerson": {"Element": {"Fields": inner}}}]
    return {"AfasEmployee": {"Element": element}}


def user(user_id: str, code: int, name: str, fields: Mapping[str, Any]) -> Any:
    """The body for KnUser; AFAS wants the name each time."""
    given = {"MtCd": code, "Nm": name, **fields}
    return {"KnUser": {"Element": {"@UsId": user_id, "Fields": given}}}


class Refusal(Permanent):
    """AFAS did not carry it out, or says so: what stands there now has the last word."""


async def write(
    afas: Afas, method: str, connector: str, content: Any, *, sent: Collection[str]
) -> None:
    """Send a body; returns when AFAS took it. `sent` are the values that no message may repeat.

    Raises Refusal, with the mend; Transient for a record that somebody has open; UnknownReply.
    """
    answer = await afas.send(method, connector, content)
    if answer.is_success:
        return  # 200 or 201, mostly with nothing in it
    status = answer.status_code
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        raise Refusal(
            f"AFAS lets nobody write through {connector} with this token ({status}). "
            + _NO_RIGHT.format(connector=connector),
            mender="settings",
        )
    told = _told(answer, sent)
    words = told.casefold()
    if any(word in words for word in _LOCKED):
        raise Transient(f"AFAS {connector}: {told}")
    for known, mender, mend in _MENDS:
        if any(word in words for word in known):
            raise Refusal(
                f"AFAS refused {connector} ({status}){told}. {mend.format(connector=connector)}",
                mender=mender,
            )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR and not told:
        raise UnknownReply(f"AFAS {connector}: answered {status} and said nothing")
    raise Refusal(f"AFAS refused {connector} ({status}){told}", mender="hr")


def _told(answer: httpx.Response, sent: Collection[str]) -> str:
    """AFAS' own words without a value or an address in them, and its log reference."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, Mapping):
        return ""
    words = str(body.get("externalMessage") or body.get("message") or "")
    for value in sorted(filter(None, sent), key=len, reverse=True):
        words = re.sub(re.escape(value), "…", words, flags=re.IGNORECASE)
    words = _MAIL.sub("…", words)
    return f": {words or 'no reason given'}, log reference {_reference(body)}"


def _reference(body: Mapping[str, Any]) -> str:
    return str(body.get("profitLogReference") or "none")
