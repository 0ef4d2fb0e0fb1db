from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.enterprise import federation
from sandbox.graph.enterprise.state import OLD_ROLE, USER_ROLE
from sandbox.graph.service import Service

SECURE = "7e3a1c00-0000-4000-8000-000000000002"
SAML = {"preferredSingleSignOnMode": "saml"}
ELSEWHERE = "https://voorbeeld.topdesk.net/saml-metadata/1"


class Desk:
    """One tenant with one application, and short ways to ask."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.tenant = GraphTenant.seeded(self.clock, domain="bedrijf.example", groups=["Groep"])
        self.service = Service(self.tenant, None)
        made = self.ok("POST", f"/applicationTemplates/{SECURE}/instantiate", {"displayName": "T"})
        self.application = made["application"]["id"]
        self.app_id = made["application"]["appId"]
        self.principal = made["servicePrincipal"]["id"]
        self.path = f"/servicePrincipals/{self.principal}"
        self.group = self.tenant.group_named("Groep")["id"]

    def ok(self, method: str, url: str, body: object = None) -> dict[str, Any]:
        reply = self.service.ask(method, url, body)
        assert reply.status < 300, reply.body
        return reply.body if isinstance(reply.body, dict) else {}

    def refused(self, method: str, url: str, body: object = None) -> tuple[int, str, str]:
        reply = self.service.ask(method, url, body)
        assert reply.status >= 400
        assert isinstance(reply.body, dict)
        error = reply.body["error"]
        return reply.status, error["code"], error["message"]

    def certificate(self, **body: str) -> dict[str, Any]:
        return self.ok(
            "POST", f"{self.path}/addTokenSigningCertificate", {"displayName": "CN=T"} | body
        )

    def assignment(self, **changes: str) -> dict[str, str]:
        return {
            "principalId": self.group,
            "resourceId": self.principal,
            "appRoleId": USER_ROLE,
        } | changes


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_template_is_found_by_name_with_its_modes(desk: Desk) -> None:
    [found] = desk.ok("GET", "/applicationTemplates?$filter=displayName eq 'TOPdesk - Secure'")[
        "value"
    ]

    assert (found["id"], "saml" in found["supportedSingleSignOnModes"]) == (SECURE, True)


def test_instantiating_twice_makes_two(desk: Desk) -> None:
    desk.ok("POST", f"/applicationTemplates/{SECURE}/instantiate", {"displayName": "T"})
    found = desk.ok("GET", f"/applications?$filter=applicationTemplateId eq '{SECURE}'")["value"]

    assert len(found) == 2


def test_principal_is_found_by_its_application(desk: Desk) -> None:
    [found] = desk.ok("GET", f"/servicePrincipals?$filter=appId eq '{desk.app_id}'&$select=id")[
        "value"
    ]

    assert found == {"id": desk.principal}


@pytest.mark.parametrize("name", ["preferred_single_sign_on_mode", "redirectUris", "ssoMode"])
def test_unknown_property_is_refused(desk: Desk, name: str) -> None:
    told = desk.refused("PATCH", desk.path, {name: "x"})

    assert told == (400, "Request_BadRequest", f"Invalid property '{name}'.")


def test_redirects_are_written_below_web(desk: Desk) -> None:
    path = f"/applications/{desk.application}"
    told = desk.refused("PATCH", path, {"web": {"redirect_uris": []}})
    desk.ok("PATCH", path, {"web": {"redirectUris": ["https://a.example/x"]}})

    assert told[2] == "Invalid property 'redirect_uris'."
    assert desk.ok("GET", desk.path)["replyUrls"] == ["https://a.example/x"]


def test_identifier_elsewhere_is_for_saml_alone(desk: Desk) -> None:
    path, body = f"/applications/{desk.application}", {"identifierUris": [ELSEWHERE]}
    before = desk.refused("PATCH", path, body)
    desk.ok("PATCH", desk.path, SAML)
    desk.ok("PATCH", path, body)

    assert before[:2] == (400, "HostNameNotOnVerifiedDomain")


def test_identifier_belongs_to_one_application(desk: Desk) -> None:
    other = desk.ok("POST", f"/applicationTemplates/{SECURE}/instantiate", {"displayName": "U"})
    body = {"identifierUris": ["https://bedrijf.example/x"]}
    desk.ok("PATCH", f"/applications/{desk.application}", body)
    reply = desk.service.ask("PATCH", f"/applications/{other['application']['id']}", body)

    assert isinstance(reply.body, dict)
    assert reply.body["error"]["details"][0]["code"] == "ObjectConflict"


# --- certificates ------------------------------------------------------------------------------


def test_certificate_is_a_real_one_for_three_years(desk: Desk) -> None:
    made = desk.certificate()
    signer = desk.tenant.enterprise.signers[desk.principal][0]

    assert made["thumbprint"] == signer.thumbprint
    assert made["endDateTime"] == "2029-11-01T09:00:00Z"
    assert signer.certificate.subject == x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "T")]
    )


@pytest.mark.parametrize(
    "body", [{"displayName": "T"}, {"endDateTime": "2031-01-01T00:00:00Z"}, {"end": "x"}]
)
def test_certificate_that_entra_would_not_make_is_refused(
    desk: Desk, body: dict[str, str]
) -> None:
    path = f"{desk.path}/addTokenSigningCertificate"

    assert desk.refused("POST", path, {"displayName": "CN=T"} | body)[0] == 400


def test_public_key_is_shown_to_who_selects_it_of_one(desk: Desk) -> None:
    desk.certificate()
    whole = desk.ok("GET", desk.path)["keyCredentials"]
    chosen = desk.ok("GET", f"{desk.path}?$select=keyCredentials")["keyCredentials"]
    listed = desk.ok("GET", "/servicePrincipals?$select=keyCredentials")["value"][0]

    assert [each["key"] for each in whole] == [None, None]
    assert [bool(each["key"]) for each in chosen] == [False, True]
    assert [each["key"] for each in listed["keyCredentials"]] == [None, None]


def test_only_a_certificate_that_is_there_can_be_preferred(desk: Desk) -> None:
    made = desk.certificate()
    name = "preferredTokenSigningKeyThumbprint"
    told = desk.refused("PATCH", desk.path, {name: "AB"})
    desk.ok("PATCH", desk.path, {name: made["thumbprint"]})

    assert told[0] == 400
    assert desk.tenant.enterprise.active_signer(desk.app_id)


def test_credential_left_out_of_the_list_is_gone_and_none_can_be_put_in(desk: Desk) -> None:
    desk.certificate()
    told = desk.refused("PATCH", desk.path, {"keyCredentials": [{"keyId": "x"}]})
    desk.ok("PATCH", desk.path, {"keyCredentials": [], "passwordCredentials": []})

    assert told[0] == 400
    assert desk.ok("GET", desk.path)["keyCredentials"] == []


def test_metadata_is_published_for_an_active_certificate(desk: Desk) -> None:
    tenant = desk.tenant
    made = desk.certificate()
    before = federation.metadata(tenant, tenant.tenant_id, desk.app_id)
    desk.ok("PATCH", desk.path, {"preferredTokenSigningKeyThumbprint": made["thumbprint"]})
    after = federation.metadata(tenant, tenant.tenant_id, desk.app_id)

    assert before is None
    assert after
    assert made["key"] in after
    assert federation.metadata(tenant, "another", desk.app_id) is None


# --- who may sign in ---------------------------------------------------------------------------


def test_group_is_assigned_once(desk: Desk) -> None:
    path = f"{desk.path}/appRoleAssignedTo"
    made = desk.ok("POST", path, desk.assignment())
    told = desk.refused("POST", path, desk.assignment())
    [listed] = desk.ok("GET", path)["value"]
    desk.ok("DELETE", f"{path}/{made['id']}")

    assert listed["principalType"] == "Group"
    assert "already exists" in told[2]
    assert desk.ok("GET", path)["value"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"appRoleId": OLD_ROLE}, "was not found on application"),
        ({"appRoleId": "00000000-0000-0000-0000-000000000000"}, "was not found on application"),
        ({"resourceId": "another"}, "Not a valid reference update"),
        ({"principalId": "nobody"}, "does not exist"),
        ({"role": "x"}, "Invalid property 'role'"),
    ],
)
def test_wrong_assignment_is_refused(desk: Desk, changes: dict[str, str], words: str) -> None:
    told = desk.refused("POST", f"{desk.path}/appRoleAssignedTo", desk.assignment(**changes))

    assert words in told[2]


def test_group_needs_p1_and_a_user_does_not(desk: Desk) -> None:
    desk.tenant.enterprise.has_p1 = False
    user = desk.tenant.add_user({"userPrincipalName": "a@bedrijf.example", "displayName": "A"})
    path = f"{desk.path}/appRoleAssignedTo"
    told = desk.refused("POST", path, desk.assignment())
    desk.ok("POST", path, desk.assignment(principalId=user))

    assert "plan level" in told[2]
    assert desk.ok("GET", "/subscribedSkus")["value"][0]["servicePlans"] == []


# --- claims ------------------------------------------------------------------------------------

GOOD = '{"ClaimsMappingPolicy":{"Version":1,"ClaimsSchema":[{"Source":"user","ID":"mail"}]}}'


def test_policy_is_assigned_once(desk: Desk) -> None:
    body = {"displayName": "P", "definition": [GOOD]}
    made = desk.ok("POST", "/policies/claimsMappingPolicies", body)
    path = f"{desk.path}/claimsMappingPolicies/$ref"
    reference = {"@odata.id": f"https://graph/v1.0/policies/claimsMappingPolicies/{made['id']}"}
    desk.ok("POST", path, reference)
    told = desk.refused("POST", path, reference)
    [listed] = desk.ok("GET", f"{desk.path}/claimsMappingPolicies")["value"]
    desk.ok("DELETE", f"{desk.path}/claimsMappingPolicies/{made['id']}/$ref")

    assert "already exist" in told[2]
    assert listed["definition"] == [GOOD]
    assert desk.ok("GET", f"{desk.path}/claimsMappingPolicies")["value"] == []


@pytest.mark.parametrize(
    "definition",
    [
        "{}",
        "no json",
        GOOD.replace("ClaimsSchema", "claimsSchema"),
        GOOD.replace('"ID"', '"Id"'),
        GOOD.replace("1", '"1"'),
    ],
)
def test_definition_with_another_key_is_refused(desk: Desk, definition: str) -> None:
    body = {"displayName": "P", "definition": [definition]}

    assert "invalid value" in desk.refused("POST", "/policies/claimsMappingPolicies", body)[2]


@pytest.mark.parametrize(
    ("denied", "method", "path"),
    [
        ("applications", "PATCH", "{path}"),
        ("applications", "POST", "{path}/addTokenSigningCertificate"),
        ("assignments", "POST", "{path}/appRoleAssignedTo"),
        ("policies", "POST", "/policies/claimsMappingPolicies"),
    ],
)
def test_who_may_not_is_refused(desk: Desk, denied: str, method: str, path: str) -> None:
    desk.tenant.enterprise.denied = {denied}

    assert desk.refused(method, path.format(path=desk.path), {"x": 1})[:2] == (
        403,
        "Authorization_RequestDenied",
    )


def test_new_application_is_unknown_to_a_lagging_replica() -> None:
    desk = Desk()
    desk.tenant.replication.seconds = 30
    made = desk.ok("POST", f"/applicationTemplates/{SECURE}/instantiate", {"displayName": "U"})
    path = f"/applications/{made['application']['id']}"
    early = desk.refused("GET", path)[0]
    desk.clock.advance(31)

    assert early == 404
    assert desk.ok("GET", path)["displayName"] == "U"
