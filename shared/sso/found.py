"""What stands in Entra for one of TOPdesk's doors? The values that `plan` and `check` compare.

Pure: `read` fills these from Graph.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1


@dataclass(frozen=True)
class Certificate:
    """A signing certificate; its private half stays in Entra."""

    thumbprint: str
    """Hexadecimal, upper case, as Entra writes it."""
    not_after: datetime
    key_id: str
    """What ties the public, the private and the password credential together."""
    der: bytes | None = None
    """The public part, when Entra gave it."""


@dataclass(frozen=True)
class Assignment:
    """Somebody, or a group, that may sign in."""

    principal_id: str
    kind: str
    """User, Group or ServicePrincipal."""
    name: str
    role_id: str


@dataclass(frozen=True)
class Application:
    """The application object: who TOPdesk is."""

    id: str
    app_id: str
    name: str
    identifiers: tuple[str, ...]
    reply_urls: tuple[str, ...]


@dataclass(frozen=True)
class Principal:
    """The service principal: how people sign in to it in this tenant."""

    id: str
    enabled: bool
    mode: str | None
    sign_on_url: str | None
    logout_url: str | None
    assignment_required: bool
    notify: tuple[str, ...]
    tags: tuple[str, ...]
    active: str | None
    """Thumbprint of the certificate that signs."""
    role_id: str
    """The role that lets somebody sign in."""
    certificates: tuple[Certificate, ...] = ()
    """The one that expires last comes first."""
    assignments: tuple[Assignment, ...] = ()
    claims_id: str | None = None
    claims_name: str | None = None
    claims_definition: str = ""

    @property
    def signing(self) -> Certificate | None:
        """The certificate that signs now."""
        return next((each for each in self.certificates if each.thumbprint == self.active), None)


@dataclass(frozen=True)
class Group:
    """A group that the policy lets sign in. `problem` says why it cannot do so, with the mend."""

    id: str | None
    problem: str | None = None


@dataclass(frozen=True)
class Found:
    """All that Graph says of one door. The parts are None as long as they are not there."""

    template_id: str
    application: Application | None = None
    principal: Principal | None = None
    own_claims_id: str | None = None
    """Our claims policy, assigned or not."""
    own_claims_definition: str = ""
    groups: Mapping[str, Group] = field(default_factory=dict)
    claims_known: bool = True
    """False: the claims policies were not asked for, and are not judged."""
    has_p1: bool | None = None
    """None: who signed in may not know."""


def thumbprint_of(der: bytes) -> str:
    """What Entra calls this certificate."""
    digest = x509.load_der_x509_certificate(der).fingerprint(SHA1())  # noqa: S303 - a name only
    return digest.hex().upper()


def thumbprint_in(custom_key_identifier: str) -> str:
    """The thumbprint as a credential carries it: the same bytes, in base64."""
    return base64.b64decode(custom_key_identifier).hex().upper()


def carries(definition: str, *, claim: str, source: str) -> bool:
    """Does this claims policy put that property of the user into that claim?"""
    try:
        schema = json.loads(definition)["ClaimsMappingPolicy"]["ClaimsSchema"]
        return any(
            (each.get("Source"), str(each.get("ID")).casefold(), each.get("SamlClaimType"))
            == ("user", source, claim)
            for each in schema
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
