"""What is a secret's value now? A plain setting's stays; one in a vault may be rotated meanwhile.

A vaulted secret is read when it is first needed, kept for an hour, and looked up again when it is
refused: whoever rotates one restarts nothing. When the vault is away, what was read last is used
on. wiring makes them; vendors ask for the value at each call and never keep it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Protocol

import httpx

from shared import log
from shared.errors import InstroomError, Misconfigured, TargetDown

KEPT_SECONDS = 3600.0
"""How long a value is used that nobody refuses."""
AGAIN_SECONDS = 60.0
"""The least between two looks: no wrong password or stranger's webhook may storm a vault."""


class Secret(Protocol):
    """Something whose value may change while we run."""

    async def value(self, *, rejected: str | None = None) -> str:
        """The value as far as is known; looked up again when `rejected` is what is known.

        Raises Misconfigured or Transient when it cannot be had.
        """
        ...


class Vaulted:
    """A secret that `read` gets from a vault; safe to use from many tasks of one event loop."""

    def __init__(
        self, setting: str, read: Callable[[], Awaitable[str]], *, monotonic: Callable[[], float]
    ) -> None:
        self._setting = setting
        self._read = read
        self._monotonic = monotonic
        self._known: str | None = None
        self._failed: InstroomError | None = None
        self._looked_at = 0.0
        self._one = asyncio.Lock()

    async def value(self, *, rejected: str | None = None) -> str:
        """See Secret."""
        async with self._one:
            if self._is_due(rejected):
                await self._look()
            if self._known is None and self._failed:
                raise self._failed.with_traceback(None)
            return self._known or ""

    def _is_due(self, rejected: str | None) -> bool:
        if self._known is None and self._failed is None:
            return True
        age = self._monotonic() - self._looked_at
        if self._known is None or self._known == rejected:
            return age >= AGAIN_SECONDS
        return age >= KEPT_SECONDS

    async def _look(self) -> None:
        try:
            self._known, self._failed = await self._read(), None
        except InstroomError as error:
            self._failed = error
            log.warning("secret not read", setting=self._setting, problem=error)
        self._looked_at = self._monotonic()


class Presented(httpx.Auth):
    """Puts a secret on each request; a refused one is looked up again and tried once more."""

    def __init__(self, secret: str | Secret, put: Callable[[httpx.Request, str], None]) -> None:
        self._secret = secret
        self._put = put

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """See httpx, "Custom authentication schemes"."""
        value = await at_hand(self._secret)
        self._put(request, value)
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        renewed = await at_hand(self._secret, rejected=value)
        if renewed != value:
            self._put(request, renewed)
            yield request

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Our clients are asynchronous."""
        del request
        raise RuntimeError("Presented is for httpx.AsyncClient")


async def value_of(secret: str | Secret, *, rejected: str | None = None) -> str:
    """The value of a plain secret, or of one that may change. Raises as Secret.value does."""
    return secret if isinstance(secret, str) else await secret.value(rejected=rejected)


async def at_hand(secret: str | Secret, *, rejected: str | None = None) -> str:
    """As `value_of`, for a call that is about to be made. Raises TargetDown as well.

    A secret that cannot be had is as good as a refused one: nobody can be served there, and
    nobody's work is given up for it.
    """
    try:
        return await value_of(secret, rejected=rejected)
    except Misconfigured as error:
        raise TargetDown(str(error)) from error
