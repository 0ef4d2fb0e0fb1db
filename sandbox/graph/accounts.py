"""Users: create, read, list, change, delete.

Source: Graph v1.0, "Create User", "Get a user", "List users", "Update user", "Delete a user".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox.graph import account_rules, bodies, queries, recycle, refusals
from sandbox.graph.call import EXPANDABLE, Call, show
from sandbox.graph.indexes import INDEXED
from sandbox.graph.schema import SENSITIVE, USER
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.wire import Json, Reply

REQUIRED = (
    "accountEnabled",
    "displayName",
    "mailNickname",
    "userPrincipalName",
    "passwordProfile",
)
# Directory roles that let an app touch an administrator, and one that lets it set passwords
# (Graph, "users: who can perform sensitive actions").
HIGHER_ROLES = frozenset({"Privileged Authentication Administrator", "Global Administrator"})
PASSWORD_ROLES = HIGHER_ROLES | {"User Administrator"}


def create(call: Call) -> Reply:
    """POST /users -> 201 with the default properties."""
    tenant = call.tenant
    named = bodies.checked(call.request.json(), USER, bindings=frozenset())
    for name in REQUIRED:
        if named.get(name) is None:
            raise refusals.required(name, "User")
    if not named["passwordProfile"].get("password"):
        raise refusals.required("passwordProfile", "User")
    account_rules.check_upn(tenant, named["userPrincipalName"])
    account_rules.check_values(named, named)
    user: Json = {
        "id": tenant.new_id("user"),
        "businessPhones": [],
        "otherMails": [],
        "proxyAddresses": [],
        "assignedLicenses": [],
        "userType": "Member",
        "createdDateTime": tenant.timestamp(),
        "lastPasswordChangeDateTime": tenant.timestamp(),
        "signInSessionsValidFromDateTime": tenant.timestamp(),
        **_without_password(named),
    }
    user = account_rules.with_addresses(user, named)
    account_rules.check_free(tenant, user)
    tenant.store_user(user)
    body = call.context("users/$entity") | show(call, user, queries.Query(), USER)
    location = f"{call.request.base_url}/users/{user['id']}"
    return Reply(201, body, {"Location": location}, (user["id"],), tuple(sorted(named)))


def read(call: Call) -> Reply:
    """GET /users/{id or UPN}."""
    query = queries.parse(call.request, USER, relations=EXPANDABLE)
    fragment = "users/$entity"
    return Reply(200, call.context(fragment) | show(call, call.user(), query, USER))


def read_all(call: Call) -> Reply:
    """GET /users."""
    query = queries.parse(call.request, USER, relations=EXPANDABLE)
    queries.refuse_sharepoint(query)
    accounts = call.tenant.accounts
    page = call.page(
        query, USER, _candidates(call, query), lambda each: accounts.get(each, call.as_of)
    )
    return Reply(200, page)


def count(call: Call) -> Reply:
    """GET /users/$count, with the header only."""
    if not call.request.is_eventual:
        raise refusals.directory("$count is not currently supported.")
    counted = {**call.request.query, "$count": "true"}
    query = queries.parse(replace(call.request, query=counted), USER)
    accounts = call.tenant.accounts
    found = queries.count(
        query, _candidates(call, query), lambda each: accounts.get(each, call.as_of)
    )
    return Reply(200, str(found))


def update(call: Call) -> Reply:
    """PATCH /users/{id or UPN} -> 204."""
    tenant = call.tenant
    user = call.user_to_write()
    named = bodies.checked(call.request.json(), USER, bindings=frozenset())
    _refuse_mastered(tenant, user, named)
    _refuse_restricted(user)
    if SENSITIVE.intersection(named):
        refuse_privileged(tenant, user["id"])
    if "passwordProfile" in named and not PASSWORD_ROLES & tenant.app_roles:
        raise refusals.forbidden()
    if "userPrincipalName" in named:
        account_rules.check_upn(tenant, named["userPrincipalName"])
    account_rules.check_values(user, named)
    after = bodies.merged(user, _without_password(named), USER)
    if "passwordProfile" in named:
        after["lastPasswordChangeDateTime"] = tenant.timestamp()
        after["signInSessionsValidFromDateTime"] = tenant.timestamp()
    after = account_rules.with_addresses(after, named)
    account_rules.check_free(tenant, after)
    changed = bodies.changed_names(user, after)
    if changed:
        tenant.store_user(after)
    return Reply(204, ids=(user["id"],), changed=changed)


def delete(call: Call) -> Reply:
    """DELETE /users/{id or UPN} -> 204; a soft delete."""
    return remove(call, call.user_to_write())


def remove(call: Call, user: Json) -> Reply:
    """Soft-delete this user; also what a forgotten `/$ref` does (accidentally) to a member."""
    _refuse_restricted(user)
    refuse_privileged(call.tenant, user["id"])
    recycle.delete_user(call.tenant, user["id"])
    return Reply(204, ids=(user["id"],), changed=("deletedDateTime",))


def revoke_sessions(call: Call) -> Reply:
    """POST /users/{id}/revokeSignInSessions -> 200 with true."""
    user = call.user_to_write()
    call.request.json_or_empty()
    after = {**user, "signInSessionsValidFromDateTime": call.tenant.timestamp()}
    call.tenant.store_user(after)
    changed = ("signInSessionsValidFromDateTime",)
    return Reply(200, call.context("Edm.Boolean") | {"value": True}, {}, (user["id"],), changed)


def refuse_privileged(tenant: GraphTenant, user_id: str) -> None:
    """403 for a sensitive action on an administrator, unless the app's own role is higher."""
    if tenant.is_privileged(user_id) and not HIGHER_ROLES & tenant.app_roles:
        raise refusals.forbidden()


def refuse_synced(item: Json) -> None:
    """400 when Active Directory is the master of the object."""
    if item.get("onPremisesSyncEnabled"):
        raise refusals.synced()


def _refuse_mastered(tenant: GraphTenant, user: Json, named: Json) -> None:
    """What AD masters cannot be written; extension attributes stay closed after sync has ended.

    A block is taken, and does not outlive the next synchronisation.
    """
    synced = user.get("onPremisesSyncEnabled")
    free = set() if tenant.directory.refuses_cloud_blocks else {"accountEnabled"}
    if synced and any(USER.properties[name].synced for name in named if name not in free):
        raise refusals.synced()
    left = synced is None and user.get("onPremisesSecurityIdentifier")
    if (synced is False or left) and "onPremisesExtensionAttributes" in named:
        raise refusals.directory(
            "Unable to update the specified properties for objects that have originated within an"
            " external service."
        )


def _refuse_restricted(user: Json) -> None:
    """In a restricted administrative unit a Graph permission is not enough."""
    if user.get("isManagementRestricted"):
        raise refusals.forbidden()


def _without_password(named: Json) -> Json:
    return {name: value for name, value in named.items() if name != "passwordProfile"}


def _candidates(call: Call, query: queries.Query) -> Iterable[str]:
    """Only those an index names, when the filter allows; a lagging replica adds the recent."""
    accounts = call.tenant.accounts
    wanted = queries.equality(query.filter, INDEXED)
    if wanted is None:
        return accounts.keys(call.as_of)
    name, values = wanted
    found = [each for value in values for each in call.tenant.indexes.holding(name, value)]
    if call.as_of is not None:
        found += list(accounts.recent())
    return dict.fromkeys(found)
