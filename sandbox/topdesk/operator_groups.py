"""The operator groups: list, look up, create, change, archive, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.topdesk import archiving, fields, lists, refusals
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.fields import Field, email, flag, reference, text
from sandbox.topdesk.lists import Queryable, View
from sandbox.topdesk.operator_fields import TASKS
from sandbox.topdesk.person_view import full_branch, own
from sandbox.topdesk.refusals import Refused
from sandbox.topdesk.tenant import Row, TopdeskTenant, name_of

TABLE = "operatorgroups"
MOST_A_PAGE = 100
_TASK_FIELDS: Mapping[str, Field] = {task: flag() for task in TASKS}
_FIELDS: Mapping[str, Field] = {
    "groupName": text(30),
    "branch": reference("branches"),
    "contact": Field(
        lambda tenant, _name, value: fields.check(tenant, value or {}, _CONTACT)[0], {}
    ),
    **_TASK_FIELDS,
}
_CONTACT: Mapping[str, Field] = {"email": email(), "telephone": text(25), "faxNumber": text(25)}


def _task(name: str) -> lists.Getter:
    return lambda _tenant, row: row["tasks"].get(name, False)


def _status(_tenant: TopdeskTenant, row: Row) -> str:
    return "operatorGroupArchived" if row["archived"] else "operatorGroup"


VIEW: View = {
    "id": own("id"),
    "groupName": own("groupName"),
    "status": _status,
    "branch": full_branch,
    "contact": own("contact"),
    **{task: _task(task) for task in TASKS},
}
_QUERY = Queryable(TABLE, {**VIEW, "archived": own("archived")}, {"branch": ("id", "name")})


def read_all(call: Call) -> Reply:
    """`GET /operatorgroups`: active ones, or what the query says."""
    call.need("operator groups.read")
    names = lists.chosen(call, "$fields", VIEW, VIEW)
    rows = _QUERY.select(call, lists.query(call), archived_too=False)
    return lists.array(
        sorted(rows, key=lambda row: row["groupName"].casefold()),
        start=call.number("start", 0, least=0),
        size=call.number("page_size", 10, least=1, most=MOST_A_PAGE),
        shown=lambda row: lists.show(call.tenant, row, VIEW, names),
    )


def look_up(call: Call) -> Reply:
    """`GET /operatorgroups/lookup`."""
    return lists.lookup(call, call.tenant.visible(TABLE), name_of)


def read(call: Call) -> Reply:
    """`GET /operatorgroups/id/{id}`."""
    return _answer(call, call.row(TABLE), 200)


def read_operators(call: Call) -> Reply:
    """`GET /operatorgroups/id/{id}/operators`."""
    group = call.row(TABLE)
    rows = [
        {"id": row["id"], "name": row["dynamicName"]}
        for row in call.tenant.visible("operators")
        if group["id"] in call.tenant.linked(TABLE, row["id"])
    ]
    return Reply(200, rows) if rows else Reply(204)


def create(call: Call) -> Reply:
    """`POST /operatorgroups` with at least `groupName` and `branch`."""
    call.need("operator groups.create", "No permission to create operator groups")
    body = call.json_object()
    values, problems = fields.check(call.tenant, body, _FIELDS)
    problems += [refusals.missing(name) for name in ("groupName", "branch") if not body.get(name)]
    if problems:
        raise Refused(400, *problems)
    row = {"contact": {}, "tasks": {}, **_columns({"tasks": {}}, values)}
    return _answer(call, call.tenant.add(TABLE, row), 201)


def update(call: Call) -> Reply:
    """`PATCH` or `PUT /operatorgroups/id/{id}`."""
    call.need("operator groups.write", "No permission to update operator groups")
    row = call.row(TABLE)
    values, problems = fields.check(call.tenant, call.json_object(), _FIELDS)
    if problems:
        raise Refused(400, *problems)
    return _answer(call, call.tenant.change(TABLE, row, _columns(row, values)), 200)


def archive(call: Call) -> Reply:
    """`PATCH` or `PUT /operatorgroups/id/{id}/archive`."""
    return _answer(call, archiving.archive_row(call, TABLE), 200)


def unarchive(call: Call) -> Reply:
    """`PATCH` or `PUT /operatorgroups/id/{id}/unarchive`."""
    return _answer(call, archiving.unarchive_row(call, TABLE), 200)


def _columns(row: Row, values: Json) -> Json:
    tasks = {name: value for name, value in values.items() if name in _TASK_FIELDS}
    rest = {name: value for name, value in values.items() if name not in _TASK_FIELDS}
    return {**rest, "tasks": {**row["tasks"], **tasks}}


def _answer(call: Call, row: Row, status: int) -> Reply:
    return Reply(status, lists.show(call.tenant, row, VIEW), ids=(row["id"],))
