"""What an identity was granted: application permissions of Graph and of other applications.

Source: Graph v1.0, "Grant an appRoleAssignment to a service principal", "List appRoleAssignments
granted to a service principal", "Delete appRoleAssignment". The caller must hold
AppRoleAssignment.ReadWrite.All; `denied` plays that it does not.
"""

from __future__ import annotations

from sandbox.graph.call import Call
from sandbox.graph.enterprise import assignments, found
from sandbox.graph.enterprise.schema import ASSIGNMENT
from sandbox.graph.wire import Reply


def read_all(call: Call) -> Reply:
    """GET /servicePrincipals/{id}/appRoleAssignments."""
    enterprise = call.tenant.enterprise
    principal = found.one(call, enterprise.principals, "principal")
    store = enterprise.assignments
    ids = [
        key
        for key in store.keys(call.as_of)
        if (each := store.get(key, call.as_of)) and each["principalId"] == principal["id"]
    ]
    return found.page(call, store, ASSIGNMENT, ids)


def create(call: Call) -> Reply:
    """POST /servicePrincipals/{id}/appRoleAssignments -> 201; the path names the receiver."""
    return assignments.made(call, path_names="principalId")


def delete(call: Call) -> Reply:
    """DELETE /servicePrincipals/{id}/appRoleAssignments/{id} -> 204; only one of its own."""
    return assignments.dropped(call, path_names="principalId")
