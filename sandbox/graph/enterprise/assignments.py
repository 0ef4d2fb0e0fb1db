"""Who has which role of an application: users and groups that sign in, and other applications.

Source: Graph v1.0, "Grant an appRoleAssignment for a service principal". A group needs Microsoft
Entra ID P1; the refusal of a tenant without it is likely, not captured.
"""

from __future__ import annotations

from sandbox.graph import refusals
from sandbox.graph.call import Call
from sandbox.graph.enterprise import found
from sandbox.graph.enterprise.schema import ASSIGNMENT
from sandbox.graph.wire import Json, Reply

NO_ROLE = "00000000-0000-0000-0000-000000000000"
NEEDED = ("principalId", "resourceId", "appRoleId")
_APPLICATION = "servicePrincipal"


def read_all(call: Call) -> Reply:
    """GET /servicePrincipals/{id}/appRoleAssignedTo."""
    enterprise = call.tenant.enterprise
    principal = found.one(call, enterprise.principals, "principal")
    store = enterprise.assignments
    ids = [
        key
        for key in store.keys(call.as_of)
        if (each := store.get(key, call.as_of)) and each["resourceId"] == principal["id"]
    ]
    return found.page(call, store, ASSIGNMENT, ids)


def create(call: Call) -> Reply:
    """POST /servicePrincipals/{id}/appRoleAssignedTo -> 201; the path names the resource."""
    return made(call, path_names="resourceId")


def delete(call: Call) -> Reply:
    """DELETE /servicePrincipals/{id}/appRoleAssignedTo/{id} -> 204."""
    return dropped(call, path_names="resourceId")


def made(call: Call, *, path_names: str) -> Reply:
    """A new assignment; the service principal in the path is its `path_names`."""
    tenant, enterprise, body = call.tenant, call.tenant.enterprise, call.request.json()
    enterprise.check_may("assignments")
    principal = found.to_write(call, enterprise.principals, "principal")
    for name in body:
        if name not in NEEDED:
            raise refusals.invalid_property(name)
    for name in NEEDED:
        if not body.get(name):
            raise refusals.required(name, "AppRoleAssignment")
    if body[path_names] != principal["id"]:
        raise refusals.directory("Not a valid reference update.")
    resource = enterprise.principals.get(body["resourceId"], call.as_of)
    if resource is None:
        raise refusals.not_found(body["resourceId"])
    kind, who = _receiver(call, body["principalId"])
    _check_role(resource, body["appRoleId"], "Application" if kind == _APPLICATION else "User")
    if kind == "group" and not enterprise.has_p1:
        raise refusals.directory(
            "Groups are not available for assignment due to your Active Directory plan level."
        )
    for each in enterprise.assignments.current.values():
        if all(each[name] == body[name] for name in NEEDED):
            raise refusals.directory("Permission being assigned already exists on the object")
    row = {
        **{name: body[name] for name in NEEDED},
        "id": tenant.new_id("assignment"),
        "createdDateTime": tenant.timestamp(),
        "principalDisplayName": who["displayName"],
        "principalType": kind[0].upper() + kind[1:],
        "resourceDisplayName": resource["displayName"],
    }
    enterprise.assignments.put(row["id"], row)
    return Reply(201, call.context("appRoleAssignments/$entity") | row, ids=(row["id"],))


def dropped(call: Call, *, path_names: str) -> Reply:
    """An assignment of the service principal in the path is no more."""
    enterprise = call.tenant.enterprise
    enterprise.check_may("assignments")
    principal = found.to_write(call, enterprise.principals, "principal")
    assignment = found.to_write(call, enterprise.assignments, "assignment")
    if assignment[path_names] != principal["id"]:
        raise refusals.not_found(assignment["id"])
    enterprise.assignments.drop(assignment["id"])
    return Reply(204, ids=(assignment["id"],))


def _receiver(call: Call, object_id: str) -> tuple[str, Json]:
    principal = call.tenant.enterprise.principals.get(object_id, call.as_of)
    if principal is not None:
        return _APPLICATION, principal
    return call.tenant.find_object(object_id, call.as_of)


def _check_role(resource: Json, role: str, member: str) -> None:
    """A role is for users and groups, or for applications; where there is none, zeros are one."""
    enabled = {
        each["id"]
        for each in resource["appRoles"]
        if each["isEnabled"] and member in each["allowedMemberTypes"]
    }
    if role not in (enabled or ({NO_ROLE} if not resource["appRoles"] else set())):
        raise refusals.directory("Permission being assigned was not found on application")
