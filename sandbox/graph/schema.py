"""Which properties do users and groups have, and what does Graph allow with each?

From the user and group resource types of Graph v1.0 (metadata of August 2026): kind, greatest
length, whether it comes without `$select`, and which operators `$filter` takes. A property that
is not here is refused, in a body as in a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

type Kind = Literal["string", "boolean", "datetime", "strings", "complex", "objects"]

COMPARE = frozenset({"eq", "ne", "ge", "le", "in"})
TEXT = COMPARE | {"startswith"}
PHRASE = TEXT - {"in"}
ADDRESS = TEXT | {"endswith"}
FLAG = frozenset({"eq", "ne", "in"})
ONLY_EQ = frozenset({"eq"})
EQ_NE = frozenset({"eq", "ne"})
ITEMS = frozenset({"eq", "ge", "le", "startswith"})
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Property:
    """One declared property."""

    name: str
    kind: Kind = "string"
    max_length: int | None = None
    default: bool = False  # returned without $select
    writable: bool = True
    nullable: bool = True
    operators: frozenset[str] = NONE
    needs_advanced: bool = False  # even `eq` needs the advanced query parameters
    sortable: Literal["always", "advanced", "never"] = "never"
    members: tuple[str, ...] = ()  # of a complex property
    synced: bool = False  # Active Directory is its master for a synced object


@dataclass(frozen=True)
class Schema:
    """A resource type by its name in messages and the properties it declares."""

    resource: str
    odata_type: str
    properties: dict[str, Property]

    @property
    def collection(self) -> str:
        """Its name in `@odata.context`: users, groups, directoryObjects."""
        return f"{self.resource[0].lower()}{self.resource[1:]}s"

    def default_names(self) -> tuple[str, ...]:
        """What a read without `$select` returns."""
        return tuple(p.name for p in self.properties.values() if p.default)


def _text(name: str, length: int | None = None, **more: object) -> Property:
    return Property(name, max_length=length, operators=TEXT, **more)  # type: ignore[arg-type]


def _system(name: str, kind: Kind = "string", **more: object) -> Property:
    return Property(name, kind, writable=False, **more)  # type: ignore[arg-type]


EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{n}" for n in range(1, 16))
EXTENSION_ATTRIBUTE_LENGTH = 1024
OTHER_MAILS_COUNT = 250
OTHER_MAILS_LENGTH = 250

# Held by SharePoint, not by the directory: app-only callers cannot write them, lists answer 501.
SHAREPOINT = frozenset(
    {
        "aboutMe",
        "birthday",
        "hireDate",
        "interests",
        "mySite",
        "pastProjects",
        "preferredName",
        "responsibilities",
        "schools",
        "skills",
    }
)

# Graph, "user: update": what an app may not change on someone who holds an admin role.
SENSITIVE = frozenset(
    {
        "accountEnabled",
        "businessPhones",
        "mobilePhone",
        "onPremisesImmutableId",
        "otherMails",
        "passwordProfile",
        "userPrincipalName",
    }
)

_USER = (
    Property("businessPhones", "strings", 64, default=True, operators=ITEMS, synced=True),
    _text("displayName", 256, default=True, nullable=False, sortable="always", synced=True),
    _text("givenName", 64, default=True, synced=True),
    _text("jobTitle", 128, default=True, synced=True),
    Property("mail", max_length=256, default=True, operators=ADDRESS, synced=True),
    _text("mobilePhone", 64, default=True, needs_advanced=True, synced=True),
    _text("officeLocation", 128, default=True, needs_advanced=True, synced=True),
    _text("preferredLanguage", 64, default=True, synced=True),
    _text("surname", 64, default=True, synced=True),
    Property(
        "userPrincipalName",
        max_length=113,
        default=True,
        nullable=False,
        operators=ADDRESS,
        sortable="always",
        synced=True,
    ),
    _system("id", default=True, operators=FLAG | {"startswith"}),
    Property("accountEnabled", "boolean", nullable=False, operators=FLAG, synced=True),
    Property("ageGroup", operators=FLAG),
    _system("assignedLicenses", "objects"),
    _system("assignedPlans", "objects"),
    _text("city", 128, synced=True),
    _text("companyName", 64, needs_advanced=True, synced=True),
    Property("consentProvidedForMinor", operators=FLAG),
    _text("country", 128, synced=True),
    _system("createdDateTime", "datetime", operators=COMPARE, sortable="advanced"),
    _system("creationType", operators=FLAG),
    _system("deletedDateTime", "datetime", operators=COMPARE, sortable="advanced"),
    _text("department", 64, synced=True),
    Property("employeeHireDate", "datetime", operators=COMPARE, needs_advanced=True, synced=True),
    _text("employeeId", 16, synced=True),
    Property("employeeLeaveDateTime", "datetime", operators=COMPARE, needs_advanced=True),
    Property(
        "employeeOrgData",
        "complex",
        64,
        operators=COMPARE,
        needs_advanced=True,
        members=("division", "costCenter"),
    ),
    _text("employeeType", 64, needs_advanced=True, synced=True),
    _text("faxNumber", 64, synced=True),
    _system("identities", "objects"),
    _system("imAddresses", "strings", operators=ITEMS),
    _system("isManagementRestricted", "boolean"),
    _system("lastPasswordChangeDateTime", "datetime"),
    _system("licenseAssignmentStates", "objects"),
    _text("mailNickname", 64, nullable=False, synced=True),
    _system("onPremisesDistinguishedName"),
    _system("onPremisesDomainName"),
    Property(
        "onPremisesExtensionAttributes",
        "complex",
        EXTENSION_ATTRIBUTE_LENGTH,
        operators=FLAG,
        needs_advanced=True,
        members=EXTENSION_ATTRIBUTES,
        synced=True,
    ),
    Property("onPremisesImmutableId", max_length=256, operators=COMPARE, synced=True),
    _system("onPremisesLastSyncDateTime", "datetime", operators=COMPARE),
    _system("onPremisesSamAccountName", operators=TEXT),
    _system("onPremisesSecurityIdentifier", operators=ONLY_EQ),
    _system("onPremisesSyncEnabled", "boolean", operators=FLAG),
    _system("onPremisesUserPrincipalName", operators=TEXT),
    Property("otherMails", "strings", OTHER_MAILS_LENGTH, operators=ADDRESS - {"ne"}),
    Property("passwordPolicies", max_length=128, operators=frozenset({"ne"})),
    Property(
        "passwordProfile",
        "complex",
        256,
        nullable=False,
        members=(
            "password",
            "forceChangePasswordNextSignIn",
            "forceChangePasswordNextSignInWithMfa",
        ),
        synced=True,
    ),
    _text("postalCode", 40, needs_advanced=True, synced=True),
    _system("provisionedPlans", "objects"),
    _system("proxyAddresses", "strings", operators=ITEMS | {"endswith"}),
    _system("securityIdentifier", operators=ITEMS),
    Property("showInAddressList", "boolean"),
    _system("signInSessionsValidFromDateTime", "datetime"),
    _text("state", 128, synced=True),
    _text("streetAddress", 1024, needs_advanced=True, synced=True),
    _text("usageLocation", 2, nullable=False),
    Property("userType", operators=FLAG),
    *(Property(name, writable=False) for name in sorted(SHAREPOINT)),
)

_GROUP = (
    _system("id", default=True, operators=FLAG | {"startswith"}),
    _system("deletedDateTime", "datetime", default=True, operators=COMPARE, sortable="advanced"),
    Property("classification", max_length=128, operators=PHRASE, default=True),
    _system("createdDateTime", "datetime", default=True, operators=COMPARE, sortable="advanced"),
    Property("description", max_length=1024, operators=PHRASE, default=True, synced=True),
    _text("displayName", 256, default=True, nullable=False, sortable="always", synced=True),
    _system("expirationDateTime", "datetime", default=True, operators=COMPARE),
    Property("groupTypes", "strings", default=True, operators=ONLY_EQ),
    Property("isAssignableToRole", "boolean", default=True, operators=EQ_NE),
    _system("mail", default=True, operators=TEXT),
    Property("mailEnabled", "boolean", default=True, nullable=False, operators=EQ_NE, synced=True),
    _text("mailNickname", 64, default=True, nullable=False, synced=True),
    Property("membershipRule", max_length=3072, operators=PHRASE, default=True),
    Property("membershipRuleProcessingState", default=True, operators=FLAG),
    _system("onPremisesDomainName", default=True),
    _system("onPremisesLastSyncDateTime", "datetime", default=True, operators=COMPARE),
    _system("onPremisesNetBiosName", default=True),
    _system("onPremisesSamAccountName", default=True, operators=TEXT),
    _system("onPremisesSecurityIdentifier", default=True, operators=ONLY_EQ),
    _system("onPremisesSyncEnabled", "boolean", default=True, operators=FLAG),
    Property("preferredDataLocation", default=True),
    _text("preferredLanguage", 64, default=True),
    _system("proxyAddresses", "strings", default=True, operators=ITEMS | {"endswith"}),
    _system("renewedDateTime", "datetime", default=True, operators=COMPARE),
    Property(
        "securityEnabled", "boolean", default=True, nullable=False, operators=FLAG, synced=True
    ),
    _system("securityIdentifier", default=True),
    Property("theme", default=True),
    Property("visibility", default=True),
    _system("assignedLicenses", "objects"),
    _system("hasMembersWithLicenseErrors", "boolean", operators=ONLY_EQ),
    _system("isManagementRestricted", "boolean"),
)

USER = Schema("User", "#microsoft.graph.user", {p.name: p for p in _USER})
GROUP = Schema("Group", "#microsoft.graph.group", {p.name: p for p in _GROUP})
