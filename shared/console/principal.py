"""Who is signed in, by App Service's word? Read from the headers that it puts on a call.

Source: Microsoft Learn, "Work with user identities in Azure App Service authentication". The
platform takes these headers off what callers send, but only while its authentication is on:
without that nobody is signed in, whatever the headers say.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.model.collector import SIGNED_IN, Collector

HEADER = "X-MS-CLIENT-PRINCIPAL"
ENTRA = "aad"
_OF_MICROSOFT = "http://schemas.microsoft.com/"
_ID = ("oid", f"{_OF_MICROSOFT}identity/claims/objectidentifier")
_ROLES = ("roles", f"{_OF_MICROSOFT}ws/2008/06/identity/claims/role")
_METHODS = ("amr", f"{_OF_MICROSOFT}claims/authnmethodsreferences")
_NAMES = (
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    "name",
)
_SECOND_FACTOR = frozenset({"mfa", "ngcmfa"})
"""Entra, "Access token claims reference", amr: `mfa` whatever the second factor was."""
_LONGEST_NAME = 100


class NotSignedIn(Exception):
    """Nobody is signed in."""

    def __init__(self, *, platform: bool) -> None:
        super().__init__("nobody is signed in")
        self.platform = platform
        """Could somebody sign in? Otherwise App Service's authentication is off."""


class _Claim(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str = Field(alias="typ")
    value: str = Field(alias="val")


class _Principal(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: str = Field(alias="auth_typ")
    claims: tuple[_Claim, ...] = ()
    role_kind: str | None = Field(default=None, alias="role_typ")

    def all(self, *kinds: str | None) -> frozenset[str]:
        """The values of these kinds of claim."""
        return frozenset(claim.value for claim in self.claims if claim.kind in kinds)

    def first(self, kinds: tuple[str, ...]) -> str | None:
        """The value of the first of these kinds that there is."""
        return next((claim.value for k in kinds for claim in self.claims if claim.kind == k), None)


def signed_in(headers: Mapping[str, str], *, platform: bool) -> Collector:
    """Who calls. `platform`: is App Service's authentication on? Raises NotSignedIn."""
    said = headers.get(HEADER) if platform else None
    principal = _read(said) if said else None
    if principal is None or principal.provider != ENTRA:
        raise NotSignedIn(platform=platform)
    account_id = principal.first(_ID)
    if account_id is None:
        raise NotSignedIn(platform=platform)
    name = principal.first(_NAMES) or account_id
    shown = name[:_LONGEST_NAME] if name.isprintable() else account_id
    return Collector(
        name=f"{shown}{SIGNED_IN}",
        account_id=account_id,
        groups=principal.all("groups"),
        roles=principal.all(*_ROLES, principal.role_kind),
        second_factor=_second_factor(principal.all(*_METHODS)),
    )


def _read(text: str) -> _Principal | None:
    try:
        found: Any = json.loads(base64.b64decode(text + "=" * (-len(text) % 4)))
        return _Principal.model_validate(found)
    except (ValueError, ValidationError, RecursionError):
        return None


def _second_factor(methods: frozenset[str]) -> bool | None:
    """None when the sign-in says nothing; several methods may stand in one claim as a list."""
    said = {word for method in methods for word in re.findall(r"\w+", method)}
    return bool(said & _SECOND_FACTOR) if said else None
