"""What hangs on an operator: permission groups (the role), operator groups, and filters.

`GET` lists, `POST` links and `DELETE` unlinks with a body of `[{"id"}]`; both answer 204. Filters
ignore ids that make no sense and refuse archived operators; whether the two kinds of group do so
as well no document says, so the tenant's settings decide (Supporting Files 2.7.11).
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.topdesk import fiql, lists, refusals
from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.operators import NOT_FOUND
from sandbox.topdesk.refusals import Refused
from sandbox.topdesk.settings import Right
from sandbox.topdesk.tenant import Row, name_of

type Handler = Callable[[Call], Reply]

PERMISSION_GROUPS = "permissiongroups"
OPERATOR_GROUPS = "operatorgroups"
FILTERS = ("branch filters", "category filters", "operator filters")
_REFUSALS = {
    PERMISSION_GROUPS: "No permission to link permission groups to operators.",
    OPERATOR_GROUPS: "No permission to link operator groups to operators.",
}


def read(kind: str) -> Handler:
    """`GET /operators/id/{id}/<kind>`: 200 with the list, or 204 when there is none."""

    def handler(call: Call) -> Reply:
        call.need("operators.read")
        operator = call.row("operators", NOT_FOUND)
        ids = call.tenant.linked(kind, operator["id"])
        rows = [row for row_id in ids if (row := call.tenant.get(kind, row_id)) is not None]
        rows = _by_archived(call, rows) if kind == OPERATOR_GROUPS else rows
        if not rows:
            return Reply(204)
        label = "groupName" if kind == OPERATOR_GROUPS else "name"
        return Reply(200, [{"id": row["id"], label: name_of(row)} for row in rows])

    return handler


def link(kind: str) -> Handler:
    """`POST`: all of the body or nothing."""

    def handler(call: Call) -> Reply:
        operator, ids = _opened(call, kind), _wanted(call, kind)
        linked = call.tenant.linked(kind, operator["id"])
        again = [row_id for row_id in ids if row_id in linked]
        if again and kind not in FILTERS and call.tenant.settings.relink_is_refused:
            raise refusals.bad_request("The group is already linked to the operator")
        linked.extend(row_id for row_id in ids if row_id not in linked)
        return Reply(204, ids=(operator["id"], *ids))

    return handler


def unlink(kind: str) -> Handler:
    """`DELETE` with a body: all of the body or nothing."""

    def handler(call: Call) -> Reply:
        operator, ids = _opened(call, kind), _wanted(call, kind)
        linked = call.tenant.linked(kind, operator["id"])
        absent = [row_id for row_id in ids if row_id not in linked]
        if absent and kind not in FILTERS and call.tenant.settings.relink_is_refused:
            raise refusals.bad_request("The group is not linked to the operator")
        linked[:] = [row_id for row_id in linked if row_id not in ids]
        return Reply(204, ids=(operator["id"], *ids))

    return handler


def _opened(call: Call, kind: str) -> Row:
    """The operator, when something may be linked to it."""
    right: Right = "filters.write" if kind in FILTERS else "permission groups.write"
    call.need(right, _REFUSALS.get(kind, "No permission to access the entity"))
    operator = call.row("operators", NOT_FOUND)
    if operator["archived"] and kind in FILTERS:
        text = "Filters can not be (un)linked to/from archived operators"
        raise refusals.bad_request(text)
    if operator["archived"] and call.tenant.settings.archived_operators_refuse_links:
        raise refusals.bad_request("Groups can not be (un)linked to/from archived operators")
    return operator


def _wanted(call: Call, kind: str) -> list[str]:
    ids = call.json_ids()
    known = [row_id for row_id in ids if call.tenant.get(kind, row_id) is not None]
    if len(known) < len(ids) and kind not in FILTERS:
        raise Refused(400, refusals.unknown_value(kind.removesuffix("s")))
    return known


def _by_archived(call: Call, rows: list[Row]) -> list[Row]:
    """This list knows `query=archived==...` and no other query."""
    node = lists.query(call)
    if node is None:
        return rows
    if any(comparison.field != "archived" for comparison in fiql.comparisons(node)):
        raise refusals.malformed()
    return [row for row in rows if fiql.matches(node, row.__getitem__)]
