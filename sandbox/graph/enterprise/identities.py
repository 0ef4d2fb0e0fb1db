"""A managed identity, and Microsoft Graph itself as every tenant has it, with its roles.

Source: Graph v1.0, "servicePrincipal resource type", "Microsoft Graph permissions reference".
Ids of roles differ from the real ones: whoever copied one is refused here.
"""

from __future__ import annotations

from typing import Any

from sandbox.graph.tenant import GraphTenant

type Json = dict[str, Any]

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
OFFERED = (
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "AuditLog.Read.All",
    "Device.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Group.Create",
    "Group.ReadBasic.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "LicenseAssignment.Read.All",
    "Mail.Send",
    "MailboxSettings.ReadWrite",
    "Organization.Read.All",
    "Policy.Read.AuthenticationMethod",
    "RoleManagement.ReadWrite.Directory",
    "User-LifeCycleInfo.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "UserAuthMethod-Email.ReadWrite.All",
    "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All",
    "UserAuthMethod-Passkey.ReadWrite.All",
    "UserAuthMethod-Phone.ReadWrite.All",
    "UserAuthMethod-SoftwareOATH.ReadWrite.All",
    "UserAuthMethod-TAP.ReadWrite.All",
    "UserAuthMethod-WindowsHello.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
)


def add(tenant: GraphTenant, name: str) -> str:
    """Put an identity there, without a single permission; returns its object id."""
    principal = {
        **_principal(tenant, name),
        "appId": tenant.new_id("app"),
        "servicePrincipalType": "ManagedIdentity",
    }
    tenant.enterprise.add_identity(principal, _graph(tenant))
    return str(principal["id"])


def role_named(tenant: GraphTenant, value: str) -> str:
    """The id of Graph's application permission with this name."""
    graph = tenant.enterprise.principal_of(GRAPH_APP)
    roles = graph["appRoles"] if graph else ()
    return next(
        str(role["id"])
        for role in roles
        if role["value"] == value
        and role["isEnabled"]
        and "User" not in role["allowedMemberTypes"]
    )


def _graph(tenant: GraphTenant) -> Json:
    """Each name twice more as a trap: switched off, and for people only."""
    roles = [
        _role(tenant, value, members, enabled=enabled)
        for value in OFFERED
        for members, enabled in (("Application", False), ("User", True), ("Application", True))
    ]
    return {
        **_principal(tenant, "Microsoft Graph"),
        "appId": GRAPH_APP,
        "appRoles": roles,
        "servicePrincipalType": "Application",
    }


def _role(tenant: GraphTenant, value: str, members: str, *, enabled: bool) -> Json:
    return {
        "id": tenant.new_id("role"),
        "allowedMemberTypes": [members],
        "description": value,
        "displayName": value,
        "isEnabled": enabled,
        "origin": "Application",
        "value": value,
    }


def _principal(tenant: GraphTenant, name: str) -> Json:
    return {
        "id": tenant.new_id("principal"),
        "accountEnabled": True,
        "appDisplayName": name,
        "appRoleAssignmentRequired": False,
        "appRoles": [],
        "displayName": name,
        "keyCredentials": [],
        "notificationEmailAddresses": [],
        "passwordCredentials": [],
        "replyUrls": [],
        "servicePrincipalNames": [],
        "tags": [],
    }
