"""May whoever is signed in look, or answer? By app roles and groups that the settings name.

Called by the operations API. Nobody's word counts but the platform's (principal.py): a function
key says which program calls, and not who.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.console.principal import NotSignedIn, signed_in
from shared.model.collector import Collector


@dataclass(frozen=True)
class Doors:
    """Who may do what, as the settings say it."""

    platform: bool
    """Is App Service's authentication on?"""
    readers: str
    answerers: str


class Denied(Exception):
    """They may not; the message says what it would take."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def reader(headers: Mapping[str, str], doors: Doors) -> Collector:
    """Who looks. Raises Denied."""
    who = _somebody(headers, doors)
    if not _is_one_of(who, f"{doors.readers},{doors.answerers}"):
        raise Denied(403, "you may not look here: OPS_READERS names no role or group of yours")
    return who


def answerer(headers: Mapping[str, str], doors: Doors) -> Collector:
    """Who says yes or no: a human, for a program has no second factor. Raises Denied."""
    who = _somebody(headers, doors)
    if not _is_one_of(who, doors.answerers):
        raise Denied(403, "you may not answer: OPS_ANSWERERS names no role or group of yours")
    if not who.second_factor:
        raise Denied(403, "sign in with a second factor: an answer binds, and somebody gave it")
    return who


def _somebody(headers: Mapping[str, str], doors: Doors) -> Collector:
    try:
        return signed_in(headers, platform=doors.platform)
    except NotSignedIn as nobody:
        if nobody.platform:
            raise Denied(401, "sign in: send a token of Entra for this app") from None
        mend = "the app knows nobody: switch on App Service's authentication (docs/ops-api.md)"
        raise Denied(403, mend) from None


def _is_one_of(who: Collector, named: str) -> bool:
    names = {name.strip() for name in named.split(",")} - {""}
    return bool(names & (who.roles | who.groups))
