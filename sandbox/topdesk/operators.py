"""The operator cards: list, look up, read, create, update; a card always stands on a person card.

Supporting Files API 2.7.11. Lists leave archived cards out, but a `query` shows both kinds; pages
hold 100 rows at most. Login names come back in upper case, as in published payloads.
"""

from __future__ import annotations

from copy import deepcopy

from sandbox.topdesk import card_rules, fields, lists, operator_fields, operator_view, refusals
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.refusals import Problem, Refused
from sandbox.topdesk.tenant import Row, TopdeskTenant, name_of

MOST_A_PAGE = 100
NOT_FOUND = "The operator could not be found"


def read_all(call: Call) -> Reply:
    """`GET /operators`."""
    call.need("operators.read")
    view = operator_view.VIEW
    names = lists.chosen(call, "fields", view, view)
    rows = operator_view.QUERY.select(call, lists.query(call), archived_too=False)
    rows.sort(key=lambda row: row["dynamicName"].casefold())
    return lists.array(
        rows,
        start=call.number("start", 0, least=0),
        size=call.number("page_size", 10, least=1, most=MOST_A_PAGE),
        shown=lambda row: lists.show(call.tenant, row, view, names),
    )


def look_up(call: Call) -> Reply:
    """`GET /operators/lookup`."""
    call.need("operators.read")
    group = call.query.get("operatorgroupid")
    rows = (
        row
        for row in call.tenant.visible("operators")
        if group is None or group in call.tenant.linked("operatorgroups", row["id"])
    )
    return lists.lookup(call, rows, name_of)


def read(call: Call) -> Reply:
    """`GET /operators/id/{id}`."""
    call.need("operators.read")
    return answer(call, call.row("operators", NOT_FOUND), 200)


def read_current(call: Call) -> Reply:
    """`GET /operators/current`: the API account itself."""
    return answer(call, call.tenant.table("operators")[call.tenant.api_account], 200)


def read_current_id(call: Call) -> Reply:
    """`GET /operators/current/id`."""
    return Reply(200, {"id": call.tenant.api_account})


def create(call: Call) -> Reply:
    """`POST /operators`: needs the right to create operators and to write persons (2.7.6)."""
    call.need("operators.create", "No permission to create operators")
    call.need("persons.write", "No permission to update persons")
    tenant, body = call.tenant, call.json_object()
    card_rules.refuse_unknown_branch(call, body)
    _refuse_login_data(call, body)
    values, problems = fields.check(tenant, body, operator_fields.CREATE)
    problems += card_rules.absent(body, ("surName", "branch", "linkedPerson"))
    row = deepcopy(operator_fields.DEFAULTS)
    row |= fields.merged(row, values)
    problems += _unlinkable(tenant, row) + _broken(tenant, row, values, None)
    if problems:
        raise Refused(400, *problems)
    if not row["apiAccount"]:
        refuse_over_licence(tenant)
    made = tenant.add("operators", {**_stored(row), "principalId": tenant.mint("principals")})
    return answer(call, made, 201)


def update(call: Call) -> Reply:
    """`PATCH` or `PUT /operators/id/{id}`; `linkedPerson` and `apiAccount` can never change."""
    call.need("operators.write", "No permission to update operators")
    row, tenant = call.row("operators", NOT_FOUND), call.tenant
    body = call.json_object()
    _refuse_login_data(call, body)
    card_rules.refuse_archived(call, row, "Operator")
    values, problems = fields.check(tenant, body, operator_fields.UPDATE)
    problems += card_rules.emptied(values)
    values = fields.merged(row, values)
    after = {**row, **values}
    problems += _admin_login(row, body) + _broken(tenant, after, values, row)
    if problems:
        raise Refused(400, *problems)
    stored = _stored(after)
    tenant.change("operators", row, {name: stored[name] for name in (*values, "dynamicName")})
    return answer(call, row, 200)


def answer(call: Call, row: Row, status: int) -> Reply:
    """An operator card as every call shows it."""
    shown = lists.show(call.tenant, row, operator_view.VIEW)
    if "permission groups.read" in call.tenant.settings.denied:
        del shown["accessRoles"]
    return Reply(status, shown, ids=(row["id"],))


def refuse_over_licence(tenant: TopdeskTenant) -> None:
    """One more active operator must fit the licence; the text is the rig's own."""
    allowed = tenant.settings.licensed_operators
    active = (
        row
        for row in tenant.table("operators").values()
        if not row["archived"] and not row["apiAccount"]
    )
    if allowed is not None and sum(1 for _ in active) >= allowed:
        raise refusals.bad_request("The maximum number of licensed operators has been reached")


def _unlinkable(tenant: TopdeskTenant, row: Row) -> list[Problem]:
    """A person that cannot carry this card: archived, or with an operator card already."""
    person = tenant.table("persons").get(row["linkedPerson"])
    if person is None:
        return []
    if person["archived"]:
        return [refusals.unknown_value("linkedPerson")]
    if tenant.operator_of(person["id"]) is not None:
        # No document has a text for this; one human has one operator card (One TOPdesk user).
        return [Problem("The given person is already linked to another operator.")]
    return []


def _broken(tenant: TopdeskTenant, row: Row, values: Json, before: Row | None) -> list[Problem]:
    own_id = before["id"] if before else None
    problems = card_rules.misplaced(tenant, row) + card_rules.weak_password(values, "operators")
    if row["loginPermission"] and not row["loginName"]:
        text = (
            "The new operator has login permission, but mandatory login credentials are missing."
        )
        problems.append(Problem(text))
    earlier = before["loginName"] if before else ""
    if row["loginName"].casefold() == earlier.casefold():
        return problems
    problems += card_rules.taken(tenant, "operators", "loginName", row["loginName"], own_id)
    settings = tenant.settings
    mandatory = settings.operator_password_mandatory or (
        before is not None and settings.login_change_needs_password
    )
    mandatory = mandatory and bool(row["loginName"])
    return problems + card_rules.missing_password("operators", mandatory=mandatory, values=values)


def _admin_login(row: Row, body: Json) -> list[Problem]:
    if row["admin"] and set(body) & set(operator_fields.LOGIN_DATA):
        return [Problem("Not allowed to change login credentials of admin as non-admin.")]
    return []


def _refuse_login_data(call: Call, body: Json) -> None:
    if set(body) & set(operator_fields.LOGIN_DATA):
        call.need("login data.write", "May not set login credentials.")


def _stored(row: Row) -> Row:
    return {
        **row,
        "password": "",  # never kept: nobody signs in with it here
        "loginName": row["loginName"].upper(),
        "dynamicName": card_rules.dynamic_name(row),
    }
