"""Calls for the desk: make one, read it back, find it by its external number.

Incident API 4.2.6, the fields a joiner or leaver task needs. There is no idempotency key: a caller
puts its own number into `externalNumber` and looks before it repeats.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.topdesk import fields, lists, refusals
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.fields import Field, Several, choice, moment, optional_fields, reference, text
from sandbox.topdesk.lists import Queryable, View
from sandbox.topdesk.person_view import own, refer
from sandbox.topdesk.refusals import Bad, Problem, Refused

if TYPE_CHECKING:
    from sandbox.topdesk.tenant import Row, TopdeskTenant

MOST_A_PAGE = 10_000


def _named(table: str) -> Field:
    """`{"id"}` or `{"name"}` of a list."""

    def read(tenant: TopdeskTenant, name: str, value: Any) -> str | None:
        if isinstance(value, dict) and set(value) == {"name"}:
            for row in tenant.visible(table):
                if row["name"] == value["name"]:
                    return str(row["id"])
            raise Bad(refusals.unknown_value(name))
        plain: str | None = reference(table).read(tenant, name, value)
        return plain

    return Field(read, None)


def _caller_lookup(tenant: TopdeskTenant, name: str, value: Any) -> Several:
    """Exactly one of `id` and `email`, of a person who may be a caller."""
    if not isinstance(value, dict) or len(value) != 1 or set(value) - {"id", "email"}:
        raise Bad(refusals.not_parsed(name))
    key, wanted = next(iter(value.items()))
    for row in tenant.visible("persons"):
        if row[key] and row[key] == wanted and not row["archived"]:
            if not row["isCaller"]:
                raise Bad(Problem("The caller does not have the Caller role"))
            return Several(caller=row["id"])
    raise Bad(refusals.unknown_value(name))


def _unregistered(_tenant: TopdeskTenant, name: str, value: Any) -> Several:
    if not isinstance(value, dict) or not value.get("dynamicName"):
        raise Bad(refusals.not_parsed(name))
    return Several(callerName=value["dynamicName"])


_FIELDS: Mapping[str, Field] = {
    "callerLookup": Field(_caller_lookup, None),
    "caller": Field(_unregistered, None),
    "status": choice("firstLine", "secondLine", "partial"),
    "briefDescription": text(80),
    "request": text(100_000),
    "action": text(100_000),
    "externalNumber": text(60),
    "branch": reference("branches"),
    "category": _named("categories"),
    "subcategory": _named("subcategories"),
    "callType": _named("call_types"),
    "operator": reference("operators"),
    "operatorGroup": reference("operatorgroups"),
    "targetDate": moment(),
    "optionalFields1": optional_fields(1),
    "optionalFields2": optional_fields(2),
}


def _caller(tenant: TopdeskTenant, row: Row) -> Json:
    person = tenant.table("persons").get(row["caller"])
    if person is None:
        return {"id": None, "dynamicName": row["callerName"]}
    return {"id": person["id"], "dynamicName": person["dynamicName"], "email": person["email"]}


VIEW: View = {
    "id": own("id"),
    "number": own("number"),
    "status": own("status"),
    "briefDescription": own("briefDescription"),
    "request": own("request"),
    "externalNumber": own("externalNumber"),
    "caller": _caller,
    "callerBranch": refer("branch", "branches"),
    "category": refer("category", "categories"),
    "subcategory": refer("subcategory", "subcategories"),
    "callType": refer("callType", "call_types"),
    "operator": refer("operator", "operators"),
    "operatorGroup": refer("operatorGroup", "operatorgroups"),
    "targetDate": own("targetDate"),
    "creationDate": own("creationDate"),
    "modificationDate": own("modificationDate"),
}
_BELOW = {"caller": ("id",), "category": ("id", "name"), "operatorGroup": ("id", "name")}


def create(call: Call) -> Reply:
    """`POST /incidents`; an id that the database does not have is a 404 here."""
    call.need("calls.create", "No permission to create incidents")
    tenant, body = call.tenant, call.json_object()
    values, problems = fields.check(tenant, body, _FIELDS)
    row = {**fields.defaults(_FIELDS), "caller": None, "callerName": ""}
    row |= fields.merged(row, values)
    problems += _contradictions(tenant, row, body)
    if problems:
        only_unknown = all(problem.code == "value_not_found" for problem in problems)
        raise Refused(404 if only_unknown else 400, *problems)
    if row["branch"] is None and row["caller"]:
        row["branch"] = tenant.table("persons")[row["caller"]]["branch"]
    made = tenant.add("incidents", {**row, "number": _number(tenant)})
    return Reply(201, lists.show(tenant, made, VIEW), ids=(made["id"],))


def read_all(call: Call) -> Reply:
    """`GET /incidents`: an unknown parameter such as `external_number` is ignored."""
    call.need("calls.read")
    known = call.tenant.settings.incident_query_knows_external_number
    unknown = frozenset() if known else frozenset({"externalNumber"})
    queryable = Queryable("incidents", VIEW, _BELOW, unknown)
    names = lists.chosen(call, "fields", VIEW, VIEW)
    rows = queryable.select(call, lists.query(call), archived_too=False)
    if call.query.get("all", "").lower() != "true":
        rows = [row for row in rows if row["status"] != "partial"]
    rows = lists.ordered(call, rows, VIEW, "creationDate:desc")
    start = call.number("pageStart", 0, least=0)
    size = call.number("pageSize", 10, least=1, most=MOST_A_PAGE)
    reply = lists.array(rows, start=start, size=size, shown=lambda row: _shown(call, row, names))
    if reply.status != 206:  # noqa: PLR2004 - HTTP
        return reply
    following = {"x-next-page-url": lists.next_page(call, start + size, size)}
    return Reply(206, reply.body, headers=following)


def read(call: Call) -> Reply:
    """`GET /incidents/id/{id}`."""
    call.need("calls.read")
    return Reply(200, _shown(call, call.row("incidents"), tuple(VIEW)))


def read_by_number(call: Call) -> Reply:
    """`GET /incidents/number/{number}`."""
    call.need("calls.read")
    for row in call.tenant.visible("incidents"):
        if row["number"] == call.params["number"]:
            return Reply(200, _shown(call, row, tuple(VIEW)))
    raise refusals.not_found()


def _contradictions(tenant: TopdeskTenant, row: Row, body: Json) -> list[Problem]:
    problems = []
    if ("callerLookup" in body) == ("caller" in body):
        problems.append(Problem("Exactly one of 'callerLookup' and 'caller' must be given"))
    subcategory = tenant.table("subcategories").get(row["subcategory"])
    if subcategory is not None and subcategory["category"] != row["category"]:
        problems.append(Problem("The subcategory does not belong to the category"))
    operator, group = row["operator"], row["operatorGroup"]
    if operator and group and group not in tenant.linked("operatorgroups", operator):
        problems.append(Problem("The operator is not in the operator group"))
    return problems


def _number(tenant: TopdeskTenant) -> str:
    return f"I {tenant.clock.now():%y%m} {len(tenant.table('incidents')) + 1:04d}"


def _shown(call: Call, row: Row, names: tuple[str, ...]) -> Json:
    shown = lists.show(call.tenant, row, VIEW, names)
    if call.query.get("dateFormat") == "iso8601":
        for name in shown.keys() & {"creationDate", "modificationDate"}:
            shown[name] = f"{datetime.fromisoformat(shown[name]):%Y-%m-%dT%H:%M:%SZ}"
    return shown
