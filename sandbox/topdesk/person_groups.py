"""The person groups: cards of their own, whose members the API shows and cannot change."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.topdesk import fields, lists, person_view, refusals
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.fields import Field, email, reference, text
from sandbox.topdesk.lists import Queryable, View
from sandbox.topdesk.person_view import own, refer
from sandbox.topdesk.refusals import Problem, Refused
from sandbox.topdesk.tenant import Row, is_uuid

TABLE = "persongroups"
_FIELDS: Mapping[str, Field] = {
    "name": text(50),
    "branch": reference("branches"),
    "email": email(),
    "phoneNumber": text(25),
    "fax": text(25),
    "department": reference("departments"),
    "budgetHolder": reference("budgetholders"),
    "contactPerson": reference("persons"),
    "location": reference("locations"),
}
VIEW: View = {
    "id": own("id"),
    "name": own("name"),
    "archived": own("archived"),
    "email": own("email"),
    "phoneNumber": own("phoneNumber"),
    "fax": own("fax"),
    "branch": refer("branch", "branches"),
    "department": refer("department", "departments"),
    "budgetHolder": refer("budgetHolder", "budgetholders"),
    "contactPerson": refer("contactPerson", "persons"),
    "location": refer("location", "locations"),
}
_QUERY = Queryable(TABLE, VIEW, {"branch": ("id", "name")})


def read_all(call: Call) -> Reply:
    """`GET /persongroups`: 204 when there is none."""
    rows = _QUERY.select(call, lists.query(call), archived_too=True)
    rows = lists.ordered(call, rows, VIEW, "name:asc")
    return lists.collection(call, rows, shown=lambda row: shown(call, row)) if rows else Reply(204)


def read_members(call: Call) -> Reply:
    """`GET /persongroups/{id}/persons`."""
    members = call.row(TABLE)["members"]
    rows = [row for row in call.tenant.visible("persons") if row["id"] in members]
    names = lists.chosen(call, "fields", person_view.V2, person_view.V2_SHORT)
    return lists.collection(
        call, rows, shown=lambda row: lists.show(call.tenant, row, person_view.V2, names)
    )


def create(call: Call) -> Reply:
    """`POST /persongroups`."""
    call.need("persons.create", "No permission to create persons")
    body = call.json_object()
    values, problems = fields.check(call.tenant, body, _FIELDS)
    problems += [refusals.missing(name) for name in ("name", "branch") if not body.get(name)]
    if problems:
        raise Refused(400, *problems)
    row = call.tenant.add(TABLE, {**fields.defaults(_FIELDS), "members": [], **values})
    return Reply(201, shown(call, row), ids=(row["id"],))


def update(call: Call) -> Reply:
    """`PATCH /persongroups/{id}`."""
    call.need("persons.write", "No permission to update persons")
    row = call.row(TABLE)
    values, problems = fields.check(call.tenant, call.json_object(), _FIELDS)
    if problems:
        raise Refused(400, *problems)
    return Reply(200, shown(call, call.tenant.change(TABLE, row, values)), ids=(row["id"],))


def archive(call: Call) -> Reply:
    """`POST /persongroups/{id}/archive`: 409 when it is archived for another reason."""
    call.need("persons.archive", "No permission to archive persons.")
    row, reason = call.row(TABLE), call.json_object().get("id")
    if not is_uuid(reason) or call.tenant.get("archiving-reasons", reason) is None:
        raise Refused(400, refusals.unknown_reason())
    if row["archived"] and row["reason"] != reason:
        raise Refused(409, Problem("The person group is archived with another reason"))
    call.tenant.change(TABLE, row, {"archived": True, "reason": reason})
    return Reply(200, shown(call, row), ids=(row["id"],))


def unarchive(call: Call) -> Reply:
    """`POST /persongroups/id/{id}/unarchive`; the path really has an `/id/` here."""
    call.need("persons.archive", "No permission to archive persons.")
    row = call.row(TABLE)
    call.tenant.change(TABLE, row, {"archived": False, "reason": None})
    return Reply(200, shown(call, row), ids=(row["id"],))


def shown(call: Call, row: Row) -> Json:
    """A person group as every answer shows it."""
    return lists.show(call.tenant, row, VIEW)
