"""How is Azure Key Vault asked for a secret, and given one? By its name, with the app's identity.

A TokenStore as shared/vault.py has it, and where `vault:` settings are read. Only wiring makes
one. Facts: Microsoft Learn, Key Vault REST reference, "Get Secret", "Set Secret" and
"Authentication, requests and responses"; each write is a new version, and the last one counts.
The SDK's own retries are off, as everywhere. What is kept is neither logged nor shown.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import stamina
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.keyvault.secrets.aio import SecretClient

from shared.errors import InstroomError, Misconfigured, Permanent, TargetDown, Transient

NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
"""What a secret may be called ("Vault-name and Object-name")."""
PATIENCE_SECONDS = 20.0
_ATTEMPTS = 4
_OPTIONS: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 10}
_READER, _KEEPER = "Key Vault Secrets User", "Key Vault Secrets Officer"

# The SDK logs addresses and headers at INFO; only its warnings are heard.
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.WARNING)


class KeyVault:
    """The secrets of one vault."""

    def __init__(
        self, url: str, credential: AsyncTokenCredential, *, prefix: str = "", **options: Any
    ) -> None:
        self._client = SecretClient(url, credential, logger=_wire_log, **_OPTIONS, **options)
        self._prefix = prefix

    async def read(self, name: str) -> str | None:
        """The latest value under this name, without a line end; None when there is none.

        Raises Misconfigured with the mend, Transient and TargetDown when it may be had later.
        """
        full = self._named(name)
        try:
            found = await _patiently(lambda: self._client.get_secret(full), full, role=_READER)
        except _NotThere:
            return None
        # A file that a secret was set from often ends in one, and no header may hold it.
        return (found.value or "").rstrip("\r\n") or None

    async def ends(self, name: str) -> datetime | None:
        """Until when the secret of this name is good; None when nobody said, or there is none."""
        full = self._named(name)
        try:
            found = await _patiently(lambda: self._client.get_secret(full), full, role=_READER)
        except _NotThere:
            return None
        return found.properties.expires_on

    async def write(self, name: str, text: str) -> None:
        """Keep the text as a new version. Raises as `read` does."""
        full = self._named(name)
        await _patiently(lambda: self._client.set_secret(full, text), full, role=_KEEPER)

    async def close(self) -> None:
        """Give back the connections; the credential stays the caller's."""
        await self._client.close()

    def _named(self, name: str) -> str:
        full = f"{self._prefix}{name}"
        if not NAME.fullmatch(full):
            raise ValueError(f"{full!r} is no name of a secret")
        return full


class _NotThere(Exception):
    """There is no such secret. It never leaves this file."""


async def _patiently[T](ask: Callable[[], Awaitable[T]], name: str, *, role: str) -> T:
    """Ask again while that helps. Also a write: the same text twice is one version more."""
    async for attempt in stamina.retry_context(
        on=_pause, attempts=_ATTEMPTS, timeout=PATIENCE_SECONDS
    ):
        with attempt:
            return await _asked(ask, name, role)
    raise AssertionError("a retry loop either returns or raises")


async def _asked[T](ask: Callable[[], Awaitable[T]], name: str, role: str) -> T:
    try:
        return await ask()
    except ResourceNotFoundError:
        raise _NotThere from None
    except AzureError as error:
        raise _meaning(error, name, role) from error
    except ValueError:
        # The SDK's check of who challenges us; its message may quote the address.
        raise Misconfigured(
            "KEY_VAULT_URL", "is no key vault of Azure", "Give it https://<name>.vault.azure.net"
        ) from None


def _pause(error: Exception) -> bool | float:
    if not isinstance(error, Transient):
        return False
    wait = error.retry_after_seconds
    return True if wait is None else wait if wait <= PATIENCE_SECONDS else False


def _meaning(error: AzureError, name: str, role: str) -> InstroomError:
    """Our error for the SDK's. Messages hold the service's code and no address of a vault."""
    if isinstance(error, ClientAuthenticationError):
        return TargetDown(
            "Key Vault: no sign-in for this identity. In Azure the app needs its identity, of the "
            "vault's tenant; at a desk run `az login`"
        )
    if isinstance(error, ServiceRequestError):
        return TargetDown("Key Vault cannot be reached: check KEY_VAULT_URL and the network")
    if not isinstance(error, HttpResponseError) or error.status_code is None:
        return Transient(f"Key Vault gave no answer ({type(error).__name__})")
    code = _code(error)
    told = f"Key Vault answered {error.status_code} ({code}) about secret '{name}'"
    match error.status_code:
        case 403:
            return _forbidden(code, name, role)
        case 409:
            return Misconfigured(
                "KEY_VAULT_URL",
                f"secret '{name}' was deleted and can still be recovered ({code})",
                "Recover it with `az keyvault secret recover`",
            )
        case 408 | 429 | 500 | 502 | 503 | 504:
            return Transient(told, retry_after_seconds=_retry_after(error))
    return Permanent(told, mender="settings")


def _forbidden(code: str, name: str, role: str) -> InstroomError:
    match code:
        case "SecretDisabled":
            problem, mend = f"secret '{name}' is disabled", "Enable it, or set a new version"
        case "ForbiddenByFirewall" | "ForbiddenByConnection":
            problem = f"the vault is closed to this network ({code})"
            mend = "Come from a network that it allows, such as that of its private endpoint"
        case _:
            verb = "write" if role == _KEEPER else "read"
            problem = f"this identity may not {verb} secret '{name}' ({code})"
            mend = f"Give it the role {role} on the vault; it may take minutes to work"
    return Misconfigured("KEY_VAULT_URL", problem, mend)


def _code(error: HttpResponseError) -> str:
    """The innermost code of Key Vault's error, such as ForbiddenByRbac."""
    told = error.error
    inner = getattr(told, "innererror", None)
    found = inner.get("code") if isinstance(inner, dict) else None
    return str(found or getattr(told, "code", None) or "without a code")


def _retry_after(error: HttpResponseError) -> float | None:
    headers = getattr(error.response, "headers", {})
    text = str(headers.get("Retry-After", ""))
    return float(text) if text.isdecimal() else None
