"""Members and owners of a group: read, add one, add twenty, remove.

Source: Graph v1.0, "Add members", "Remove member", "List group members", "Add owners". The path
without `/$ref` deletes the member itself and is therefore not here but in `groups`.
"""

from __future__ import annotations

from typing import Any

from sandbox.graph import group_licences, refusals
from sandbox.graph.call import Call, kind_of, linked, reference_id
from sandbox.graph.wire import Json, Reply

BIND = "members@odata.bind"
BIND_OWNERS = "owners@odata.bind"
MOST_BOUND = 20
MOST_OWNERS = 100


def read_all(call: Call) -> Reply:
    """GET /groups/{id}/members, with or without a type cast."""
    links = call.tenant.memberships[call.group()["id"]]
    return call.page_of_objects(linked(links, call.as_of), call.params.get("cast"))


def read_transitive(call: Call) -> Reply:
    """GET /groups/{id}/transitiveMembers."""
    return call.page_of_objects(call.tenant.below(call.group()["id"]), call.params.get("cast"))


def count(call: Call) -> Reply:
    """GET /groups/{id}/members/$count, with the header only."""
    if not call.request.is_eventual:
        raise refusals.directory("$count is not currently supported.")
    ids = linked(call.tenant.memberships[call.group()["id"]], call.as_of)
    found = [item for each in ids if (item := call.lookup(each)) is not None]
    wanted = call.params.get("cast")
    return Reply(200, str(sum(wanted in (None, kind_of(item)) for item in found)))


def read_references(call: Call) -> Reply:
    """GET /groups/{id}/members/$ref."""
    links = call.tenant.memberships[call.group()["id"]]
    base = f"{call.request.base_url}/directoryObjects"
    value = [{"@odata.id": f"{base}/{each}"} for each in linked(links, call.as_of)]
    return Reply(200, call.context("Collection($ref)") | {"value": value})


def add(call: Call) -> Reply:
    """POST /groups/{id}/members/$ref -> 204."""
    group = call.group_to_write()
    reference = call.request.json().get("@odata.id")
    (member_id,) = checked_additions(call, group, {BIND: [reference]})
    call.tenant.add_member(group["id"], member_id)
    group_licences.settle(call.tenant, [member_id])
    return Reply(204, ids=(group["id"], member_id), changed=("members",))


def remove(call: Call) -> Reply:
    """DELETE /groups/{id}/members/{id}/$ref -> 204; 404 for who is not a member."""
    group = call.group_to_write()
    refuse_member_writes(group)
    member_id = call.params["member"].lower()
    if member_id not in call.tenant.memberships[group["id"]].current:
        raise refusals.not_found(member_id)
    call.tenant.remove_member(group["id"], member_id)
    group_licences.settle(call.tenant, [member_id])
    return Reply(204, ids=(group["id"], member_id), changed=("members",))


def read_owners(call: Call) -> Reply:
    """GET /groups/{id}/owners."""
    links = call.tenant.ownerships[call.group()["id"]]
    return call.page_of_objects(linked(links, call.as_of), call.params.get("cast"))


def add_owner(call: Call) -> Reply:
    """POST /groups/{id}/owners/$ref -> 204."""
    group = call.group_to_write()
    if group.get("isAssignableToRole"):
        raise refusals.forbidden()
    (owner_id,) = bound(call, [call.request.json().get("@odata.id")])
    owners = call.tenant.ownerships[group["id"]]
    if owner_id in owners.current:
        raise refusals.already_referenced("owners")
    if len(owners.current) >= MOST_OWNERS:
        raise refusals.directory(f"A group can have at most {MOST_OWNERS} owners.")
    call.tenant.add_owner(group["id"], owner_id)
    return Reply(204, ids=(group["id"], owner_id), changed=("owners",))


def remove_owner(call: Call) -> Reply:
    """DELETE /groups/{id}/owners/{id}/$ref -> 204."""
    group = call.group_to_write()
    owner_id = call.params["member"].lower()
    owners = call.tenant.ownerships[group["id"]]
    if group.get("isAssignableToRole"):
        raise refusals.forbidden()
    if owner_id not in owners.current:
        raise refusals.not_found(owner_id)
    owners.drop(owner_id)
    return Reply(204, ids=(group["id"], owner_id), changed=("owners",))


def checked_additions(call: Call, group: Json, body: Json) -> tuple[str, ...]:
    """The ids to add, when the group takes members and nobody is one yet; else the refusal."""
    refuse_member_writes(group)
    joining = bound(call, body[BIND])
    present = call.tenant.memberships[group["id"]].current
    if any(each in present for each in joining) or len(set(joining)) < len(joining):
        raise refusals.already_referenced("members")
    return joining


def bound(call: Call, references: Any) -> tuple[str, ...]:
    """The ids that the references name; at most 20, and each must be visible."""
    if not isinstance(references, list):
        raise refusals.directory("Invalid URL format specified in payload.")
    if len(references) > MOST_BOUND:
        raise too_many()
    ids = tuple(reference_id(each) for each in references)
    for each in ids:
        call.tenant.find_object(each, call.as_of)
        call.tenant.find_object(each)
    return ids


def too_many() -> refusals.Refusal:
    """400: more references than one request takes."""
    return refusals.directory(
        f"The number of object references in one request exceeds the maximum of {MOST_BOUND}."
    )


def refuse_member_writes(group: Json) -> None:
    """The groups whose members Graph, or this app, does not manage."""
    if "DynamicMembership" in group["groupTypes"] or group.get("isAssignableToRole"):
        raise refusals.forbidden()
    if group.get("isManagementRestricted"):
        raise refusals.forbidden()
    if group.get("onPremisesSyncEnabled"):
        raise refusals.synced()
    if group["mailEnabled"] and "Unified" not in group["groupTypes"]:
        raise refusals.directory(
            "Cannot Update a mail-enabled security groups and or distribution list."
        )
