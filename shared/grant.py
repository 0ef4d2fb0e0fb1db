"""How is an OAuth 2.0 server asked for tokens? The consent address, and the one call for a grant.

RFC 6749: authorization code (4.1), refreshing (6), client password (2.3.1), errors (5.2); RFC 7636
for the code challenge. shared/oauth.py decides when to ask and keeps what comes back. Nothing of
an answer but its error code is ever told.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from shared.errors import Permanent, Transient, UnknownReply
from shared.rest import Call, Manners, Patience, persist, retry_after_header
from shared.secret import Secret, value_of

PATIENCE = Patience(attempts=3, total_seconds=30.0, attempt_seconds=20.0)
_ERROR_CODE = re.compile(r"[A-Za-z0-9_]{1,40}")
_RETRY_SECONDS = 30.0


@dataclass(frozen=True)
class Provider:
    """One application at one authorization server, as its administrator registered it."""

    name: str
    """The source's name: in settings, ledger, vault and `instroom hr connect`."""
    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str | Secret = field(repr=False)
    scope: str = ""
    secret_in_body: bool = False
    """Client id and secret as form fields instead of HTTP Basic."""
    pkce: bool = False
    margin_seconds: float = 20.0
    """A token is refreshed this long before it ends."""
    youngest_seconds: float = 60.0
    """A younger token is not refreshed for being refused: the reason lies elsewhere."""
    gone: Collection[str] = frozenset({"invalid_grant"})
    """Error codes after which only a new consent helps."""

    def consent_address(self, redirect: str, *, state: str, verifier: str) -> str:
        """Where the person who may consent has to go (RFC 6749, 4.1.1)."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect,
            "state": state,
            **({"scope": self.scope} if self.scope else {}),
            **(_challenge(verifier) if self.pkce else {}),
        }
        return f"{self.authorize_url}?{urlencode(asked, quote_via=quote)}"


@dataclass(frozen=True)
class Grant:
    """What the server gave."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    """None: the old one stays good (RFC 6749, 6)."""
    lifetime_seconds: float
    scope: str = ""
    """What was granted; empty when the server does not say (RFC 6749, 5.1)."""


class GrantGone(Permanent):
    """The code or refresh token is spent, expired or withdrawn: a person must consent again."""


class TokenEndpoint:
    """The token endpoint of one provider."""

    def __init__(
        self, provider: Provider, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._provider = provider
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(20, connect=5),
            headers={"Accept": "application/json"},
            transport=transport,
        )
        self._slots = asyncio.Semaphore(1)

    async def refresh(self, token: str) -> Grant:
        """Spend a refresh token.

        Raises GrantGone, Permanent for a wrong client, UnknownReply when it may have been spent.
        """
        return await self._ask({"grant_type": "refresh_token", "refresh_token": token})

    async def exchange(self, code: str, *, redirect: str, verifier: str) -> Grant:
        """Spend the code of a consent. Raises as `refresh` does."""
        proof = {"code_verifier": verifier} if self._provider.pkce else {}
        said = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        return await self._ask(said | proof)

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def _ask(self, form: Mapping[str, str]) -> Grant:
        """One grant. A client secret that is refused spent nothing: it may have been rotated."""
        secret = await value_of(self._provider.client_secret)
        answer = await self._post(form, secret)
        if _error(answer) == "invalid_client":
            renewed = await value_of(self._provider.client_secret, rejected=secret)
            if renewed != secret:
                answer = await self._post(form, renewed)
        return self._grant(answer)

    async def _post(self, form: Mapping[str, str], secret: str) -> httpx.Response:
        provider = self._provider
        headers: dict[str, str] = {}
        if provider.secret_in_body:
            form = {**form, "client_id": provider.client_id, "client_secret": secret}
        else:
            headers["Authorization"] = basic(provider.client_id, secret)

        async def send() -> httpx.Response:
            return await self._client.post(provider.token_url, data=form, headers=headers)

        # Never repeated once it may have arrived: a refresh token is good for one use.
        call = Call(provider.name, "POST", "token endpoint", idempotent=False)
        return await persist(
            call, send, slots=self._slots, manners=Manners(patience=PATIENCE, answers=())
        )

    def _grant(self, answer: httpx.Response) -> Grant:
        body = _body(answer)
        if not answer.is_success:
            raise self._refusal(answer)
        access, refresh = body.get("access_token"), body.get("refresh_token")
        if not isinstance(access, str) or not access:
            raise UnknownReply(f"{self._provider.name}: a token answer without a token")
        return Grant(
            access=access,
            refresh=refresh if isinstance(refresh, str) and refresh else None,
            lifetime_seconds=_lifetime(body.get("expires_in")),
            scope=str(body.get("scope") or ""),
        )

    def _refusal(self, answer: httpx.Response) -> Exception:
        code = _error(answer)
        provider = self._provider
        told = f"{provider.name}: the token endpoint answered {answer.status_code} ({code})"
        if code in provider.gone:
            return GrantGone(told, mender="operator")
        if code in ("invalid_client", "unauthorized_client", "invalid_scope"):
            prefix = provider.name.upper()
            mend = f"check {prefix}_CLIENT_ID, {prefix}_CLIENT_SECRET and the registered scopes"
            return Permanent(f"{told}: {mend}", mender="settings")
        wait = retry_after_header(answer)
        return Transient(told, retry_after_seconds=_RETRY_SECONDS if wait is None else wait)


def _body(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _error(answer: httpx.Response) -> str:
    """The code of a refusal; nothing else of it is ever told."""
    said = str(_body(answer).get("error") or "")
    return said if _ERROR_CODE.fullmatch(said) else "no error code"


def basic(client_id: str, client_secret: str) -> str:
    """HTTP Basic with both halves percent-encoded first (RFC 6749, 2.3.1): secrets hold `*`."""
    both = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return f"Basic {base64.b64encode(both.encode()).decode()}"


def _challenge(verifier: str) -> dict[str, str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return {"code_challenge": digest.decode().rstrip("="), "code_challenge_method": "S256"}


def _lifetime(said: object) -> float:
    """Seconds, as number or text (Exact Online says "600"); an odd answer gets the shortest."""
    try:
        seconds = float(str(said))
    except ValueError:
        return _RETRY_SECONDS
    return seconds if 0 < seconds < 10**9 else _RETRY_SECONDS
