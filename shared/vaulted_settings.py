"""Which secrets lie in Key Vault, and what of that can be seen to be wrong without asking it?

A secret setting holds its value, or `vault:` and the name of a secret that the app reads itself;
settings.py asks this of all of them. Nothing here reads a vault: that is wiring's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from shared.errors import Misconfigured

VAULT = "vault:"
READ_BY_THE_HOST = "ServiceBusConnection"
_REFERENCE = "@Microsoft.KeyVault("
"""A reference that Azure could not resolve reaches the app as its own text."""
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_EXAMPLE = "https://<name>.vault.azure.net"


def in_vault(value: SecretStr | None) -> str | None:
    """The name in Key Vault that a secret setting points at; None for a plain one."""
    text = value.get_secret_value() if value else ""
    return text.removeprefix(VAULT) if text.startswith(VAULT) else None


def is_elsewhere(value: SecretStr) -> bool:
    """Is this not the value itself?"""
    return value.get_secret_value().startswith((VAULT, _REFERENCE))


def problems(secrets: Mapping[str, SecretStr], *, url: str | None) -> Iterator[Misconfigured]:
    """What is wrong, each with how to mend it. `secrets` by setting; `url` of the vault."""
    if url and (urlsplit(url).scheme != "https" or urlsplit(url).path):
        yield Misconfigured("KEY_VAULT_URL", "is no key vault", f"Give it {_EXAMPLE}")
    for setting, value in secrets.items():
        if problem := _problem(setting, value, url):
            yield problem


def _problem(setting: str, value: SecretStr, url: str | None) -> Misconfigured | None:
    name = in_vault(value)
    if name is None:
        return _unresolved(setting, value)
    if setting == READ_BY_THE_HOST:
        return Misconfigured(
            setting,
            "is read by the Functions host, which knows no `vault:`",
            "Set ServiceBusConnection__fullyQualifiedNamespace instead",
        )
    if not _NAME.fullmatch(name):
        return Misconfigured(
            setting,
            "names no secret behind `vault:`",
            "Letters, digits and hyphens make a name, as in `vault:afas-token`",
        )
    if not url:
        return Misconfigured(
            setting, "lies in Key Vault, and KEY_VAULT_URL is not set", f"Set it to {_EXAMPLE}"
        )
    return None


def _unresolved(setting: str, value: SecretStr) -> Misconfigured | None:
    if not value.get_secret_value().startswith(_REFERENCE):
        return None
    return Misconfigured(
        setting,
        "its Key Vault reference is not resolved",
        "See that the secret exists and that the app's identity may read it",
    )
