"""The person cards: list, count, look up, read, create, update, in both generations of the API.

There is no DELETE: a person is archived (`archiving`), never removed through the API.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from sandbox.topdesk import card_rules, fields, lists, media, person_fields, person_view
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.fields import Field
from sandbox.topdesk.lists import View
from sandbox.topdesk.refusals import Problem, Refused
from sandbox.topdesk.tenant import Row, TopdeskTenant, name_of

MOST_A_PAGE = 5000
NOT_FOUND = "The person could not be found."
_OLD_PARAMETERS = {
    "firstname": "firstName",
    "lastname": "surName",
    "network_login_name": "networkLoginName",
    "ssp_login_name": "tasLoginName",
    "email": "email",
    "mobile_number": "mobileNumber",
}


def read_all(call: Call) -> Reply:
    """`GET /persons`: v1 leaves archived cards out unless a query asks, v2 never does."""
    call.need("persons.read")
    return _read_all_v2(call) if call.is_v2 else _read_all_v1(call)


def _read_all_v1(call: Call) -> Reply:
    node = lists.query(call)
    size = call.number("page_size", 10, least=1, most=MOST_A_PAGE)
    names = lists.chosen(call, "$fields", person_view.V1, person_view.V1)
    archived = call.query.get("archived", "").lower() if node is None else ""
    rows = person_view.QUERY_V1.select(call, node, archived_too=archived == "true")
    if node is None:
        rows = [row for row in rows if _meant_by_old_parameters(call, row)]
    rows.sort(key=lambda row: row["dynamicName"].casefold())
    return lists.array(
        rows,
        start=call.number("start", 0, least=0),
        size=size,
        shown=lambda row: lists.show(call.tenant, row, person_view.V1, names),
    )


def _meant_by_old_parameters(call: Call, row: Row) -> bool:
    if call.query.get("archived", "").lower() == "true" and not row["archived"]:
        return False
    return all(
        row[column].casefold() == call.query[parameter].casefold()
        for parameter, column in _OLD_PARAMETERS.items()
        if parameter in call.query
    )


def _read_all_v2(call: Call) -> Reply:
    names = lists.chosen(call, "fields", _view(call), person_view.V2_SHORT)
    unknown = call.tenant.settings.missing_v2_fields
    queryable = replace(person_view.QUERY_V2, unknown=unknown)
    rows = queryable.select(call, lists.query(call), archived_too=True)
    rows = lists.ordered(call, rows, person_view.V2, "dynamicName:asc")
    return lists.collection(
        call,
        rows,
        shown=lambda row: lists.show(call.tenant, row, person_view.V2, names),
        most=MOST_A_PAGE,
    )


def count(call: Call) -> Reply:
    """`GET /persons/count`."""
    call.need("persons.read")
    rows = person_view.QUERY_V2.select(call, lists.query(call), archived_too=False)
    return Reply(200, {"numberOfPersons": len(rows)})


def look_up(call: Call) -> Reply:
    """`GET /persons/lookup`."""
    call.need("persons.read")
    caller = call.query.get("isCaller", "").lower()
    rows = (
        row
        for row in call.tenant.visible("persons")
        if caller in ("", str(row["isCaller"]).lower())
    )
    return lists.lookup(call, rows, name_of)


def read(call: Call) -> Reply:
    """`GET /persons/{id}` (v2) and `GET /persons/id/{id}` (v1)."""
    call.need("persons.read")
    row = _row(call)
    view = _view(call)
    short = call.is_v2 and call.tenant.settings.single_is_limited
    default = person_view.V2_SHORT if short else tuple(view)
    names = lists.chosen(call, "fields" if call.is_v2 else "$fields", view, default)
    return Reply(200, lists.show(call.tenant, row, view, names))


def create(call: Call) -> Reply:
    """`POST /persons`."""
    call.need("persons.create", "No permission to create persons")
    tenant, body = call.tenant, _body(call)
    mandatory: tuple[str, ...] = ("surName",)
    if not call.is_v2 or tenant.settings.v2_requires_branch:
        mandatory = ("surName", "branch")
    if not call.is_v2:
        card_rules.refuse_unknown_branch(call, body)
    _refuse_login_data(call, body)
    values, problems = fields.check(tenant, body, _fields(call))
    problems += card_rules.absent(body, mandatory)
    row = {**deepcopy(person_fields.DEFAULTS), "clientReferenceNumber": ""}
    row |= fields.merged(row, values)
    problems += _broken(tenant, row, values, None)
    if problems:
        raise Refused(400, *problems)
    del row["password"]
    row |= {"dynamicName": card_rules.dynamic_name(row), "principalId": tenant.mint("principals")}
    made = tenant.add("persons", row)
    return Reply(201, lists.show(tenant, made, _view(call)), ids=(made["id"],))


def update(call: Call) -> Reply:
    """`PATCH /persons/{id}` (v2), `PATCH` and `PUT /persons/id/{id}` (v1)."""
    call.need("persons.write", "No permission to update persons")
    row, tenant = _row(call), call.tenant
    body = _body(call)
    _refuse_login_data(call, body)
    card_rules.refuse_archived(call, row, "Person")
    values, problems = fields.check(tenant, body, _fields(call))
    problems += card_rules.emptied(values)
    values = fields.merged(row, values)
    after = {**row, **values}
    problems += _broken(tenant, after, values, row)
    if problems:
        raise Refused(400, *problems)
    values.pop("password", None)
    values["dynamicName"] = card_rules.dynamic_name(after)
    tenant.change("persons", row, values)
    return Reply(200, lists.show(tenant, row, _view(call)), ids=(row["id"],))


def _broken(tenant: TopdeskTenant, row: Row, values: Json, before: Row | None) -> list[Problem]:
    """The rules of a person card that `row`, as it would become, breaks."""
    own_id = before["id"] if before else None
    problems = card_rules.misplaced(tenant, row)
    problems += card_rules.weak_password(values, "persons")
    if row["tasLoginName"] != (before or {}).get("tasLoginName", ""):
        login = row["tasLoginName"]
        problems += card_rules.taken(tenant, "persons", "tasLoginName", login, own_id)
        mandatory = bool(login) and tenant.settings.person_password_mandatory
        problems += card_rules.missing_password("persons", mandatory=mandatory, values=values)
    manager = tenant.table("persons").get(row["manager"]) if "manager" in values else None
    if manager is not None and not (row if manager["id"] == own_id else manager)["isManager"]:
        problems.append(Problem("Can not set a person as manager who is not a manager."))
    return problems + _contradictions(row)


def _contradictions(row: Row) -> list[Problem]:
    problems = []
    if not row["isManager"] and any(row[name] for name in person_fields.AUTHORISATIONS):
        text = "Authorization checkboxes may only be set if the person is a manager."
        problems.append(Problem(text))
    if row["showSubsidiaries"] and not row["showBranch"]:
        text = "The field 'showSubsidiaries' can not be true when 'showBranch' is false."
        problems.append(Problem(text))
    if row["authorizeSubsidiaryBranches"] and not row["authorizeBranch"]:
        # "can no be" is how TOPdesk spells it.
        text = (
            "The field 'authorizeSubsidiaryBranches' can no be true when 'authorizeBranch' is"
            " false."
        )
        problems.append(Problem(text))
    return problems


def _refuse_login_data(call: Call, body: Json) -> None:
    if "tasLoginName" in body or "password" in body:
        call.need("login data.write", "May not set login credentials.")


def _body(call: Call) -> Json:
    if call.method == "POST" and call.is_v2 and call.tenant.settings.vendor_content_type:
        return call.json_object((media.PERSON_CONTENT,))
    return call.json_object()


def _row(call: Call) -> Row:
    return call.row("persons", NOT_FOUND)


def _view(call: Call) -> View:
    if not call.is_v2:
        return person_view.V1
    unknown = call.tenant.settings.missing_v2_fields
    return {name: get for name, get in person_view.V2.items() if name not in unknown}


def _fields(call: Call) -> dict[str, Field]:
    if not call.is_v2:
        return dict(person_fields.V1)
    unknown = call.tenant.settings.missing_v2_fields
    return {name: f for name, f in person_fields.V2.items() if name not in unknown}
