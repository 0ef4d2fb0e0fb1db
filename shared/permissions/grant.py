"""What was an identity granted in Entra, and how is it granted what it lacks?

Called by the command line, under an administrator's own sign-in. Roles are looked up by their
name on Graph's own service principal: an id that was copied from a page is one nobody checked.
Takes nothing away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shared.errors import Misconfigured, Permanent
from shared.vendors.graph import grants
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.permissions import DANGEROUS, OF_THE_APP, Permission
from shared.vendors.graph.refusals import Refused

MANAGED = "ManagedIdentity"
_FORBIDDEN = 403


@dataclass(frozen=True)
class Identity:
    """The app's identity in Entra, and what it was granted."""

    object_id: str
    name: str
    graph_id: str
    offered: Mapping[str, str]
    """Graph's application permissions: name to the id of the role."""
    held: Mapping[str, str]
    """What it was granted: name to the id of the assignment."""


async def read(graph: Graph, object_id: str) -> Identity:
    """The identity as Entra shows it. Raises Misconfigured when it is none."""
    try:
        principal = await grants.identity(graph, object_id)
        itself = await grants.graph_itself(graph)
        rows = await grants.held(graph, object_id) if principal else ()
    except Refused as refused:
        raise _told(refused, "read what was granted") from refused
    if principal is None:
        raise Misconfigured(
            object_id,
            "is no object id of an identity in this tenant",
            "Give the output identityPrincipalId of the deployment, not its client id; when it "
            "was made just now, try again in a minute",
        )
    if principal["servicePrincipalType"] != MANAGED:
        raise Misconfigured(
            object_id,
            f"is of type {principal['servicePrincipalType']}, no managed identity",
            "Give the output identityPrincipalId of the deployment",
        )
    if itself is None:
        raise Permanent("this tenant shows no Microsoft Graph of its own", mender="operator")
    return _identity(principal, itself, rows)


def role_of(identity: Identity, permission: Permission) -> str:
    """The id of the role with this name. Raises Permanent when Graph offers none."""
    if permission.value not in identity.offered:
        raise Permanent(
            f"Graph offers no application permission {permission.value} in this tenant: nothing "
            "was granted; see docs/permissions.md for a broader one to grant by hand",
            mender="operator",
        )
    return identity.offered[permission.value]


async def grant(
    graph: Graph, identity: Identity, missing: Iterable[Permission], tell: Callable[[str], None]
) -> None:
    """Grant these; done twice is done once. Every role is found before the first is granted."""
    roles = {each: role_of(identity, each) for each in missing}
    for permission, role in roles.items():
        if permission not in OF_THE_APP or permission.value in DANGEROUS:
            raise ValueError(f"{permission.value} is nothing that the app may hold")
        try:
            await grants.grant(graph, identity.object_id, identity.graph_id, role)
        except Refused as refused:
            if not refused.refusal.says_exists:
                raise _told(refused, f"grant {permission.value}") from refused
        tell(permission.value)


def _identity(principal: Json, itself: Json, rows: Iterable[Json]) -> Identity:
    roles = [role for role in itself["appRoles"] if "Application" in role["allowedMemberTypes"]]
    names = {role["id"]: str(role["value"]) for role in roles}
    return Identity(
        object_id=str(principal["id"]),
        name=str(principal["displayName"]),
        graph_id=str(itself["id"]),
        offered={str(role["value"]): str(role["id"]) for role in roles if role["isEnabled"]},
        held={_name(row, itself["id"], names): str(row["id"]) for row in rows},
    )


def _name(row: Json, graph_id: str, names: Mapping[str, str]) -> str:
    """As Graph names it; of another application, whose names are not read, by its id."""
    role = str(row["appRoleId"])
    if row["resourceId"] == graph_id:
        return names.get(role, role)
    return f"{row.get('resourceDisplayName') or row['resourceId']}: {role}"


def _told(refused: Refused, what: str) -> Exception:
    if refused.refusal.status != _FORBIDDEN:
        return refused
    return Permanent(
        f"Entra does not let you {what} ({refused.refusal}): sign in as Privileged Role "
        "Administrator, and have the permissions consented to that docs/permissions.md names",
        mender="operator",
    )
