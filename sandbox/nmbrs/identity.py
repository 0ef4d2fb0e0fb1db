"""The identity server: consent, codes, and refresh tokens that are good for one use.

Paths and rules: Nmbrs REST API specification and the vendor's Python SDK (authorization code
only, client in Basic with both halves percent-encoded, or in the body; RFC 6749, RFC 7636).
Whoever opens the consent address consents at once: there is no login page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.nmbrs.environment import Environment

_DAY_SECONDS = 86_400


class Denied(Exception):
    """The token endpoint answers with this error code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.body = {"error": code, "error_description": description}


@dataclass
class _Consent:
    """One consent; `refresh` is the only refresh token that is good now."""

    scopes: frozenset[str]
    refresh: str = ""
    refresh_until: float = 0.0
    ended: bool = False


@dataclass
class _Code:
    consent: _Consent
    redirect: str
    challenge: str
    until: float


@dataclass
class Identity:
    """What was granted, to whom and until when; in wall time."""

    environment: Environment
    codes: dict[str, _Code] = field(default_factory=dict)
    refreshes: dict[str, _Consent] = field(default_factory=dict)
    """Every refresh token ever given, also the spent ones."""
    accesses: dict[str, tuple[_Consent, float]] = field(default_factory=dict)
    refreshed: int = 0

    def scopes(self, access: str) -> frozenset[str] | None:
        """What this access token may read; None when it is not valid now."""
        consent, until = self.accesses.get(access, (None, 0.0))
        if consent is None or consent.ended or self.environment.clock.wall() >= until:
            return None
        return consent.scopes - self.environment.withheld

    def expire_accesses(self) -> None:
        """Every access token ends now."""
        self.accesses.clear()

    def expire_refreshes(self) -> None:
        """Every consent has been left alone too long."""
        for consent in self.refreshes.values():
            consent.refresh_until = 0.0

    def routes(self) -> list[Route]:
        """The paths of the server."""
        return [
            Route("/connect/authorize", self._authorize),
            Route("/connect/token", self._token, methods=["POST"]),
            Route("/connect/revocation", self._revoke, methods=["POST"]),
            Route("/.well-known/openid-configuration", self._discover),
        ]

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        redirect = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.environment.client_id:
            return JSONResponse({"error": "unauthorized_client"}, 400)
        if redirect not in self.environment.redirects:
            return JSONResponse({"error": "invalid_request: redirect_uri"}, 400)
        back = {"state": asked.get("state", "")}
        scopes = frozenset(asked.get("scope", "").split())
        if asked.get("response_type") != "code" or not scopes or "openid" in scopes:
            error = "invalid_scope" if "openid" in scopes or not scopes else "invalid_request"
            return RedirectResponse(f"{redirect}?{urlencode({**back, 'error': error})}", 302)
        code = secrets.token_urlsafe(24)
        until = self.environment.clock.wall() + self.environment.code_seconds
        self.codes[code] = _Code(
            _Consent(scopes), redirect, asked.get("code_challenge", ""), until
        )
        return RedirectResponse(f"{redirect}?{urlencode({**back, 'code': code})}", 302)

    async def _token(self, request: Request) -> Response:
        form = _first_values(await request.body())
        try:
            self._check_client(request.headers.get("authorization", ""), form)
            return JSONResponse(self._granted(form))
        except Denied as denied:
            return JSONResponse(denied.body, 400)

    async def _revoke(self, request: Request) -> Response:
        form = _first_values(await request.body())
        if consent := self.refreshes.get(form.get("token", "")):
            consent.ended = True
        return Response(status_code=200)

    async def _discover(self, request: Request) -> Response:
        base = f"{request.url.scheme}://{request.url.netloc}"
        return JSONResponse(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/connect/authorize",
                "token_endpoint": f"{base}/connect/token",
                "revocation_endpoint": f"{base}/connect/revocation",
                "code_challenge_methods_supported": ["plain", "S256"],
            }
        )

    def _check_client(self, header: str, form: Mapping[str, str]) -> None:
        given = _basic(header) or (form.get("client_id", ""), form.get("client_secret", ""))
        if given != (self.environment.client_id, self.environment.client_secret):
            raise Denied("invalid_client", "unknown client or wrong secret")

    def _granted(self, form: Mapping[str, str]) -> dict[str, object]:
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form)
            case "refresh_token":
                return self._by_refresh(form)
        raise Denied("unsupported_grant_type", "only codes and refresh tokens")

    def _by_code(self, form: Mapping[str, str]) -> dict[str, object]:
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or self.environment.clock.wall() >= code.until:
            raise Denied("invalid_grant", "the code is spent, expired or unknown")
        if form.get("redirect_uri") != code.redirect:
            raise Denied("invalid_grant", "another redirect_uri than was asked with")
        verifier = form.get("code_verifier", "").encode()
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode().rstrip("=")
        if code.challenge and proof != code.challenge:
            raise Denied("invalid_grant", "the code verifier does not fit")
        return self._grant(code.consent)

    def _by_refresh(self, form: Mapping[str, str]) -> dict[str, object]:
        token = form.get("refresh_token", "")
        consent = self.refreshes.get(token)
        if consent is None or consent.ended:
            raise Denied("invalid_grant", "unknown or revoked")
        if consent.refresh != token:
            consent.ended = self.environment.reuse_revokes
            raise Denied("invalid_grant", "used before")
        if self.environment.clock.wall() >= consent.refresh_until:
            raise Denied("invalid_grant", "expired")
        self.refreshed += 1
        return self._grant(consent)

    def _grant(self, consent: _Consent) -> dict[str, object]:
        now = self.environment.clock.wall()
        access = secrets.token_urlsafe(32)
        self.accesses[access] = (consent, now + self.environment.token_seconds)
        answer: dict[str, object] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.environment.token_seconds,
            "scope": " ".join(sorted(consent.scopes)),
        }
        if "offline_access" in consent.scopes:
            consent.refresh = secrets.token_urlsafe(32)
            consent.refresh_until = now + self.environment.refresh_days * _DAY_SECONDS
            self.refreshes[consent.refresh] = consent
            answer["refresh_token"] = consent.refresh
        return answer


def _first_values(body: bytes) -> dict[str, str]:
    parsed = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[0] for name, values in parsed.items()}


def _basic(header: str) -> tuple[str, str] | None:
    if not header.startswith("Basic "):
        return None
    try:
        decoded = base64.b64decode(header[6:], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    client, _, secret = decoded.partition(":")
    return unquote(client), unquote(secret)
