"""How does an administrator sign in to Graph at the command line? With a sign-in of their own.

Used by `instroom sso` and `instroom permissions`. The app's identity needs no permission for what
these do and gets none. Who runs a command signs in to Microsoft's public client for Graph and
consents there, for themself alone, to what the command names.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared import settings_check, wiring
from shared.errors import Misconfigured
from shared.settings import Settings
from shared.vendors.graph.client import Graph, connect

GRAPH_COMMAND_LINE_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
"""Microsoft's own public client, known to every tenant (Microsoft Graph PowerShell)."""


@dataclass(frozen=True)
class SignIn:
    """How the administrator signs in."""

    tenant: str | None = None
    device_code: bool = False
    """Type a code in a browser on another machine, instead of opening one here."""


@dataclass(frozen=True)
class Asked:
    """What the administrator is asked to consent to."""

    permissions: tuple[str, ...]
    """Delegated: what whoever signs in may do anyway, and no more."""
    role: str
    """Who may do that."""
    document: str
    """Where the permissions are listed."""


class SignedIn:
    """azure-identity's interactive credentials, which are not async, for an async client."""

    def __init__(self, credential: Any, scopes: tuple[str, ...], asked: Asked) -> None:
        self._credential = credential
        self._scopes = scopes
        self._asked = asked

    async def get_token(self, *_scopes: str, **options: Any) -> AccessToken:
        """A token for the permissions asked; `.default` would not ask for consent to them."""
        try:
            token: AccessToken = await asyncio.to_thread(
                self._credential.get_token, *self._scopes, **options
            )
        except ClientAuthenticationError as error:
            raise Misconfigured(
                "your sign-in",
                "Entra gave no token",
                f"Sign in as at least a {self._asked.role}, and let a Global Administrator "
                f"consent to the permissions that {self._asked.document} lists",
            ) from error
        return token


@asynccontextmanager
async def signed_in(sign_in: SignIn, asked: Asked) -> AsyncIterator[Graph]:
    """Graph under the administrator's sign-in, until the block ends. Raises Misconfigured."""
    told = wiring.settings()
    for problem in settings_check.problems(told):
        if problem.what.startswith("GRAPH_"):
            raise problem
    graph = connect(told.graph_base_url, await _credential(told, sign_in, asked))
    try:
        yield graph
    finally:
        await graph.close()


async def _credential(told: Settings, sign_in: SignIn, asked: Asked) -> Any:
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
    scopes = tuple(f"{resource}/{each}" for each in asked.permissions)
    credential = SignedIn(inner, scopes, asked)
    await credential.get_token()  # now: a human takes longer than a call may
    return credential
