"""What does `instroom sso` work with? Built for one command, under an administrator's own sign-in.

The app's identity needs no permission for any of this and gets none. Who runs the command signs
in to Microsoft's public client for Graph and consents there, for himself alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared import settings as setting
from shared import wiring
from shared.errors import Misconfigured
from shared.policy.load import load
from shared.policy.sso import Sso
from shared.settings import Settings
from shared.sso.notes import FileNotes
from shared.sso.setup import Desk
from shared.vendors.graph.client import connect

GRAPH_COMMAND_LINE_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
"""Microsoft's own public client, known to every tenant (Microsoft Graph PowerShell)."""
PERMISSIONS = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ApplicationConfiguration",
    "Group.Read.All",
    "User.Read.All",
    "Organization.Read.All",
)
"""Delegated: what whoever signs in may do anyway, and no more."""


@dataclass(frozen=True)
class SignIn:
    """How the administrator signs in."""

    tenant: str | None = None
    device_code: bool = False
    """Type a code in a browser on another machine, instead of opening one here."""


class SignedIn:
    """azure-identity's interactive credentials, which are not async, for an async client."""

    def __init__(self, credential: Any, scopes: tuple[str, ...]) -> None:
        self._credential = credential
        self._scopes = scopes

    async def get_token(self, *_scopes: str, **options: Any) -> AccessToken:
        """A token for the permissions above; `.default` would not ask for consent to them."""
        try:
            token: AccessToken = await asyncio.to_thread(
                self._credential.get_token, *self._scopes, **options
            )
        except ClientAuthenticationError as error:
            raise Misconfigured(
                "your sign-in",
                "Entra gave no token",
                "Sign in as at least a Cloud Application Administrator, and let a Global "
                "Administrator consent to the permissions that docs/sso.md lists",
            ) from error
        return token


def section(policy: Path | None) -> Sso:
    """The policy's section about single sign-on. Raises Misconfigured when there is none."""
    name = str(policy or wiring.settings().policy_file)
    sso = load(wiring.text_of(name), name=name).sso
    if sso is None or not sso.realms:
        raise Misconfigured(
            name,
            "says nothing of single sign-on",
            "Add the section sso with secure, public or both; docs/sso.md shows one",
        )
    return sso


@asynccontextmanager
async def desk(sign_in: SignIn, folder: Path, tell: Callable[[str], None]) -> AsyncIterator[Desk]:
    """Graph under the administrator's sign-in, until the block ends. Raises Misconfigured."""
    told = wiring.settings()
    for problem in setting.problems(told):
        if problem.what.startswith("GRAPH_"):
            raise problem
    credential = await _credential(told, sign_in)
    graph = connect(told.graph_base_url, credential)
    try:
        notes = FileNotes(folder / "begun.json")
        yield Desk(graph, notes, lambda: datetime.now(UTC), asyncio.sleep, tell)
    finally:
        await graph.close()


async def _credential(told: Settings, sign_in: SignIn) -> Any:
    if told.graph_auth == "none":
        return wiring.NoCredential()
    from azure.identity import (  # noqa: PLC0415 - not on a laptop with the sandbox
        DeviceCodeCredential,
        InteractiveBrowserCredential,
    )

    kind = DeviceCodeCredential if sign_in.device_code else InteractiveBrowserCredential
    inner = kind(
        client_id=GRAPH_COMMAND_LINE_TOOLS,
        tenant_id=sign_in.tenant or "organizations",
        authority=told.login_base_url,
    )
    address = urlsplit(told.graph_base_url)
    resource = f"{address.scheme}://{address.netloc}"
    signed_in = SignedIn(inner, tuple(f"{resource}/{each}" for each in PERMISSIONS))
    await signed_in.get_token()  # now: a human takes longer than a call may
    return signed_in
