"""What does `instroom sso` work with? Built for one command, under an administrator's own sign-in.

The app's identity needs no permission for any of this and gets none. Who runs the command signs
in to Microsoft's public client for Graph and consents there, for himself alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
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
from shared.settings import Settings
from shared.sso.look import Eyes
from shared.sso.notes import FileNotes
from shared.sso.setup import Desk
from shared.sso.wanted import Wanted, wanted
from shared.vendors.graph.client import connect
from shared.vendors.saml import Publisher

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


@dataclass(frozen=True)
class Said:
    """What the policy says of single sign-on."""

    organisation: str
    doors: tuple[Wanted, ...]


def said(policy: Path | None) -> Said:
    """What the policy's file says. Raises Misconfigured when it says nothing of this."""
    name = str(policy or wiring.settings().policy_file)
    read = load(wiring.text_of(name), name=name)
    if read.sso is None or not read.sso.realms:
        raise Misconfigured(
            name,
            "says nothing of single sign-on",
            "Add the section sso with secure, public or both; docs/sso.md shows one",
        )
    return Said(read.organisation.name, wanted(read.sso))


@dataclass(frozen=True)
class Place:
    """All that a command works with."""

    desk: Desk
    eyes: Eyes


@asynccontextmanager
async def place(
    sign_in: SignIn, folder: Path, tell: Callable[[str], None]
) -> AsyncIterator[Place]:
    """Everything under the administrator's sign-in, until the block ends. Raises Misconfigured."""
    told = wiring.settings()
    for problem in setting.problems(told):
        if problem.what.startswith("GRAPH_"):
            raise problem
    async with AsyncExitStack() as opened:
        graph = connect(told.graph_base_url, await _credential(told, sign_in))
        opened.push_async_callback(graph.close)
        publisher = Publisher()
        opened.push_async_callback(publisher.close)
        wired = wiring.Wiring(told)
        opened.push_async_callback(wired.close)
        answers = told.topdesk_url and told.topdesk_username and told.topdesk_app_password
        topdesk = wired.topdesk() if answers else None
        notes = FileNotes(folder / "begun.json")
        yield Place(
            Desk(graph, notes, lambda: datetime.now(UTC), asyncio.sleep, tell),
            Eyes(graph, publisher, told.login_base_url, topdesk),
        )


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
