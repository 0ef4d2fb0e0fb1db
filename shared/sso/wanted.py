"""What must one of TOPdesk's doors look like in Entra? The policy's section, filled in.

Pure. The addresses that the policy leaves out are those of Microsoft's tutorials; TOPdesk's own
metadata has the say, which is why each can be written in the policy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from shared.policy.sso import Realm, Sso, SsoRealm

TEMPLATES = {Realm.SECURE: "TOPdesk - Secure", Realm.PUBLIC: "TOPdesk - Public"}
"""Names in the gallery (Microsoft Entra, tutorials for TOPdesk - Secure and - Public)."""
_TAG = "instroom-sso-"
_SOURCES = {"userprincipalname": "userPrincipalName", "mail": "mail"}


@dataclass(frozen=True)
class Wanted:
    """One door as it must stand in Entra."""

    realm: Realm
    template: str
    application: str
    identifier: str
    reply_url: str
    sign_on_url: str
    logout_url: str | None
    """None: whatever Entra has."""
    metadata_url: str | None
    notify: tuple[str, ...]
    my_apps: bool
    groups: tuple[str, ...]
    claim: str
    login: str
    """The source of the claim, as a claims policy writes it."""
    certificate_days: int

    @property
    def tag(self) -> str:
        """What marks the service principal as the one that Instroom sees to."""
        return f"{_TAG}{self.realm}"

    @property
    def login_property(self) -> str:
        """The property of an account that the claim carries."""
        return _SOURCES[self.login]

    @property
    def card_field(self) -> str:
        """The field of a TOPdesk card that the claim must equal."""
        return "loginName" if self.realm is Realm.SECURE else "tasLoginName"

    @property
    def claims_name(self) -> str:
        """What the claims policy is called in Entra."""
        return f"Instroom: login name for {self.template}"

    @property
    def claims_definition(self) -> str:
        """The claims policy: Entra's usual claims, and the login name in the wanted one.

        Keys are case-sensitive (Microsoft Graph, "claimsMappingPolicy resource type").
        """
        claim = {"Source": "user", "ID": self.login, "SamlClaimType": self.claim}
        inner = {"Version": 1, "IncludeBasicClaimSet": "true", "ClaimsSchema": [claim]}
        return json.dumps({"ClaimsMappingPolicy": inner})


def wanted(sso: Sso) -> tuple[Wanted, ...]:
    """The doors that the policy describes."""
    return tuple(_door(sso, realm, door) for realm, door in sso.realms.items())


def _door(sso: Sso, realm: Realm, door: SsoRealm) -> Wanted:
    return Wanted(
        realm=realm,
        template=TEMPLATES[realm],
        application=door.application or TEMPLATES[realm],
        identifier=door.identifier,
        reply_url=door.reply_url or f"{sso.topdesk}/tas/{realm}/login/verify",
        sign_on_url=door.sign_on_url or sso.topdesk,
        logout_url=door.logout_url,
        metadata_url=door.metadata_url,
        notify=sso.notify,
        my_apps=door.my_apps,
        groups=door.groups,
        claim=sso.claim,
        login=sso.login,
        certificate_days=sso.certificate_days,
    )
