"""Which sources does a person let us into, and how is each of them asked? From the settings.

Called by wiring; a source is added with one function and one row of CONSENTS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import SecretStr

from shared.errors import Misconfigured
from shared.grant import Provider
from shared.secret import Secret
from shared.settings import Settings
from shared.vendors import nmbrs
from shared.vendors.exact import consent as exact


@dataclass(frozen=True)
class Consent:
    """How one source is asked for consent, and where it sends whoever gives it."""

    provider: Provider
    redirect: str


def with_writing(consent: Consent) -> Consent:
    """The consent for Nmbrs, when the policy also writes back to it."""
    scope = f"{consent.provider.scope} {nmbrs.WRITING}"
    return replace(consent, provider=replace(consent.provider, scope=scope))


type Reveal = Callable[[str, SecretStr], str | Secret]
"""What the setting of this name holds: a value, or where it can be had."""


def _nmbrs(settings: Settings, reveal: Reveal) -> Consent:
    given = settings.nmbrs_client_id, settings.nmbrs_client_secret
    client, secret = _client("NMBRS", *given, reveal)
    provider = nmbrs.provider(settings.nmbrs_identity_url, client, secret)
    return Consent(provider, settings.nmbrs_redirect_url)


def _exact(settings: Settings, reveal: Reveal) -> Consent:
    given = settings.exact_client_id, settings.exact_client_secret
    client, secret = _client("EXACT", *given, reveal)
    provider = exact.provider(settings.exact_base_url, client, secret)
    return Consent(provider, settings.exact_redirect_url)


CONSENTS: Mapping[str, Callable[[Settings, Reveal], Consent]] = {
    "exact": _exact,
    "nmbrs": _nmbrs,
}
"""By the source's name. Each raises Misconfigured for a setting that is missing."""


def _client(
    prefix: str, client_id: str | None, secret: SecretStr | None, reveal: Reveal
) -> tuple[str, str | Secret]:
    """The registered application of a source."""
    if not client_id or not secret:
        lacking = f"{prefix}_CLIENT_SECRET" if client_id else f"{prefix}_CLIENT_ID"
        raise Misconfigured(lacking, "is not set", "Set it as it was registered")
    return client_id, reveal(f"{prefix}_CLIENT_SECRET", secret)
