"""A key vault that answers as Microsoft's REST reference says, and a wire to it for the SDK.

Strict where the service is: a challenge before anything, a version of the API, names, sizes and
roles. The SDK refuses plain http, so `Wire` carries what it sends to https://<name>.vault.azure.net
to a socket of this machine. Facts: Microsoft Learn, Key Vault REST reference, "Get Secret", "Set
Secret", and "Authentication, requests and responses".
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

from aiohttp import web
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AioHttpTransport

TENANT = "11111111-2222-4333-8444-555555555555"
VERSIONS = ("7.4", "7.5", "7.6", "2025-07-01", "2026-04-01")
MAX_BYTES = 25 * 1024
GOOD = "good"
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


@dataclass(frozen=True)
class Fault:
    """Answer this once; `carried_out` says whether the request was obeyed before."""

    status: int
    code: str
    inner: str = ""
    retry_after: str = ""
    carried_out: bool = False


@dataclass
class Vault:
    """One vault: its secrets by version, who may do what, and what goes wrong next."""

    url: str = field(default_factory=lambda: f"https://kv-{uuid4().hex[:12]}.vault.azure.net")
    versions: dict[str, list[str]] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    ends: dict[str, int] = field(default_factory=dict)
    """By name, the `exp` of a secret (Unix time)."""
    may: set[str] = field(default_factory=lambda: {"get", "set"})
    plan: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """`GET afas-token` and so on, in order, without what was only challenged."""
    port: int = 0

    def set(self, name: str, value: str) -> None:
        """As an operator does, beside the app."""
        self.versions.setdefault(name, []).append(value)

    def wire(self) -> Wire:
        """A transport for the SDK that ends here."""
        return Wire(self.port)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        if refused := self._at_the_door(request):
            return refused
        name = request.match_info["name"]
        self.asked.append(f"{request.method} {name}")
        fault = self.plan.pop(0) if self.plan else None
        if fault and not fault.carried_out:
            return _told(fault)
        answer = await self._obey(request, name)
        return _told(fault) if fault else answer

    def _at_the_door(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {GOOD}":
            where = f"https://login.microsoftonline.com/{TENANT}"
            challenge = f'Bearer authorization="{where}", resource="https://vault.azure.net"'
            refused = _error(401, "Unauthorized", "AKV10000: Request is missing a Bearer token.")
            refused.headers["WWW-Authenticate"] = challenge
            return refused
        if request.query.get("api-version") not in VERSIONS:
            return _error(400, "BadParameter", "The specified version is not recognized.")
        if not _NAME.fullmatch(request.match_info["name"]):
            return _error(400, "BadParameter", "The request URI contains an invalid name.")
        return None

    async def _obey(self, request: web.Request, name: str) -> web.Response:
        verb = {"GET": "get", "PUT": "set"}[request.method]
        if verb not in self.may:
            told = f"Caller is not authorized to perform action {verb}Secret on resource."
            return _error(403, "Forbidden", told, inner="ForbiddenByRbac")
        if verb == "set":
            value = (await request.json())["value"]
            if name in self.deleted:
                told = f"Secret {name} is currently in a deleted but recoverable state."
                return _error(409, "Conflict", told, inner="ObjectIsDeletedButRecoverable")
            if len(value.encode()) > MAX_BYTES:
                return _error(400, "BadParameter", "The length of the value is too large.")
            self.set(name, value)
        if name in self.deleted or name not in self.versions:
            told = f"A secret with (name/id) {name} was not found in this key vault."
            return _error(404, "SecretNotFound", told)
        if name in self.disabled:
            told = "Operation get is not allowed on a disabled secret."
            return _error(403, "Forbidden", told, inner="SecretDisabled")
        return web.json_response(self._bundle(name))

    def _bundle(self, name: str) -> dict[str, Any]:
        said = self.versions[name]
        times = {"created": 1_790_000_000, "updated": 1_790_000_000 + len(said)}
        return {
            "value": said[-1],
            "id": f"{self.url}/secrets/{name}/{len(said):032x}",
            "attributes": {
                "enabled": True,
                "recoveryLevel": "Recoverable",
                **times,
                **({"exp": self.ends[name]} if name in self.ends else {}),
            },
        }


class Wire(AioHttpTransport):  # type: ignore[misc]  # azure.core gives it untyped
    """Carries https://<name>.vault.azure.net to a port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    async def send(self, request: Any, **config: Any) -> Any:
        """See AsyncHttpTransport. The request keeps its address: the SDK remembers by it."""
        address = request.url
        assert address.startswith("https://")
        request.url = re.sub(r"^https://[^/]+", f"http://127.0.0.1:{self._port}", address)
        try:
            return await super().send(request, **config)
        finally:
            request.url = address


class Identity:
    """The app's: signs in at Entra, which is not played."""

    def __init__(self, token: str = GOOD) -> None:
        self._token = token

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        assert scopes == ("https://vault.azure.net/.default",)
        assert options["tenant_id"] == TENANT
        return AccessToken(self._token, 9_999_999_999)

    async def close(self) -> None:
        """Nothing to give back."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing to give back."""


@asynccontextmanager
async def key_vault() -> AsyncIterator[Vault]:
    """A vault on a free port."""
    vault = Vault()
    app = web.Application()
    for path in ("/secrets/{name}", "/secrets/{name}/"):
        app.router.add_route("*", path, vault.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vault.port = runner.addresses[0][1]
    try:
        yield vault
    finally:
        await runner.cleanup()


def _told(fault: Fault) -> web.Response:
    answer = _error(fault.status, fault.code, "as planned", inner=fault.inner)
    if fault.retry_after:
        answer.headers["Retry-After"] = fault.retry_after
    return answer


def _error(status: int, code: str, message: str, *, inner: str = "") -> web.Response:
    told: dict[str, Any] = {"code": code, "message": message}
    if inner:
        told["innererror"] = {"code": inner}
    return web.json_response({"error": told}, status=status)
