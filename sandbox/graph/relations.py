"""Who is whose manager, and in which groups is someone?

Source: Graph v1.0, "Assign manager", "List manager", "Remove manager", "List directReports",
"List memberOf", "directoryObject: getMemberGroups" and "checkMemberGroups".
"""

from __future__ import annotations

from sandbox.graph import accounts, queries, refusals
from sandbox.graph.call import Call, kind_of, reference_id, show, show_any
from sandbox.graph.schema import USER
from sandbox.graph.wire import Json, Reply

MOST_GROUP_IDS = 20
MOST_OBJECT_IDS = 1000


def read_manager(call: Call) -> Reply:
    """GET /users/{id}/manager; 404 when there is none."""
    manager = _manager(call)
    query = queries.parse(call.request, USER)
    body = call.context("directoryObjects/$entity") | {"@odata.type": USER.odata_type}
    return Reply(200, body | show(call, manager, query, USER))


def read_manager_reference(call: Call) -> Reply:
    """GET /users/{id}/manager/$ref."""
    where = f"{call.request.base_url}/directoryObjects/{_manager(call)['id']}/Microsoft.Graph.User"
    return Reply(200, call.context("$ref") | {"@odata.id": where})


def assign_manager(call: Call) -> Reply:
    """PUT /users/{id}/manager/$ref -> 204; the manager must exist."""
    user = call.user_to_write()
    manager_id = reference_id(call.request.json().get("@odata.id"))
    if call.tenant.accounts.get(manager_id, call.as_of) is None:
        raise refusals.not_found(manager_id)
    call.tenant.find_user(manager_id)
    accounts.refuse_synced(user)
    changed = () if call.tenant.manager_of(user["id"]) == manager_id else ("manager",)
    if changed:
        call.tenant.set_manager(user["id"], manager_id)
    return Reply(204, ids=(user["id"], manager_id), changed=changed)


def remove_manager(call: Call) -> Reply:
    """DELETE /users/{id}/manager/$ref -> 204."""
    user = call.user_to_write()
    manager_id = call.tenant.manager_of(user["id"])
    if manager_id is None:
        raise refusals.not_found("manager")
    accounts.refuse_synced(user)
    call.tenant.set_manager(user["id"], None)
    return Reply(204, ids=(user["id"], manager_id), changed=("manager",))


def read_reports(call: Call) -> Reply:
    """GET /users/{id}/directReports."""
    user_id = call.user()["id"]
    managers = call.tenant.managers
    reports = call.tenant.reports.get(user_id, {})
    ids = (each for each in reports if managers.get(each, call.as_of) == user_id)
    return call.page_of_objects(ids, call.params.get("cast"))


def read_member_of(call: Call) -> Reply:
    """GET /users/{id}/memberOf: direct groups, and directory roles behind them."""
    user_id = call.user()["id"]
    return _groups_and_roles(call, user_id, _direct(call, user_id))


def read_transitive_member_of(call: Call) -> Reply:
    """GET /users/{id}/transitiveMemberOf: nested groups too."""
    user_id = call.user()["id"]
    return _groups_and_roles(call, user_id, call.tenant.closure(user_id))


def read_roles(call: Call) -> Reply:
    """GET /users/{id}/memberOf/microsoft.graph.directoryRole: what makes someone sensitive."""
    roles = _roles(call, call.user()["id"])
    return Reply(200, call.context("directoryRoles") | {"value": roles})


def member_groups(call: Call) -> Reply:
    """POST /users/{id}/getMemberGroups: the ids, nested ones too."""
    user_id = call.user()["id"]
    security_only = call.request.json().get("securityEnabledOnly")
    if not isinstance(security_only, bool):
        raise refusals.directory("The required parameter 'securityEnabledOnly' is missing.")
    ids = [
        group_id
        for group_id in call.tenant.closure(user_id)
        if not security_only or call.tenant.groups[group_id]["securityEnabled"]
    ]
    return Reply(200, call.context("Collection(Edm.String)") | {"value": ids})


def check_member_groups(call: Call) -> Reply:
    """POST /users/{id}/checkMemberGroups: which of at most 20 groups is someone in?"""
    user_id = call.user()["id"]
    asked = _ids(call.request.json(), "groupIds", MOST_GROUP_IDS)
    inside = set(call.tenant.closure(user_id))
    value = [each for each in asked if each in inside]
    return Reply(200, call.context("Collection(Edm.String)") | {"value": value})


def objects_by_ids(call: Call) -> Reply:
    """POST /directoryObjects/getByIds: those that exist, without a word about the others."""
    body = call.request.json()
    wanted = set(body.get("types") or ("user", "group"))
    found: list[Json] = []
    for each in _ids(body, "ids", MOST_OBJECT_IDS):
        item = call.lookup(each)
        if item is not None and kind_of(item).rpartition(".")[2] in wanted:
            found.append(show_any(call, item, queries.Query()))
    return Reply(200, call.context("directoryObjects") | {"value": found})


def read_object(call: Call) -> Reply:
    """GET /directoryObjects/{id}."""
    _, item = call.tenant.find_object(call.params["object"], call.as_of)
    body = call.context("directoryObjects/$entity")
    return Reply(200, body | show_any(call, item, queries.Query()))


def _manager(call: Call) -> Json:
    manager_id = call.tenant.managers.get(call.user()["id"], call.as_of)
    manager = call.tenant.accounts.get(manager_id, call.as_of) if manager_id else None
    if manager is None:
        raise refusals.not_found("manager")
    return manager


def _direct(call: Call, user_id: str) -> tuple[str, ...]:
    """Direct groups as the replica shows them; the present index is only a first guess."""
    if call.as_of is None:
        return call.tenant.groups_of(user_id)
    return tuple(
        group_id
        for group_id, members in call.tenant.memberships.items()
        if members.get(user_id, call.as_of)
    )


def _groups_and_roles(call: Call, user_id: str, group_ids: tuple[str, ...]) -> Reply:
    cast = call.params.get("cast")
    reply = call.page_of_objects(group_ids, cast)
    last_page = isinstance(reply.body, dict) and "@odata.nextLink" not in reply.body
    if cast is None and last_page and isinstance(reply.body, dict):
        kind = {"@odata.type": "#microsoft.graph.directoryRole"}
        reply.body["value"] += [kind | role for role in _roles(call, user_id)]
    return reply


def _roles(call: Call, user_id: str) -> list[Json]:
    names = sorted(call.tenant.admin_roles.get(user_id, ()))
    return [{"id": call.tenant.role_id(name), "displayName": name} for name in names]


def _ids(body: Json, name: str, most: int) -> list[str]:
    asked = body.get(name)
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise refusals.directory(f"The required parameter '{name}' is missing.")
    if len(asked) > most:
        raise refusals.directory(
            f"Too many values specified in the request. The limit is {most} for '{name}'."
        )
    return [each.lower() for each in asked]
