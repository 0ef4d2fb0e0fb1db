"""Which permission of Graph lets which call through? A table; it asks nobody and grants nothing.

By Microsoft Graph, "Microsoft Graph permissions reference" and the permission tables of each
call, the least that is named there. Tests hold it to every call that the code makes: none
without a permission, no permission without a call. A new call wants its line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.vendors.graph import paths

type Call = tuple[str, str]
"""Method and path template."""


class Feature(StrEnum):
    """What of Instroom needs it."""

    ACCOUNTS = "accounts"
    GROUPS = "groups"
    GENERATED = "generated groups"
    LEAVE_DATE = "leave date"
    FIRST_SIGN_IN = "first sign-in"
    METHODS = "sign-in methods of leavers"
    DEVICES = "devices of leavers"
    MAILBOX = "mailbox of leavers"
    LICENCES = "licences"
    SSO = "single sign-on"
    SSO_WATCH = "watching single sign-on"
    CHECKING = "checking permissions"
    GRANTING = "granting permissions"


@dataclass(frozen=True)
class Permission:
    """One permission, by the name that Graph knows it by."""

    value: str
    feature: Feature
    why: str
    calls: tuple[Call, ...]


_READ_ACCOUNTS: tuple[Call, ...] = (
    ("GET", paths.USERS),
    ("GET", paths.USER),
    ("GET", paths.DELETED_ITEM),
)

OF_THE_APP = (
    Permission(
        "User.ReadWrite.All",
        Feature.ACCOUNTS,
        "read, make and change accounts; manager; block, end sessions; delete and restore",
        (
            *_READ_ACCOUNTS,
            ("GET", paths.USERS_DELTA),
            ("POST", paths.USERS),
            ("PATCH", paths.USER),
            ("DELETE", paths.USER),
            ("POST", paths.USER_REVOKE),
            ("PUT", paths.USER_MANAGER),
            ("DELETE", paths.USER_MANAGER),
            ("POST", paths.RESTORE),
        ),
    ),
    Permission(
        "Group.ReadBasic.All",
        Feature.GROUPS,
        "look groups up by name, and see which of them an account is in",
        (("GET", paths.GROUPS), ("GET", paths.GROUP), ("GET", paths.USER_GROUPS)),
    ),
    Permission(
        "GroupMember.ReadWrite.All",
        Feature.GROUPS,
        "add members and take them out; see who is in a group",
        (
            ("POST", paths.GROUP_MEMBERS),
            ("PATCH", paths.GROUP),
            ("DELETE", paths.GROUP_MEMBER),
            ("GET", paths.GROUP_DIRECT),
            ("GET", paths.GROUPS_DELTA),
        ),
    ),
    Permission(
        "Group.ReadWrite.All",
        Feature.GENERATED,
        "make groups of our own, give them another name, and delete those that stand empty",
        (("POST", paths.GROUPS), ("PATCH", paths.GROUP), ("DELETE", paths.GROUP)),
    ),
    Permission(
        "LicenseAssignment.Read.All",
        Feature.LICENCES,
        "see how many seats of each licence are left",
        (("GET", paths.SKUS),),
    ),
    Permission(
        "User-LifeCycleInfo.ReadWrite.All",
        Feature.LEAVE_DATE,
        "read and write employeeLeaveDateTime, which has a permission of its own",
        (*_READ_ACCOUNTS, ("POST", paths.USERS), ("PATCH", paths.USER)),
    ),
    Permission(
        "UserAuthMethod-TAP.ReadWrite.All",
        Feature.FIRST_SIGN_IN,
        "make and delete Temporary Access Passes, and no other way to sign in",
        (("GET", paths.USER_TAPS), ("POST", paths.USER_TAPS), ("DELETE", paths.USER_TAP)),
    ),
    Permission(
        "Policy.Read.AuthenticationMethod",
        Feature.FIRST_SIGN_IN,
        "see whether the tenant allows passes, and for how long",
        (("GET", paths.TAP_POLICY),),
    ),
    Permission(
        "Application.Read.All",
        Feature.SSO_WATCH,
        "look each day whether the two enterprise applications are as the policy says",
        (
            ("GET", paths.TEMPLATES),
            ("GET", paths.APPLICATIONS),
            ("GET", paths.PRINCIPALS),
            ("GET", paths.PRINCIPAL),
            ("GET", paths.ASSIGNED_TO),
        ),
    ),
    Permission(
        "Organization.Read.All",
        Feature.SSO_WATCH,
        "see the tenant's id, and whether it has Entra ID P1",
        (("GET", paths.SKUS), ("GET", paths.ORGANIZATION)),
    ),
    Permission(
        "UserAuthenticationMethod.Read.All",
        Feature.METHODS,
        "see by which methods a leaver can sign in",
        (("GET", paths.USER_METHODS),),
    ),
    *(
        Permission(
            f"UserAuthMethod-{name}.ReadWrite.All",
            Feature.METHODS,
            f"delete a leaver's {what}",
            (("DELETE", path),),
        )
        for name, what, path in (
            ("Phone", "telephone numbers", paths.PHONE_METHOD),
            ("Passkey", "passkeys and security keys", paths.KEY_METHOD),
            ("MicrosoftAuthApp", "Microsoft Authenticator", paths.AUTHENTICATOR_METHOD),
            ("SoftwareOATH", "one-time codes of other apps", paths.OATH_METHOD),
            ("WindowsHello", "Windows Hello keys", paths.HELLO_METHOD),
            ("Email", "mail address for resetting a password", paths.EMAIL_METHOD),
        )
    ),
    Permission(
        "Device.ReadWrite.All",
        Feature.DEVICES,
        "disable a leaver's devices",
        (
            ("GET", paths.USER_REGISTERED),
            ("GET", paths.USER_OWNED),
            ("PATCH", paths.DEVICE),
        ),
    ),
    Permission(
        "MailboxSettings.ReadWrite",
        Feature.MAILBOX,
        "set a leaver's auto-reply, and see whether the mailbox is a shared one",
        (("PATCH", paths.MAILBOX_SETTINGS), ("GET", paths.MAILBOX_SETTINGS)),
    ),
)
"""Application permissions of the app's own identity."""

OF_EXCHANGE: tuple[Call, ...] = (("POST", paths.SEND_MAIL),)
"""Calls of the app that a role of Exchange lets through, for one mailbox: `Application Mail.Send`.

Microsoft Learn, "Role Based Access Control for Applications in Exchange Online": permissions of
Entra add to it, so that one given there would open every mailbox all the same.
"""

OF_AN_ADMINISTRATOR = (
    Permission(
        "Application.ReadWrite.All",
        Feature.SSO,
        "make and change the two enterprise applications and their certificates",
        (
            ("GET", paths.TEMPLATES),
            ("POST", paths.INSTANTIATE),
            ("GET", paths.APPLICATIONS),
            ("PATCH", paths.APPLICATION),
            ("GET", paths.PRINCIPALS),
            ("GET", paths.PRINCIPAL),
            ("PATCH", paths.PRINCIPAL),
            ("POST", paths.ADD_CERTIFICATE),
            ("GET", paths.ASSIGNED_TO),
            ("POST", paths.ASSIGN_CLAIMS),
        ),
    ),
    Permission(
        "AppRoleAssignment.ReadWrite.All",
        Feature.SSO,
        "let groups sign in",
        (("POST", paths.ASSIGNED_TO),),
    ),
    Permission(
        "Policy.Read.All",
        Feature.SSO,
        "read claims policies",
        (("GET", paths.CLAIMS_POLICIES), ("GET", paths.PRINCIPAL_CLAIMS)),
    ),
    Permission(
        "Policy.ReadWrite.ApplicationConfiguration",
        Feature.SSO,
        "make, change and assign the claims policy",
        (
            ("POST", paths.CLAIMS_POLICIES),
            ("PATCH", paths.CLAIMS_POLICY),
            ("POST", paths.ASSIGN_CLAIMS),
        ),
    ),
    Permission(
        "Group.Read.All",
        Feature.SSO,
        "find the groups that may sign in, and who is in them",
        (
            ("GET", paths.GROUPS),
            ("GET", paths.GROUP),
            ("GET", paths.GROUP_DIRECT),
            ("GET", paths.USER_GROUPS),
        ),
    ),
    Permission(
        "User.Read.All",
        Feature.SSO,
        "read the account of one person, and of the members of a group",
        (("GET", paths.USERS), ("GET", paths.GROUP_DIRECT)),
    ),
    Permission(
        "Organization.Read.All",
        Feature.SSO,
        "see the tenant's id, and whether it has Entra ID P1",
        (("GET", paths.SKUS), ("GET", paths.ORGANIZATION)),
    ),
    Permission(
        "Application.Read.All",
        Feature.CHECKING,
        "read what the app's identity was granted",
        (
            ("GET", paths.PRINCIPALS),
            ("GET", paths.PRINCIPAL),
            ("GET", paths.ROLE_ASSIGNMENTS),
        ),
    ),
    Permission(
        "AppRoleAssignment.ReadWrite.All",
        Feature.GRANTING,
        "grant the app's identity what it lacks",
        (("POST", paths.ROLE_ASSIGNMENTS),),
    ),
)
"""Delegated permissions of whoever signs in at the command line; the app never has them."""

_GLOBAL_ADMINISTRATOR = "its holder can make itself Global Administrator"
_GROUPS_WITH_ROLES = "its holder can join groups that hold roles"
DANGEROUS: Mapping[str, str] = {
    "AppRoleAssignment.ReadWrite.All": "its holder can give itself any permission",
    "RoleManagement.ReadWrite.Directory": _GLOBAL_ADMINISTRATOR,
    "Application.ReadWrite.All": "its holder can sign in as any other application",
    "Directory.ReadWrite.All": "it writes nearly everything in the directory",
    "PrivilegedAccess.ReadWrite.AzureADGroup": _GROUPS_WITH_ROLES,
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup": _GROUPS_WITH_ROLES,
    "RoleAssignmentSchedule.ReadWrite.Directory": _GLOBAL_ADMINISTRATOR,
    "RoleEligibilitySchedule.ReadWrite.Directory": _GLOBAL_ADMINISTRATOR,
    "UserAuthenticationMethod.ReadWrite.All": "it makes sign-ins for anybody",
}
"""What the app's identity must never hold, and why. No line of OF_THE_APP is here, by test."""


def delegated(*features: Feature) -> tuple[str, ...]:
    """The names that an administrator consents to for these features, each once."""
    return tuple(
        dict.fromkeys(each.value for each in OF_AN_ADMINISTRATOR if each.feature in features)
    )
