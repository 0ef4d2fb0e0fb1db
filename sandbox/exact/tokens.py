"""May this app come in, and with which token? Exact's OAuth 2.0: 600 seconds, rotating.

Codes live three minutes and hold signs that must be decoded; a refresh before 570 seconds is
refused; a refresh token that was used is told to be old, and then only a person helps.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from sandbox.exact.settings import Environment

ACCESS_SECONDS = 600
EARLIEST_REFRESH_SECONDS = 570
REFRESH_SECONDS = 30 * 86_400
CODE_SECONDS = 180
TOKEN_CALLS_A_DAY = 200
_DAY = 86_400


class NotGranted(Exception):
    """The token endpoint's refusal."""

    def __init__(self, status: int, error: str, description: str, reason: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description}
        self.headers = {"Reason": reason} if reason else {}


@dataclass
class Tokens:
    """All codes and tokens of one app and user."""

    environment: Environment
    codes: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Code -> until, redirect address."""
    access: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, float] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    issued_at: float = 0.0
    calls: list[float] = field(default_factory=list)

    def consent(self, redirect: str) -> str:
        """A code for the person who has just consented."""
        code = f"stampNL001.{secrets.token_urlsafe(12)}!"
        self.codes[code] = (self._now() + CODE_SECONDS, redirect)
        return code

    def is_valid(self, header: str) -> bool:
        """Is this the Authorization header of a token that still lives?"""
        scheme, _, token = header.partition(" ")
        return scheme == "Bearer" and self.access.get(token, 0.0) > self._now()

    def answer(self, form: Mapping[str, str], authorization: str) -> dict[str, object]:
        """Tokens for a code or a refresh token. Raises NotGranted."""
        self._count()
        self._check_client(form, authorization)
        match form.get("grant_type"):
            case "authorization_code":
                self._spend_code(form.get("code", ""), form.get("redirect_uri", ""))
            case "refresh_token":
                self._spend_refresh(form.get("refresh_token", ""))
            case _:
                raise NotGranted(400, "unsupported_grant_type", "")
        return self.grant()

    def grant(self) -> dict[str, object]:
        """New tokens; `expires_in` is text, as Exact sends it."""
        access, refresh = secrets.token_urlsafe(40), f"stampNL001.{secrets.token_urlsafe(40)}"
        now = self._now()
        self.issued_at = now
        self.access[access] = now + ACCESS_SECONDS
        self.refresh[refresh] = now + REFRESH_SECONDS
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": str(ACCESS_SECONDS),
            "refresh_token": refresh,
        }

    def _spend_code(self, code: str, redirect: str) -> None:
        until, asked_for = self.codes.pop(code, (0.0, ""))
        if until <= self._now():
            raise NotGranted(400, "invalid_grant", "The code is unknown, was used or is too old.")
        if redirect != asked_for:
            raise NotGranted(400, "invalid_request", "redirect_uri differs")

    def _spend_refresh(self, token: str) -> None:
        now = self._now()
        if token in self.spent:
            raise NotGranted(401, "unauthorized_client", "Old refresh token used.")
        if token not in self.refresh:
            raise NotGranted(400, "invalid_grant", "The refresh token is unknown.")
        if self.refresh[token] <= now:
            raise NotGranted(400, "invalid_request", "The refresh token expired at some moment")
        if now - self.issued_at < EARLIEST_REFRESH_SECONDS:
            told = "Rate limit exceeded: access_token not expired"
            raise NotGranted(400, "access_denied", told, "TooEarlyToRefreshTokens: 570 seconds")
        del self.refresh[token]
        self.spent.add(token)

    def _check_client(self, form: Mapping[str, str], authorization: str) -> None:
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, encoded = authorization.partition(" ")
        if scheme == "Basic":
            try:
                name, _, secret = base64.b64decode(encoded).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                name = secret = ""
            given = (unquote(name), unquote(secret))
        if given != (self.environment.client_id, self.environment.client_secret):
            raise NotGranted(401, "invalid_client", "Client authentication failed.")

    def _count(self) -> None:
        now = self._now()
        self.calls = [moment for moment in self.calls if moment > now - _DAY] + [now]
        if len(self.calls) > TOKEN_CALLS_A_DAY:
            raise NotGranted(429, "access_denied", "Rate limit exceeded: token calls of this day")

    def _now(self) -> float:
        return self.environment.clock.wall()
