"""Which properties do applications, service principals and their relations have?

From the resource types of Graph v1.0 (metadata of August 2026). A property that is not here is
refused, in a body as in a query.
"""

from __future__ import annotations

from sandbox.graph.schema import EQ_NE, FLAG, ONLY_EQ, Property, Schema

_NAME = frozenset({"eq", "ne", "in", "startswith"})


def _fixed(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, "objects", default=True, writable=False) for name in names)


_TEMPLATE = (
    Property("id", default=True, writable=False),
    Property(
        "displayName", default=True, writable=False, operators=frozenset({"eq", "startswith"})
    ),
    *_fixed(
        "homePageUrl",
        "supportedSingleSignOnModes",
        "supportedProvisioningTypes",
        "logoUrl",
        "categories",
        "publisher",
        "description",
    ),
)

_APPLICATION = (
    Property("id", default=True, writable=False, operators=FLAG),
    Property("appId", default=True, writable=False, operators=FLAG),
    Property("applicationTemplateId", default=True, writable=False, operators=EQ_NE),
    Property("createdDateTime", "datetime", default=True, writable=False),
    Property("deletedDateTime", "datetime", default=True, writable=False),
    Property("displayName", max_length=256, default=True, nullable=False, operators=_NAME),
    Property("description", max_length=1024, default=True),
    Property("notes", max_length=1024, default=True),
    Property("identifierUris", "strings", default=True, operators=ONLY_EQ),
    Property("samlMetadataUrl", default=True),
    Property("tags", "strings", default=True, operators=ONLY_EQ),
    Property("signInAudience", default=True, operators=FLAG),
    Property("web", "objects", default=True),
    *_fixed("appRoles", "keyCredentials", "passwordCredentials", "publisherDomain"),
)

_PRINCIPAL = (
    Property("id", default=True, writable=False, operators=FLAG),
    Property("accountEnabled", "boolean", default=True, operators=FLAG),
    Property("appDisplayName", default=True, writable=False),
    Property("appId", default=True, writable=False, operators=FLAG),
    Property("applicationTemplateId", default=True, writable=False, operators=FLAG),
    Property("appRoleAssignmentRequired", "boolean", default=True, nullable=False, operators=FLAG),
    Property("deletedDateTime", "datetime", default=True, writable=False),
    Property("description", max_length=1024, default=True),
    Property("displayName", max_length=256, default=True, operators=_NAME),
    Property("homepage", default=True),
    Property("keyCredentials", "objects", default=True),
    Property("loginUrl", default=True),
    Property("logoutUrl", default=True),
    Property("notes", max_length=1024, default=True),
    Property("notificationEmailAddresses", "strings", default=True),
    Property("passwordCredentials", "objects", default=True),
    Property("preferredSingleSignOnMode", default=True),
    Property("preferredTokenSigningKeyThumbprint", default=True),
    Property("servicePrincipalType", default=True, writable=False, operators=FLAG),
    Property("tags", "strings", default=True, operators=ONLY_EQ),
    *_fixed("appRoles", "replyUrls", "servicePrincipalNames"),
)

_ASSIGNMENT = tuple(
    Property(name, default=True, operators=ONLY_EQ)
    for name in (
        "id",
        "appRoleId",
        "createdDateTime",
        "principalDisplayName",
        "principalId",
        "principalType",
        "resourceDisplayName",
        "resourceId",
    )
)

_POLICY = (
    Property("id", default=True, writable=False),
    Property("definition", "strings", default=True),
    Property("displayName", default=True, nullable=False),
    Property("description", default=True),
    Property("isOrganizationDefault", "boolean", default=True),
    Property("deletedDateTime", "datetime", default=True, writable=False),
)


def _schema(resource: str, properties: tuple[Property, ...]) -> Schema:
    kind = f"#microsoft.graph.{resource[0].lower()}{resource[1:]}"
    return Schema(resource, kind, {each.name: each for each in properties})


TEMPLATE = _schema("ApplicationTemplate", _TEMPLATE)
APPLICATION = _schema("Application", _APPLICATION)
PRINCIPAL = _schema("ServicePrincipal", _PRINCIPAL)
ASSIGNMENT = _schema("AppRoleAssignment", _ASSIGNMENT)
CLAIMS_POLICY = _schema("ClaimsMappingPolicy", _POLICY)
