"""Requests for change: make one, list them, and the templates they are made from.

Change API 1.4.0: only `requester` is demanded; lists are named by text; `request` is plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.topdesk import card_rules, fields, lists, refusals
from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.fields import Field, choice, reference, text
from sandbox.topdesk.lists import Queryable, View
from sandbox.topdesk.person_view import own, refer
from sandbox.topdesk.refusals import Bad, Refused

if TYPE_CHECKING:
    from sandbox.topdesk.tenant import TopdeskTenant


def _requester(tenant: TopdeskTenant, name: str, value: Any) -> Any:
    found = reference("persons").read(tenant, name, value)
    if found and tenant.table("persons")[found]["archived"]:
        raise Bad(refusals.unknown_value(name))
    return found


def _template(tenant: TopdeskTenant, name: str, value: Any) -> str:
    """By id, else by number."""
    key = next((k for k in ("id", "number") if isinstance(value, dict) and value.get(k)), None)
    for row in tenant.visible("change templates"):
        if key and row[key] == value[key]:
            return str(row["id"])
    raise Bad(refusals.unknown_value(name))


_FIELDS: Mapping[str, Field] = {
    "requester": Field(_requester, None),
    "template": Field(_template, None),
    "briefDescription": text(80),
    "request": text(100_000),
    "externalNumber": text(60),
    "changeType": choice("simple", "extensive"),
    **{name: text(60) for name in ("category", "subcategory", "impact", "priority", "benefit")},
}

VIEW: View = {
    **{name: own(name) for name in ("id", "number", "briefDescription", "request")},
    "externalNumber": own("externalNumber"),
    "changeType": own("changeType"),
    "requester": refer("requester", "persons"),
    "template": refer("template", "change templates"),
    "creationDate": own("creationDate"),
}


def create(call: Call) -> Reply:
    """`POST /operatorChanges`."""
    call.need("calls.create", "No permission to create changes")
    tenant, body = call.tenant, call.json_object()
    values, problems = fields.check(tenant, body, _FIELDS)
    problems += card_rules.absent(body, ("requester",))
    if problems:
        raise Refused(400, *problems)
    row = {**fields.defaults(_FIELDS), **values}
    number = f"C {tenant.clock.now():%y%m} {len(tenant.table('changes')) + 1:04d}"
    made = tenant.add("changes", {**row, "number": number})
    return Reply(201, lists.show(tenant, made, VIEW), ids=(made["id"],))


def read_all(call: Call) -> Reply:
    """`GET /operatorChanges`: under `results`; a `query` counts, or is ignored, by a switch."""
    call.need("calls.read")
    ignored = call.tenant.settings.change_query_is_ignored
    node = None if ignored else lists.query(call)
    rows = Queryable("changes", VIEW, {}).select(call, node, archived_too=False)
    return Reply(200, {"results": [lists.show(call.tenant, row, VIEW) for row in rows]})


def read_templates(call: Call) -> Reply:
    """`GET /applicableChangeTemplates`: those that the API may use."""
    shown = ("id", "number", "briefDescription")
    rows = call.tenant.visible("change templates")
    return Reply(200, {"results": [{name: row[name] for name in shown} for row in rows]})
