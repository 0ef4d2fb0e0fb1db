"""Enterprise applications in Graph: gallery templates, applications, service principals.

Facts from Microsoft Graph v1.0: "applicationTemplate: instantiate", "servicePrincipal resource
type", "servicePrincipal: addTokenSigningCertificate", "Grant an appRoleAssignment for a service
principal", "claimsMappingPolicy resource type". Instantiating, adding a certificate and making a
policy are not idempotent: they are never repeated here after a lost reply.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.vendors.graph import paths
from shared.vendors.graph.client import Graph, Json

_APPLICATION = "id,appId,displayName,identifierUris,web,applicationTemplateId"
_TAGGED = "id,appId,tags"
_PRINCIPAL = (
    "id,appId,accountEnabled,appRoles,preferredSingleSignOnMode,loginUrl,logoutUrl,"
    "appRoleAssignmentRequired,notificationEmailAddresses,preferredTokenSigningKeyThumbprint,"
    "keyCredentials,passwordCredentials,tags"
)
_P1 = frozenset({"AAD_PREMIUM", "AAD_PREMIUM_P2"})


def _is(name: str, value: str) -> str:
    literal = value.replace("'", "''")
    return f"{name} eq '{literal}'"


async def templates(graph: Graph, name: str) -> tuple[Json, ...]:
    """The gallery's templates with this display name."""
    params = {"$filter": _is("displayName", name)}
    return tuple([each async for each in graph.pages(paths.TEMPLATES, params=params)])


async def of_template(graph: Graph, template_id: str) -> tuple[Json, ...]:
    """The applications that were made from this template."""
    params = {"$filter": _is("applicationTemplateId", template_id), "$select": _APPLICATION}
    return tuple([each async for each in graph.pages(paths.APPLICATIONS, params=params)])


async def tagged(graph: Graph, app_id: str) -> Json | None:
    """The service principal of an application, with its tags; None when there is none yet."""
    params = {"$filter": _is("appId", app_id), "$select": _TAGGED}
    async for each in graph.pages(paths.PRINCIPALS, params=params):
        return each
    return None


async def principal(graph: Graph, principal_id: str) -> Json:
    """One service principal in full; only a read of one gives the certificates."""
    at = {"principal": principal_id}
    return await graph.call("GET", paths.PRINCIPAL, at=at, params={"$select": _PRINCIPAL})


async def instantiate(graph: Graph, template_id: str, name: str) -> None:
    """A new application with its service principal."""
    await graph.call(
        "POST", paths.INSTANTIATE, at={"template": template_id}, json={"displayName": name}
    )


async def change_application(graph: Graph, application_id: str, values: Json) -> None:
    """Write these properties and no other."""
    at = {"application": application_id}
    await graph.call("PATCH", paths.APPLICATION, at=at, json=values, idempotent=True)


async def change_principal(graph: Graph, principal_id: str, values: Json) -> None:
    """Write these properties and no other."""
    at = {"principal": principal_id}
    await graph.call("PATCH", paths.PRINCIPAL, at=at, json=values, idempotent=True)


async def add_certificate(graph: Graph, principal_id: str, name: str, end: str) -> None:
    """A new self-signed signing certificate; `name` begins with `CN=`."""
    body = {"displayName": name, "endDateTime": end}
    await graph.call("POST", paths.ADD_CERTIFICATE, at={"principal": principal_id}, json=body)


async def remove_certificate(graph: Graph, principal_id: str, custom_key_id: str) -> None:
    """Take away the public, the private and the password credential of one certificate.

    A credential is removed by leaving it out of the list that is written.
    """
    row = await principal(graph, principal_id)
    values = {
        name: [each for each in row[name] if each.get("customKeyIdentifier") != custom_key_id]
        for name in ("keyCredentials", "passwordCredentials")
    }
    await change_principal(graph, principal_id, values)


async def assignments(graph: Graph, principal_id: str) -> tuple[Json, ...]:
    """Who may sign in: users and groups with the role they have."""
    pages = graph.pages(paths.ASSIGNED_TO, at={"principal": principal_id})
    return tuple([each async for each in pages])


async def assign(graph: Graph, principal_id: str, group_id: str, role_id: str) -> None:
    """Let the direct members of a group sign in; Refused with `says_exists` if they may."""
    body = {"principalId": group_id, "resourceId": principal_id, "appRoleId": role_id}
    at = {"principal": principal_id}
    await graph.call("POST", paths.ASSIGNED_TO, at=at, json=body, idempotent=True)


async def claims_policies(graph: Graph) -> tuple[Json, ...]:
    """Every claims mapping policy of the tenant."""
    return tuple([each async for each in graph.pages(paths.CLAIMS_POLICIES)])


async def claims_of(graph: Graph, principal_id: str) -> tuple[Json, ...]:
    """The claims mapping policies of a service principal: one at most."""
    pages = graph.pages(paths.PRINCIPAL_CLAIMS, at={"principal": principal_id})
    return tuple([each async for each in pages])


async def create_claims(graph: Graph, name: str, definition: str) -> None:
    """A new claims mapping policy, assigned to nobody."""
    body = {"definition": [definition], "displayName": name, "isOrganizationDefault": False}
    await graph.call("POST", paths.CLAIMS_POLICIES, json=body)


async def change_claims(graph: Graph, policy_id: str, definition: str) -> None:
    """Another definition for a policy."""
    at, body = {"policy": policy_id}, {"definition": [definition]}
    await graph.call("PATCH", paths.CLAIMS_POLICY, at=at, json=body, idempotent=True)


async def assign_claims(graph: Graph, principal_id: str, policy_id: str) -> None:
    """Let a policy say which claims go out; Refused with `says_exists` if one does."""
    body = {"@odata.id": f"{graph.base_url}/policies/claimsMappingPolicies/{policy_id}"}
    at = {"principal": principal_id}
    await graph.call("POST", paths.ASSIGN_CLAIMS, at=at, json=body, idempotent=True)


async def has_p1(graph: Graph) -> bool:
    """Has the tenant Microsoft Entra ID P1 or P2, without which no group can be assigned?"""
    skus = [each async for each in graph.pages(paths.SKUS)]
    plans = {p.get("servicePlanName") for sku in skus for p in _plans(sku)}
    return bool(plans & _P1)


async def tenant_id(graph: Graph) -> str:
    """The id of the tenant that is spoken to."""
    page = await graph.call("GET", paths.ORGANIZATION, params={"$select": "id"})
    return str(page["value"][0]["id"])


def _plans(sku: Mapping[str, list[Json]]) -> list[Json]:
    return sku.get("servicePlans") or []
