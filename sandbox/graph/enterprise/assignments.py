"""Who may sign in to an application: assignments of users and groups to one of its roles.

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
    """POST /servicePrincipals/{id}/appRoleAssignedTo -> 201."""
    tenant, enterprise, body = call.tenant, call.tenant.enterprise, call.request.json()
    enterprise.check_may("assignments")
    principal = found.to_write(call, enterprise.principals, "principal")
    for name in body:
        if name not in NEEDED:
            raise refusals.invalid_property(name)
    for name in NEEDED:
        if not body.get(name):
            raise refusals.required(name, "AppRoleAssignment")
    if body["resourceId"] != principal["id"]:
        raise refusals.directory("Not a valid reference update.")
    kind, who = tenant.find_object(body["principalId"], call.as_of)
    _check_role(principal, body["appRoleId"])
    if kind == "group" and not enterprise.has_p1:
        raise refusals.directory(
            "Groups are not available for assignment due to your Active Directory plan level."
        )
    for each in enterprise.assignments.current.values():
        if all(each[name] == body[name] for name in NEEDED):
            raise refusals.directory("Permission being assigned already exists on the object")
    made = {
        **{name: body[name] for name in NEEDED},
        "id": tenant.new_id("assignment"),
        "createdDateTime": tenant.timestamp(),
        "principalDisplayName": who["displayName"],
        "principalType": kind.title(),
        "resourceDisplayName": principal["displayName"],
    }
    enterprise.assignments.put(made["id"], made)
    return Reply(201, call.context("appRoleAssignments/$entity") | made, ids=(made["id"],))


def delete(call: Call) -> Reply:
    """DELETE /servicePrincipals/{id}/appRoleAssignedTo/{id} -> 204."""
    enterprise = call.tenant.enterprise
    enterprise.check_may("assignments")
    found.to_write(call, enterprise.principals, "principal")
    assignment = found.to_write(call, enterprise.assignments, "assignment")
    enterprise.assignments.drop(assignment["id"])
    return Reply(204, ids=(assignment["id"],))


def _check_role(principal: Json, role: str) -> None:
    enabled = {each["id"] for each in principal["appRoles"] if each["isEnabled"]}
    if role not in (enabled or {NO_ROLE}):
        raise refusals.directory("Permission being assigned was not found on application")
