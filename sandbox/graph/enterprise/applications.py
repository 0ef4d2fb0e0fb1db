"""Gallery templates, and the applications made from them.

Source: Graph v1.0, "applicationTemplate: instantiate", "Update application". Instantiating twice
makes two. An identifier outside the tenant's verified domains is for SAML applications alone, and
that becomes known to the directory with a delay.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox.graph import bodies, refusals
from sandbox.graph.call import Call
from sandbox.graph.enterprise import found
from sandbox.graph.enterprise.schema import APPLICATION, TEMPLATE
from sandbox.graph.enterprise.state import ROLES, Enterprise
from sandbox.graph.replication import Versioned
from sandbox.graph.wire import Json, Reply

GALLERY_TAGS = (
    "WindowsAzureActiveDirectoryGalleryApplicationPrimaryV1",
    "WindowsAzureActiveDirectoryIntegratedApp",
)
_WEB = frozenset({"redirectUris", "logoutUrl", "homePageUrl", "implicitGrantSettings"})


def read_templates(call: Call) -> Reply:
    """GET /applicationTemplates, with `$filter=displayName eq '...'`."""
    store: Versioned[str, Json] = Versioned(call.tenant.replication)
    for each in call.tenant.enterprise.templates:
        store.current[each["id"]] = each
    return found.page(call, store, TEMPLATE, None)


def instantiate(call: Call) -> Reply:
    """POST /applicationTemplates/{id}/instantiate -> 201, an application and its principal."""
    enterprise, body = call.tenant.enterprise, call.request.json()
    enterprise.check_may("applications")
    template = next(
        (each for each in enterprise.templates if each["id"] == call.params["template"]), None
    )
    if template is None:
        raise refusals.not_found(call.params["template"])
    for name in body:
        if name not in {"displayName", "serviceManagementReference"}:
            raise refusals.invalid_property(name)
    if not body.get("displayName"):
        raise refusals.required("displayName", "Application")
    application, principal = _made(call, template, str(body["displayName"]))
    enterprise.applications.put(application["id"], application)
    enterprise.principals.put(principal["id"], principal)
    context = call.context("microsoft.graph.applicationServicePrincipal")
    both = {"application": application, "servicePrincipal": principal}
    return Reply(201, context | both, ids=(application["id"], principal["id"]))


def read_all(call: Call) -> Reply:
    """GET /applications."""
    return found.page(call, call.tenant.enterprise.applications, APPLICATION, None)


def read(call: Call) -> Reply:
    """GET /applications/{id}."""
    application = found.one(call, call.tenant.enterprise.applications, "application")
    return found.single(call, application, APPLICATION)


def update(call: Call) -> Reply:
    """PATCH /applications/{id} -> 204."""
    enterprise, body = call.tenant.enterprise, call.request.json()
    enterprise.check_may("applications")
    before = found.to_write(call, enterprise.applications, "application")
    changes = bodies.checked(body, APPLICATION, bindings=frozenset({"web"}))
    after = before | changes
    if "web" in body:
        after["web"] = {**before["web"], **_checked_web(body["web"])}
    if "identifierUris" in changes:
        _check_identifiers(call, enterprise, after)
    enterprise.applications.put(after["id"], after)
    principal = enterprise.principal_of(after["appId"])
    if principal is not None:
        copied = {
            "replyUrls": after["web"]["redirectUris"],
            "servicePrincipalNames": [*after["identifierUris"], after["appId"]],
        }
        enterprise.principals.put(principal["id"], principal | copied)
    return Reply(204, ids=(after["id"],), changed=bodies.changed_names(before, after))


def _made(call: Call, template: Json, name: str) -> tuple[Json, Json]:
    tenant = call.tenant
    app_id = tenant.new_id("app")
    shared = {
        "appId": app_id,
        "applicationTemplateId": template["id"],
        "displayName": name,
        "appRoles": [dict(role) for role in ROLES],
        "keyCredentials": [],
        "passwordCredentials": [],
        "tags": list(GALLERY_TAGS),
    }
    application = {
        **shared,
        "id": tenant.new_id("application"),
        "createdDateTime": tenant.timestamp(),
        "identifierUris": [],
        "signInAudience": "AzureADMyOrg",
        "tags": [],
        "web": {"redirectUris": [], "logoutUrl": None, "homePageUrl": template["homePageUrl"]},
    }
    principal = {
        **shared,
        "id": tenant.new_id("principal"),
        "accountEnabled": True,
        "appDisplayName": name,
        "appRoleAssignmentRequired": False,
        "homepage": template["homePageUrl"],
        "notificationEmailAddresses": [],
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "replyUrls": [],
    }
    return application, principal


def _checked_web(web: object) -> Json:
    if not isinstance(web, dict):
        raise refusals.invalid_value("web", "Application")
    for name, value in web.items():
        if name not in _WEB:
            raise refusals.invalid_property(name)
        urls = value if name == "redirectUris" else []
        if not isinstance(urls, list) or not all(_is_url(each) for each in urls):
            raise refusals.invalid_value(name, "Application")
    return web


def _check_identifiers(call: Call, enterprise: Enterprise, after: Json) -> None:
    for uri in after["identifierUris"]:
        for other in enterprise.applications.current.values():
            if other["id"] != after["id"] and uri in other["identifierUris"]:
                raise refusals.conflict("identifierUris", f"Application_{other['id']}")
        host = urlsplit(uri).hostname or ""
        verified = any(host == d or host.endswith(f".{d}") for d in call.tenant.domains)
        principal = enterprise.principal_of(after["appId"], call.as_of)
        is_saml = principal is not None and principal.get("preferredSingleSignOnMode") == "saml"
        if not verified and not is_saml and uri != f"api://{after['appId']}":
            raise refusals.Refusal(
                400,
                "HostNameNotOnVerifiedDomain",
                "Values of identifierUris property must use a verified domain of the organization"
                " or its subdomain.",
            )


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    local = parts.hostname in {"localhost", "127.0.0.1"}
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local))
