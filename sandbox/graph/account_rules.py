"""What makes a user principal name, a password, a nickname or an address acceptable?

Sources: Graph, "Create User" and the user resource type; Entra, "Password policies". Pure, but for
the tenant's indexes of who holds what. Called by `accounts` and `deleted`.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.graph import refusals
from sandbox.graph.indexes import address_key, upn_key
from sandbox.graph.tenant import GraphTenant

type Json = dict[str, Any]

# Graph, "Create User": A-Z a-z 0-9 ' . - _ ! # ^ ~ before the @, no accents.
_UPN_ALIAS = re.compile(r"[A-Za-z0-9'.\-_!#^~]{1,64}")
_NICKNAME_FORBIDDEN = re.compile(r'[@()\\\[\]";:<>, ]|[^\x00-\x7f]')
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
PASSWORD_LENGTH = range(8, 257)
PASSWORD_CLASSES = 3


def check_upn(tenant: GraphTenant, upn: str) -> None:
    """Alias characters, and a domain that the tenant has verified."""
    alias, at, domain = upn.rpartition("@")
    if not at or domain.lower() not in (each.lower() for each in tenant.domains):
        raise refusals.directory(
            "The domain portion of the userPrincipalName property is invalid. You must use one of"
            " the verified domain names in your organization.",
            ({"code": "InvalidValue", "target": "userPrincipalName"},),
        )
    if not _UPN_ALIAS.fullmatch(alias) or alias.endswith("."):
        raise refusals.invalid_value("userPrincipalName", "User")


def check_free(tenant: GraphTenant, user: Json) -> None:
    """Nobody else has this user principal name or one of these addresses; raises the conflict."""
    holder = tenant.indexes.upn.get(upn_key(user["userPrincipalName"]))
    if holder not in (None, user["id"]):
        raise refusals.conflict("userPrincipalName", f"User_{holder}")
    for address in (*user.get("proxyAddresses", ()), f"smtp:{user['userPrincipalName']}"):
        held_by = address_holder(tenant, address)
        if held_by not in (None, f"User_{user['id']}"):
            raise refusals.conflict("proxyAddresses", str(held_by))


def address_holder(tenant: GraphTenant, address: str) -> str | None:
    """Who has this `smtp:` address, or signs in with it: `User_<id>`, `Group_<id>` or None."""
    held_by = tenant.indexes.proxy.get(address_key(address))
    signs_in = tenant.indexes.upn.get(upn_key(address.partition(":")[2]))
    return held_by or (f"User_{signs_in}" if signs_in else None)


def check_values(user: Json, named: Json) -> None:
    """The values whose form the directory checks beyond kind and length."""
    if named.get("mailNickname") and _NICKNAME_FORBIDDEN.search(named["mailNickname"]):
        raise refusals.invalid_value("mailNickname", "User")
    if named.get("usageLocation") and not re.fullmatch(r"[A-Za-z]{2}", named["usageLocation"]):
        raise refusals.invalid_value("usageLocation", "User")
    if named.get("mail") and not _ADDRESS.fullmatch(named["mail"]):
        raise refusals.invalid_value("mail", "User")
    for address in named.get("otherMails") or ():
        if not _ADDRESS.fullmatch(address):
            raise refusals.invalid_value("otherMails", "User")
    if "passwordProfile" in named:
        check_password(named["passwordProfile"], user)


def check_password(profile: Json, user: Json) -> None:
    """Strong by default: 8 characters, three of four classes, and not the name itself."""
    password = profile.get("password")
    if password is None:
        return
    classes = sum(bool(re.search(each, password)) for each in _CLASSES)
    alias = str(user.get("userPrincipalName", "")).partition("@")[0].casefold()
    if (
        len(password) not in PASSWORD_LENGTH
        or classes < PASSWORD_CLASSES
        or (alias and alias in password.casefold())
    ):
        raise refusals.directory(
            "The specified password does not comply with password complexity requirements. Please"
            " provide a different password.",
            ({"code": "InvalidValue", "target": "passwordProfile"},),
        )


def with_addresses(user: Json, named: Json) -> Json:
    """Writing `mail` makes it the primary SMTP address and keeps the old one as a secondary."""
    if "mail" not in named:
        return user
    mail = named["mail"]
    others = [f"smtp:{a[5:]}" for a in user.get("proxyAddresses", ()) if a.startswith("SMTP:")]
    others += [a for a in user.get("proxyAddresses", ()) if not a.startswith("SMTP:")]
    if mail is None:
        return {**user, "proxyAddresses": others}
    kept = [a for a in others if address_key(a) != address_key(f"smtp:{mail}")]
    return {**user, "proxyAddresses": [f"SMTP:{mail}", *kept]}
