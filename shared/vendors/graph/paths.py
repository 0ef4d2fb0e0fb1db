"""At which path does Graph keep what? The only place where a path of Graph is written.

Placeholders are filled and percent-encoded by `rest.fill`, and the template is what logs show.
"""

from __future__ import annotations

USERS = "/users"
USERS_DELTA = "/users/delta"
USER = "/users/{user}"
USER_MANAGER = "/users/{user}/manager/$ref"
USER_GROUPS = "/users/{user}/memberOf/microsoft.graph.group"
USER_REVOKE = "/users/{user}/revokeSignInSessions"
USER_TAPS = "/users/{user}/authentication/temporaryAccessPassMethods"
USER_TAP = "/users/{user}/authentication/temporaryAccessPassMethods/{pass}"
USER_METHODS = "/users/{user}/authentication/methods"
PHONE_METHOD = "/users/{user}/authentication/phoneMethods/{method}"
KEY_METHOD = "/users/{user}/authentication/fido2Methods/{method}"
AUTHENTICATOR_METHOD = "/users/{user}/authentication/microsoftAuthenticatorMethods/{method}"
OATH_METHOD = "/users/{user}/authentication/softwareOathMethods/{method}"
HELLO_METHOD = "/users/{user}/authentication/windowsHelloForBusinessMethods/{method}"
EMAIL_METHOD = "/users/{user}/authentication/emailMethods/{method}"
USER_REGISTERED = "/users/{user}/registeredDevices"
USER_OWNED = "/users/{user}/ownedDevices"
DEVICE = "/devices/{device}"
MAILBOX_SETTINGS = "/users/{user}/mailboxSettings"
TAP_POLICY = (
    "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass"
)
SEND_MAIL = "/users/{user}/sendMail"

GROUPS = "/groups"
GROUPS_DELTA = "/groups/delta"
GROUP = "/groups/{group}"
GROUP_MEMBERS = "/groups/{group}/members/$ref"
GROUP_MEMBER = "/groups/{group}/members/{user}/$ref"
"""Without the last part, DELETE removes the person instead of the membership."""

GROUP_DIRECT = "/groups/{group}/members"

TEMPLATES = "/applicationTemplates"
INSTANTIATE = "/applicationTemplates/{template}/instantiate"
APPLICATIONS = "/applications"
APPLICATION = "/applications/{application}"
PRINCIPALS = "/servicePrincipals"
PRINCIPAL = "/servicePrincipals/{principal}"
ADD_CERTIFICATE = "/servicePrincipals/{principal}/addTokenSigningCertificate"
ASSIGNED_TO = "/servicePrincipals/{principal}/appRoleAssignedTo"
ROLE_ASSIGNMENTS = "/servicePrincipals/{principal}/appRoleAssignments"
PRINCIPAL_CLAIMS = "/servicePrincipals/{principal}/claimsMappingPolicies"
ASSIGN_CLAIMS = "/servicePrincipals/{principal}/claimsMappingPolicies/$ref"
CLAIMS_POLICIES = "/policies/claimsMappingPolicies"
CLAIMS_POLICY = "/policies/claimsMappingPolicies/{policy}"
SKUS = "/subscribedSkus"
ORGANIZATION = "/organization"

DELETED_ITEM = "/directory/deletedItems/{user}"
RESTORE = "/directory/deletedItems/{user}/restore"

DELETABLE = frozenset(
    {
        USER,
        USER_MANAGER,
        USER_TAP,
        PHONE_METHOD,
        KEY_METHOD,
        AUTHENTICATOR_METHOD,
        OATH_METHOD,
        HELLO_METHOD,
        EMAIL_METHOD,
        GROUP_MEMBER,
        GROUP,
    }
)
"""All that may ever be sent with DELETE."""
