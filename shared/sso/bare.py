"""What does Graph say of one of TOPdesk's doors, to who may only read? All but the claims policy.

Called by `read`, which adds that, and by the daily watch: Graph shows the claims policy of an
application to nobody who may not write applications (Microsoft Graph, "List assigned
claimsMappingPolicies"), and the app may not.

The application is found again by its template: the one with our tag, else the one with the
policy's name. Nothing is found by a stored id, so any administrator on any machine goes on.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime

from shared.errors import Misconfigured, Permanent
from shared.sso.found import (
    Application,
    Assignment,
    Certificate,
    Found,
    Group,
    Principal,
    thumbprint_in,
    thumbprint_of,
)
from shared.sso.wanted import Wanted
from shared.vendors.graph import applications, groups
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import Refused

NO_ROLE = "00000000-0000-0000-0000-000000000000"
"""For an application that declares no roles (Graph, "Grant an appRoleAssignment")."""
_ROLE = "User"


async def bare(graph: Graph, wanted: Wanted) -> Found:
    """All there is of this door. Raises Permanent when nobody can tell which one is meant.

    NotVisible may rise out of it: an object that one replica knows and the next does not yet.
    """
    template = await _template(graph, wanted)
    chosen = await _application(graph, wanted, template)
    application, tagged = chosen or (None, None)
    return Found(
        template_id=template,
        application=_application_of(application) if application else None,
        principal=await _principal(graph, str(tagged["id"])) if tagged else None,
        claims_known=False,
        groups={name: await _group(graph, name) for name in wanted.groups},
        has_p1=await _has_p1(graph),
    )


async def _template(graph: Graph, wanted: Wanted) -> str:
    found = [
        each
        for each in await applications.templates(graph, wanted.template)
        if "saml" in (each.get("supportedSingleSignOnModes") or ())
    ]
    if not found:
        raise Permanent(
            f"the gallery of Entra has no application '{wanted.template}' with SAML. Look under "
            "Entra > Enterprise applications > New application; if Microsoft renamed it, a newer "
            "version of Instroom must know the new name"
        )
    return str(found[0]["id"])


async def _application(
    graph: Graph, wanted: Wanted, template_id: str
) -> tuple[Json, Json | None] | None:
    """The application with its service principal, or None when it was never made."""
    made = await applications.of_template(graph, template_id)
    pairs = [(each, await applications.tagged(graph, str(each["appId"]))) for each in made]
    marked = [(a, p) for a, p in pairs if p and wanted.tag in (p.get("tags") or ())]
    named = [(a, p) for a, p in pairs if a["displayName"] == wanted.application]
    found = marked or named
    if len(found) > 1:
        raise Permanent(
            f"{len(found)} applications in Entra were made from '{wanted.template}' for this: "
            "delete those that are not in use (Enterprise applications), then run this again",
            mender="operator",
        )
    if pairs and not found:
        names = ", ".join(f"'{a['displayName']}'" for a, _ in pairs)
        raise Misconfigured(
            f"sso.{wanted.realm}.application",
            f"Entra already has {names}, made from '{wanted.template}'",
            "Write its name here to let Instroom see to it, or delete it in Entra",
        )
    return found[0] if found else None


async def _principal(graph: Graph, principal_id: str) -> Principal:
    row = await applications.principal(graph, principal_id)
    certificates = sorted(_certificates(row), key=lambda each: each.not_after, reverse=True)
    preferred = row.get("preferredTokenSigningKeyThumbprint")
    return Principal(
        id=principal_id,
        enabled=row.get("accountEnabled") is not False,
        mode=row.get("preferredSingleSignOnMode"),
        sign_on_url=row.get("loginUrl"),
        logout_url=row.get("logoutUrl"),
        assignment_required=bool(row.get("appRoleAssignmentRequired")),
        notify=tuple(row.get("notificationEmailAddresses") or ()),
        tags=tuple(row.get("tags") or ()),
        active=str(preferred).upper() if preferred else None,
        role_id=_role(row),
        certificates=tuple(certificates),
        assignments=tuple(
            _assignment(each) for each in await applications.assignments(graph, principal_id)
        ),
    )


def _certificates(row: Json) -> Iterator[Certificate]:
    """One for each public half; the private one has the same custom key identifier."""
    for each in row.get("keyCredentials") or ():
        if each.get("usage") != "Verify":
            continue
        der = base64.b64decode(each["key"]) if each.get("key") else None
        custom = str(each.get("customKeyIdentifier") or "")
        yield Certificate(
            thumbprint=thumbprint_of(der) if der else thumbprint_in(custom),
            not_after=datetime.fromisoformat(str(each["endDateTime"])),
            key_id=custom,
            der=der,
        )


def _role(row: Json) -> str:
    """The enabled role `User` of a gallery application, else any enabled one for people."""
    roles = [
        role
        for role in row.get("appRoles") or ()
        if role.get("isEnabled") and "User" in (role.get("allowedMemberTypes") or ())
    ]
    best = [role for role in roles if role.get("displayName") == _ROLE] or roles
    return str(best[0]["id"]) if best else NO_ROLE


def _application_of(row: Json) -> Application:
    return Application(
        id=str(row["id"]),
        app_id=str(row["appId"]),
        name=str(row["displayName"]),
        identifiers=tuple(row.get("identifierUris") or ()),
        reply_urls=tuple((row.get("web") or {}).get("redirectUris") or ()),
    )


def _assignment(row: Json) -> Assignment:
    return Assignment(
        principal_id=str(row["principalId"]),
        kind=str(row.get("principalType") or ""),
        name=str(row.get("principalDisplayName") or ""),
        role_id=str(row.get("appRoleId") or NO_ROLE),
    )


async def _group(graph: Graph, name: str) -> Group:
    found = await groups.find(graph, name)
    if not found:
        return Group(
            None,
            f"group '{name}' is not in Entra: create it as a security group, then run this again",
        )
    if len(found) > 1:
        return Group(
            None,
            f"{len(found)} groups in Entra are named '{name}': name the right one by its object "
            "id in the policy, here and in entra.groups",
        )
    if "DynamicMembership" in (found[0].get("groupTypes") or ()):
        return Group(
            str(found[0]["id"]),
            f"group '{name}' is filled by a rule of its own in Entra, not from HR by this policy: "
            "make its membership assigned, or name another group",
        )
    if found[0].get("onPremisesSyncEnabled"):
        return Group(
            str(found[0]["id"]),
            f"group '{name}' is mastered by Active Directory, so this policy cannot fill it: name "
            "a cloud group",
        )
    return Group(str(found[0]["id"]))


async def _has_p1(graph: Graph) -> bool | None:
    try:
        return await applications.has_p1(graph)
    except Refused:  # who may set up single sign-on need not be allowed to see licences
        return None
