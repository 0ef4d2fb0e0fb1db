"""Which applications, service principals, assignments and claims policies does the tenant have?

The state behind the handlers of this folder. Tests look at it directly, and set what a tenant may
lack: `has_p1` (groups cannot be assigned without it) and `denied` (who signs in may not do it).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.graph import refusals
from sandbox.graph.enterprise.signing import Signer
from sandbox.graph.replication import Replication, Versioned

type Json = dict[str, Any]

USER_ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"
MSIAM_ROLE = "b9632174-c057-4f7e-951b-be3adc52bfe6"
OLD_ROLE = "5f3d2c1b-0000-4000-8000-000000000001"


def _role(role_id: str, name: str, *, enabled: bool = True) -> Json:
    return {
        "id": role_id,
        "allowedMemberTypes": ["User"],
        "description": name,
        "displayName": name,
        "isEnabled": enabled,
        "origin": "Application",
        "value": None,
    }


ROLES = (
    _role(OLD_ROLE, "User", enabled=False),
    _role(MSIAM_ROLE, "msiam_access"),
    _role(USER_ROLE, "User"),
)
"""Gallery applications declare `User` and `msiam_access`; the switched-off one is a trap."""


def _template(number: int, name: str, *modes: str) -> Json:
    return {
        "id": f"7e3a1c00-0000-4000-8000-{number:012}",
        "displayName": name,
        "homePageUrl": "https://www.topdesk.com/",
        "supportedSingleSignOnModes": list(modes),
        "supportedProvisioningTypes": [],
        "logoUrl": None,
        "categories": ["itInfrastructure"],
        "publisher": "TOPdesk",
        "description": None,
    }


TEMPLATES = (
    _template(1, "TOPdesk - Public", "saml", "external"),
    _template(2, "TOPdesk - Secure", "saml", "external"),
    _template(3, "Topdesk", "password"),
)


@dataclass
class Enterprise:
    """All of it, in one tenant."""

    replication: Replication
    templates: list[Json] = field(default_factory=lambda: [dict(each) for each in TEMPLATES])
    has_p1: bool = True
    denied: set[str] = field(default_factory=set)
    """`applications`, `assignments`, `policies`: what the caller may not write."""
    signers: dict[str, list[Signer]] = field(default_factory=dict)
    """By service principal, in order of making."""

    def __post_init__(self) -> None:
        self.applications: Versioned[str, Json] = Versioned(self.replication)
        self.principals: Versioned[str, Json] = Versioned(self.replication)
        self.assignments: Versioned[str, Json] = Versioned(self.replication)
        self.policies: Versioned[str, Json] = Versioned(self.replication)
        self.policy_of: Versioned[str, str] = Versioned(self.replication)
        """Service principal to claims mapping policy: one each."""

    @property
    def certificates_made(self) -> int:
        """How many certificates were ever made here."""
        return sum(len(each) for each in self.signers.values())

    def check_may(self, what: str) -> None:
        """Raise the 403 of somebody whose sign-in does not reach so far."""
        if what in self.denied:
            raise refusals.forbidden()

    def principal_of(self, app_id: str, as_of: float | None = None) -> Json | None:
        """The service principal of an application."""
        for key in self.principals.keys(as_of):
            found = self.principals.get(key, as_of)
            if found is not None and found["appId"] == app_id:
                return found
        return None

    def add_identity(self, principal: Json, graph: Json) -> None:
        """Put a managed identity there, and Graph's own service principal when it lacks."""
        if self.principal_of(graph["appId"]) is None:
            self.principals.put(graph["id"], graph)
        self.principals.put(principal["id"], principal)

    def active_signer(self, app_id: str) -> Signer | None:
        """What signs responses for this application: the certificate that was made active."""
        principal = self.principal_of(app_id)
        if principal is None:
            return None
        wanted = principal.get("preferredTokenSigningKeyThumbprint")
        of_it = self.signers.get(principal["id"], ())
        return next((each for each in of_it if each.thumbprint == wanted), None)
