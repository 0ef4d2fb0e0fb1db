"""Branches and the locations in them: list, look up, read, create, change, archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.topdesk import archiving, fields, lists, refusals, seed
from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.fields import Field, choice, email, reference, text
from sandbox.topdesk.lists import Queryable, View
from sandbox.topdesk.person_view import own, refer
from sandbox.topdesk.refusals import Bad, Refused
from sandbox.topdesk.tenant import Row, name_of

if TYPE_CHECKING:
    from sandbox.topdesk.tenant import TopdeskTenant

_ADDRESS = frozenset({"country", "street", "number", "city", "postcode", "county", "addressType"})


def _address(_tenant: TopdeskTenant, name: str, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) - _ADDRESS:
        raise Bad(refusals.not_parsed(name))
    return value


_FIELDS: Mapping[str, Field] = {
    "name": text(60),
    "branchType": choice("independentBranch", "headBranch", "hasAHeadBranch"),
    "headBranch": reference("branches"),
    "clientReferenceNumber": text(60),
    "phone": text(25),
    "fax": text(25),
    "email": email(),
    "address": Field(_address, None),
    "postalAddress": Field(_address, None),
}
_SHOWN = tuple(seed.branch("").keys() - {"headBranch"})
VIEW: View = {
    "id": own("id"),
    "status": lambda _tenant, row: "branchArchived" if row["archived"] else "branch",
    **{name: own(name) for name in sorted(_SHOWN)},
    "headBranch": refer("headBranch", "branches"),
}
_QUERY = Queryable("branches", {**VIEW, "archived": own("archived")}, {"headBranch": ("id",)})

LOCATION_VIEW: View = {
    "id": own("id"),
    "name": own("name"),
    "roomNumber": own("roomNumber"),
    "branch": refer("branch", "branches"),
}
_LOCATION_FIELDS: Mapping[str, Field] = {
    "name": text(60),
    "roomNumber": text(30),
    "branch": reference("branches"),
}
_LOCATIONS = Queryable(
    "locations", {**LOCATION_VIEW, "archived": own("archived")}, {"branch": ("id", "name")}
)


def read_all(call: Call) -> Reply:
    """`GET /branches`: id and name unless `$fields` asks for more."""
    names = lists.chosen(call, "$fields", VIEW, ("id", "name"))
    rows = _QUERY.select(call, lists.query(call), archived_too=False)
    rows.sort(key=lambda row: row["name"].casefold())
    return Reply(200, [lists.show(call.tenant, row, VIEW, names) for row in rows])


def look_up(call: Call) -> Reply:
    """`GET /branches/lookup`."""
    return lists.lookup(call, call.tenant.visible("branches"), name_of)


def read(call: Call) -> Reply:
    """`GET /branches/id/{id}`."""
    return _answer(call, call.row("branches"), 200)


def create(call: Call) -> Reply:
    """`POST /branches`; the schema demands only a name."""
    call.need("branches.create", "No permission to create branches")
    body = call.json_object()
    values, problems = fields.check(call.tenant, body, _FIELDS)
    if not body.get("name"):
        problems.append(refusals.missing("name"))
    if problems:
        raise Refused(400, *problems)
    row = {**seed.branch(str(body["name"])), **values}
    return _answer(call, call.tenant.add("branches", row), 201)


def update(call: Call) -> Reply:
    """`PATCH` or `PUT /branches/id/{id}`."""
    call.need("branches.write")
    row = call.row("branches")
    values, problems = fields.check(call.tenant, call.json_object(), _FIELDS)
    if problems:
        raise Refused(400, *problems)
    return _answer(call, call.tenant.change("branches", row, values), 200)


def archive(call: Call) -> Reply:
    """`PATCH /branches/id/{id}/archive`."""
    call.need("branches.archive")
    return _answer(call, archiving.archive_row(call, "branches"), 200)


def unarchive(call: Call) -> Reply:
    """`PATCH /branches/id/{id}/unarchive`."""
    call.need("branches.archive")
    return _answer(call, archiving.unarchive_row(call, "branches"), 200)


def read_locations(call: Call) -> Reply:
    """`GET /locations`: everything, unless `pageSize` cuts it."""
    names = lists.chosen(call, "$fields", LOCATION_VIEW, LOCATION_VIEW)
    rows = _LOCATIONS.select(call, lists.query(call), archived_too=False)
    most = call.number("pageSize", len(rows), least=1) if "pageSize" in call.query else None
    shown = [lists.show(call.tenant, row, LOCATION_VIEW, names) for row in rows[:most]]
    return Reply(200, shown)


def look_up_locations(call: Call) -> Reply:
    """`GET /locations/lookup`."""
    return lists.lookup(call, call.tenant.visible("locations"), name_of)


def create_location(call: Call) -> Reply:
    """`POST /locations`: a room in a branch."""
    call.need("locations.create")
    body = call.json_object()
    values, problems = fields.check(call.tenant, body, _LOCATION_FIELDS)
    problems += [refusals.missing(name) for name in ("name", "branch") if not body.get(name)]
    if problems:
        raise Refused(400, *problems)
    row = call.tenant.add("locations", {"roomNumber": "", **values})
    return Reply(201, lists.show(call.tenant, row, LOCATION_VIEW), ids=(row["id"],))


def _answer(call: Call, row: Row, status: int) -> Reply:
    return Reply(status, lists.show(call.tenant, row, VIEW), ids=(row["id"],))
