"""Which handler answers this path? The table of what the rig plays, below `/v1.0`.

A name in braces matches any one segment; `{cast}` only a type name. Patterns are tried in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.graph import (
    accounts,
    company,
    deleted,
    delta,
    groups,
    leaving,
    licences,
    mail,
    members,
    passes,
    refusals,
    relations,
)
from sandbox.graph.call import Call
from sandbox.graph.enterprise import applications, assignments, claims, grants, principals
from sandbox.graph.wire import Reply

type Handler = Callable[[Call], Reply]

CASTS = frozenset(deleted.CASTS)
_PRINCIPAL = "servicePrincipals/{principal}"
_TAPS = "users/{user}/authentication/temporaryAccessPassMethods"
_TAP_POLICY = (
    "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass"
)

TABLE: Mapping[str, Mapping[str, Handler]] = {
    "users": {"GET": accounts.read_all, "POST": accounts.create},
    "users/$count": {"GET": accounts.count},
    "users/delta": {"GET": delta.users},
    "users/{user}": {
        "GET": accounts.read,
        "PATCH": accounts.update,
        "DELETE": accounts.delete,
    },
    "users/{user}/manager": {"GET": relations.read_manager},
    "users/{user}/manager/$ref": {
        "GET": relations.read_manager_reference,
        "PUT": relations.assign_manager,
        "DELETE": relations.remove_manager,
    },
    "users/{user}/directReports": {"GET": relations.read_reports},
    "users/{user}/directReports/{cast}": {"GET": relations.read_reports},
    "users/{user}/memberOf": {"GET": relations.read_member_of},
    "users/{user}/memberOf/microsoft.graph.directoryRole": {"GET": relations.read_roles},
    "users/{user}/memberOf/{cast}": {"GET": relations.read_member_of},
    "users/{user}/transitiveMemberOf": {"GET": relations.read_transitive_member_of},
    "users/{user}/transitiveMemberOf/{cast}": {"GET": relations.read_transitive_member_of},
    "users/{user}/getMemberGroups": {"POST": relations.member_groups},
    "users/{user}/checkMemberGroups": {"POST": relations.check_member_groups},
    "users/{user}/revokeSignInSessions": {"POST": accounts.revoke_sessions},
    "users/{user}/sendMail": {"POST": mail.send},
    "users/{user}/assignLicense": {"POST": licences.assign},
    "users/{user}/licenseDetails": {"GET": licences.read_details},
    _TAPS: {"GET": passes.read_all, "POST": passes.create},
    f"{_TAPS}/{{pass}}": {"DELETE": passes.delete},
    "users/{user}/authentication/methods": {"GET": leaving.read_methods},
    **{
        f"users/{{user}}/authentication/{each}/{{method}}": {"DELETE": leaving.deletion(each)}
        for each in leaving.COLLECTIONS
    },
    "users/{user}/registeredDevices": {"GET": leaving.read_registered},
    "users/{user}/ownedDevices": {"GET": leaving.read_owned},
    "devices/{device}": {"PATCH": leaving.update_device},
    "users/{user}/mailboxSettings": {
        "GET": leaving.read_mailbox,
        "PATCH": leaving.update_mailbox,
    },
    _TAP_POLICY: {"GET": passes.read_policy},
    "groups": {"GET": groups.read_all, "POST": groups.create},
    "groups/$count": {"GET": groups.count},
    "groups/delta": {"GET": delta.groups},
    "groups/{group}": {"GET": groups.read, "PATCH": groups.update, "DELETE": groups.delete},
    "groups/{group}/members": {"GET": members.read_all},
    "groups/{group}/members/$ref": {"GET": members.read_references, "POST": members.add},
    "groups/{group}/members/$count": {"GET": members.count},
    "groups/{group}/members/{cast}": {"GET": members.read_all},
    "groups/{group}/members/{cast}/$count": {"GET": members.count},
    "groups/{group}/members/{member}": {"DELETE": groups.remove_member_object},
    "groups/{group}/members/{member}/$ref": {"DELETE": members.remove},
    "groups/{group}/transitiveMembers": {"GET": members.read_transitive},
    "groups/{group}/transitiveMembers/{cast}": {"GET": members.read_transitive},
    "groups/{group}/owners": {"GET": members.read_owners},
    "groups/{group}/owners/{cast}": {"GET": members.read_owners},
    "groups/{group}/owners/$ref": {"POST": members.add_owner},
    "groups/{group}/owners/{member}/$ref": {"DELETE": members.remove_owner},
    "directoryObjects/getByIds": {"POST": relations.objects_by_ids},
    "directoryObjects/{object}": {"GET": relations.read_object},
    "directory/deletedItems/{cast}": {"GET": deleted.read_all},
    "directory/deletedItems/{object}": {"GET": deleted.read, "DELETE": deleted.purge},
    "directory/deletedItems/{object}/{cast}": {"GET": deleted.read},
    "directory/deletedItems/{object}/restore": {"POST": deleted.restore},
    "applicationTemplates": {"GET": applications.read_templates},
    "applicationTemplates/{template}/instantiate": {"POST": applications.instantiate},
    "applications": {"GET": applications.read_all},
    "applications/{application}": {"GET": applications.read, "PATCH": applications.update},
    "servicePrincipals": {"GET": principals.read_all},
    _PRINCIPAL: {"GET": principals.read, "PATCH": principals.update},
    f"{_PRINCIPAL}/addTokenSigningCertificate": {"POST": principals.add_certificate},
    f"{_PRINCIPAL}/appRoleAssignedTo": {"GET": assignments.read_all, "POST": assignments.create},
    f"{_PRINCIPAL}/appRoleAssignedTo/{{assignment}}": {"DELETE": assignments.delete},
    f"{_PRINCIPAL}/appRoleAssignments": {"GET": grants.read_all, "POST": grants.create},
    f"{_PRINCIPAL}/appRoleAssignments/{{assignment}}": {"DELETE": grants.delete},
    f"{_PRINCIPAL}/claimsMappingPolicies": {"GET": claims.read_of_principal},
    f"{_PRINCIPAL}/claimsMappingPolicies/$ref": {"POST": claims.assign},
    f"{_PRINCIPAL}/claimsMappingPolicies/{{policy}}/$ref": {"DELETE": claims.unassign},
    "policies/claimsMappingPolicies": {"GET": claims.read_all, "POST": claims.create},
    "policies/claimsMappingPolicies/{policy}": {"PATCH": claims.update},
    "subscribedSkus": {"GET": licences.read_skus},
    "domains": {"GET": company.read_domains},
    "domains/{domain}": {"GET": company.read_domain},
    "organization": {"GET": company.read_organization},
}


@dataclass(frozen=True)
class Route:
    """One pattern, taken apart."""

    parts: tuple[str, ...]
    handlers: Mapping[str, Handler]

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """The values of the names in braces, or None."""
        if len(segments) != len(self.parts):
            return None
        params = {}
        for part, segment in zip(self.parts, segments, strict=True):
            if not part.startswith("{"):
                if part != segment:
                    return None
            elif part == "{cast}" and segment not in CASTS:
                return None
            else:
                params[part.strip("{}")] = segment
        return params


ROUTES = tuple(Route(tuple(path.split("/")), handlers) for path, handlers in TABLE.items())


def find(method: str, segments: tuple[str, ...]) -> tuple[Handler, dict[str, str]]:
    """The handler and its parameters; raises 405 or the refusal of an unknown segment."""
    path_is_known = False
    for route in ROUTES:
        params = route.match(segments)
        if params is None:
            continue
        if method in route.handlers:
            return route.handlers[method], params
        path_is_known = True
    if path_is_known:
        raise refusals.wrong_method()
    raise refusals.unknown_segment(_first_unknown(segments))


def _first_unknown(segments: tuple[str, ...]) -> str:
    for length in range(1, len(segments) + 1):
        start = segments[:length]
        if not any(Route(route.parts[:length], {}).match(start) is not None for route in ROUTES):
            return segments[length - 1]
    return segments[-1] if segments else ""
