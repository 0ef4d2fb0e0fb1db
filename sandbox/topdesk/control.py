"""How does a story look into TOPdesk and change what only people can? JSON, `/_sandbox/topdesk`.

For the demo and for tests in other processes; no part of TOPdesk. Needs no credentials.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.topdesk import lists, operator_view, person_view
from sandbox.topdesk.card_rules import dynamic_name
from sandbox.topdesk.operator_fields import DEFAULTS, TASKS
from sandbox.topdesk.tenant import Row, TopdeskTenant, name_of

type Json = dict[str, Any]
type Door = Callable[[TopdeskTenant, Json], Json]

PREFIX = "/_sandbox/topdesk"
ANONYMOUS = "*****"
GROUPS = {"permissiongroups": "permissionGroups", "operatorgroups": "operatorGroups"}


def routes(tenant: TopdeskTenant) -> list[Route]:
    """The doors as Starlette routes."""
    doors: list[tuple[str, str, Door]] = [
        ("/persons", "GET", persons),
        ("/operators", "GET", operators),
        ("/operators", "POST", make_operator),
        ("/incidents", "GET", incidents),
        ("/counts", "GET", counts),
        ("/writes", "GET", writes),
        ("/settings", "GET", settings),
        ("/settings", "PATCH", change_settings),
        ("/hidden", "PUT", hide),
        ("/anonymise", "POST", anonymise),
        ("/delete", "POST", delete),
    ]
    return [
        Route(f"{PREFIX}{path}", _door(tenant, door), methods=[method])
        for path, method, door in doors
    ]


def persons(tenant: TopdeskTenant, _: Json) -> Json:
    """Every person card, whole, with its operator card and what hangs on that, or null."""
    return {"persons": [person_card(tenant, row) for row in tenant.table("persons").values()]}


def person_card(tenant: TopdeskTenant, row: Row) -> Json:
    """One person card as the dump shows it."""
    operator = tenant.operator_of(row["id"])
    shown = lists.show(tenant, row, person_view.V2)
    reason = tenant.reference("archiving-reasons", row["reason"])
    linked = operator_card(tenant, operator) if operator else None
    return {**shown, "archivingReason": reason, "operator": linked}


def operators(tenant: TopdeskTenant, _: Json) -> Json:
    """Every operator card but the API account's."""
    cards = [row for row in tenant.table("operators").values() if not row["apiAccount"]]
    return {"operators": [operator_card(tenant, row) for row in cards]}


def make_operator(tenant: TopdeskTenant, body: Json) -> Json:
    """A card that the API would not make: an administrator (`"admin": true`), or one from before
    cards were linked, without `linkedPerson`. Columns as they are stored, lookups as ids.
    """
    unknown = body.keys() - DEFAULTS.keys()
    if unknown:
        raise ValueError(f"not a column of an operator card: {', '.join(sorted(unknown))}")
    row = {**deepcopy(DEFAULTS), "branch": next(iter(tenant.table("branches")), None), **body}
    row |= {"loginName": row["loginName"].upper(), "dynamicName": dynamic_name(row)}
    return operator_card(tenant, tenant.add("operators", row))


def operator_card(tenant: TopdeskTenant, row: Row) -> Json:
    """One operator card with the names of its groups and of the tasks that are on."""
    shown = lists.show(tenant, row, operator_view.VIEW)
    for kind, key in GROUPS.items():
        ids = tenant.linked(kind, row["id"])
        shown[key] = [name_of(tenant.table(kind)[group_id]) for group_id in ids]
    return {
        **shown,
        "archived": row["archived"],
        "tasks": [task for task in TASKS if row[task]],
    }


def incidents(tenant: TopdeskTenant, _: Json) -> Json:
    """Every call, briefly."""
    shown = ("id", "number", "briefDescription", "externalNumber", "caller")
    return {
        "incidents": [{n: row[n] for n in shown} for row in tenant.table("incidents").values()]
    }


def counts(tenant: TopdeskTenant, _: Json) -> Json:
    """How many of everything, the API account's own card not counted."""
    people = tenant.table("persons").values()
    cards = [row for row in tenant.table("operators").values() if not row["apiAccount"]]
    return {
        "persons": len(people),
        "archivedPersons": sum(row["archived"] for row in people),
        "operators": len(cards),
        "archivedOperators": sum(row["archived"] for row in cards),
        "incidents": len(tenant.table("incidents")),
        "writes": len(tenant.writes),
        "calls": tenant.calls,
    }


def writes(tenant: TopdeskTenant, _: Json) -> Json:
    """Every successful write in order."""
    return {"writes": [asdict(write) for write in tenant.writes]}


def settings(tenant: TopdeskTenant, _: Json) -> Json:
    """The switches as they stand."""
    return tenant.settings.model_dump(mode="json")


def change_settings(tenant: TopdeskTenant, body: Json) -> Json:
    """Turn those that the body names."""
    changed = type(tenant.settings).model_validate(tenant.settings.model_dump() | body)
    tenant.settings = changed
    return settings(tenant, {})


def hide(tenant: TopdeskTenant, body: Json) -> Json:
    """`{"ids": [...]}`: these and no others are hidden by a filter from now on."""
    tenant.hidden = {str(row_id) for row_id in body["ids"]}
    return {"ids": sorted(tenant.hidden)}


def anonymise(tenant: TopdeskTenant, body: Json) -> Json:
    """`{"id"}`: what a TOPdesk setting does to an archived card; the id stays."""
    row = tenant.table("persons")[body["id"]]
    if not row["archived"]:
        raise ValueError("only an archived card can be anonymised")
    texts = {name: ANONYMOUS for name, value in row.items() if name in _PERSONAL and value}
    tenant.change("persons", row, {**texts, **dict.fromkeys(_LOGINS, "")})
    tenant.change("persons", row, {"employeeNumber": ANONYMOUS, "email": ""})
    return person_card(tenant, row)


def delete(tenant: TopdeskTenant, body: Json) -> Json:
    """`{"id"}`: a card deleted in the user interface; from 16.03.019 its operator goes along."""
    row = tenant.table("persons")[body["id"]]
    operator = tenant.operator_of(row["id"])
    if operator is not None and tenant.settings.product_version >= (16, 3, 19):
        tenant.remove("operators", operator)
    tenant.remove("persons", row)
    return {"id": row["id"]}


_PERSONAL = frozenset(
    {"surName", "firstName", "firstInitials", "prefixes", "birthName", "title", "dynamicName"}
)
_LOGINS = ("tasLoginName", "networkLoginName", "phoneNumber", "mobileNumber", "fax")


def _door(tenant: TopdeskTenant, door: Door) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await request.json() if await request.body() else {}
            return JSONResponse(door(tenant, body))
        except (ValidationError, ValueError, LookupError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint
