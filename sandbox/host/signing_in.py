"""Who is signed in? Plays the authentication that App Service has in front of an app.

On when the setting WEBSITE_AUTH_ENABLED is true, as App Service sets it. Then the headers that
only the platform may give are taken off every call, and given for the user whom the header
`X-Sandbox-User` names, or else the setting SANDBOX_USER: a query string of `oid`, `name`,
`groups`, `roles` and `amr`, the last three as often as wanted. No password: the host listens on
loopback only. Source: Microsoft Learn, "Work with user identities in Azure App Service
authentication".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

USER = "x-sandbox-user"
PREFIX = "x-ms-client-principal"
_CLAIMS = {
    "oid": "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "name": "preferred_username",
    "groups": "groups",
    "roles": "roles",
    "amr": "http://schemas.microsoft.com/claims/authnmethodsreferences",
}


@dataclass(frozen=True)
class Platform:
    """The authentication of one app."""

    on: bool = False
    user: str = ""
    """Who is signed in when a call names nobody."""

    def signed(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers as the app gets them; names in lower case."""
        if not self.on:
            return dict(headers)
        kept = {k: v for k, v in headers.items() if not k.startswith(PREFIX) and k != USER}
        said = parse_qs(headers.get(USER, self.user))
        return kept | _principal(said) if said.get("oid") else kept


NOBODY = Platform()
"""No authentication: headers pass as they come."""


def from_settings(settings: Mapping[str, str]) -> Platform:
    """As App Service reads them."""
    on = settings.get("WEBSITE_AUTH_ENABLED", "").strip().lower() == "true"
    return Platform(on, settings.get("SANDBOX_USER", ""))


def _principal(said: Mapping[str, list[str]]) -> dict[str, str]:
    claims = [
        {"typ": kind, "val": value} for key, kind in _CLAIMS.items() for value in said.get(key, ())
    ]
    body = {"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"}
    return {
        PREFIX: base64.b64encode(json.dumps(body).encode()).decode(),
        f"{PREFIX}-id": said["oid"][0],
        f"{PREFIX}-name": said.get("name", said["oid"])[0],
        f"{PREFIX}-idp": "aad",
    }
