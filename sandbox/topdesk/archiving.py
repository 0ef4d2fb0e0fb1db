"""Archiving and its reverse, and what it does to the other card of the same human.

From product 16.06.007 archiving a person takes the linked operator along, and un-archiving an
operator revives the person (community post on linked cards, 2026-06; Supporting Files 2.7.10).
Archiving twice is a 400. Both answer in the v1 shape, whatever generation the tenant speaks.
"""

from __future__ import annotations

from sandbox.topdesk import lists, operators, person_view, persons, refusals
from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.refusals import Refused
from sandbox.topdesk.tenant import Row, is_uuid


def archive_person(call: Call) -> Reply:
    """`PATCH` or `PUT /persons/id/{id}/archive` with the id of a reason."""
    call.need("persons.archive", "No permission to archive persons.")
    _refuse_group(call, "persongroups", "Can not archive person groups via this endpoint")
    person, tenant = call.row("persons", persons.NOT_FOUND), call.tenant
    if person["archived"]:
        raise refusals.bad_request("Person is already archived")
    reason = _reason(call)
    operator = _follower(call, person, archived=False)
    if operator is not None:
        call.need("operators.archive", "No permission to archive operators.")
        _refuse_untouchable(call, operator)
        tenant.change("operators", operator, {"archived": True, "reason": reason})
    tenant.change("persons", person, {"archived": True, "reason": reason})
    return _person(call, person, operator)


def unarchive_person(call: Call) -> Reply:
    """`PATCH` or `PUT /persons/id/{id}/unarchive`; PUT needs no right on operators (2.7.11)."""
    call.need("persons.archive", "No permission to archive persons.")
    tenant = call.tenant
    if call.method == "PATCH" and tenant.settings.person_leads:
        call.need("operators.archive", "No permission to archive operators.")
    person = call.row("persons", persons.NOT_FOUND)
    if not person["archived"]:
        raise refusals.bad_request("Person is already unarchived")
    operator = None
    if tenant.settings.person_unarchive_revives_operator:
        operator = _follower(call, person, archived=True)
    if operator is not None:
        operators.refuse_over_licence(tenant)
        tenant.change("operators", operator, {"archived": False, "reason": None})
    tenant.change("persons", person, {"archived": False, "reason": None})
    return _person(call, person, operator)


def archive_operator(call: Call) -> Reply:
    """`PATCH` or `PUT /operators/id/{id}/archive`: this card only, never the person."""
    call.need("operators.archive", "No permission to archive operators.")
    _refuse_group(call, "operatorgroups", "Can not archive operator groups via this endpoint")
    operator = call.row("operators", operators.NOT_FOUND)
    _refuse_untouchable(call, operator)
    if operator["archived"]:
        raise refusals.bad_request("Operator is already archived")
    call.tenant.change("operators", operator, {"archived": True, "reason": _reason(call)})
    return operators.answer(call, operator, 200)


def unarchive_operator(call: Call) -> Reply:
    """`PATCH` or `PUT /operators/id/{id}/unarchive`: takes the person along.

    No refusal of a card that is active already is documented, so it is a plain 200.
    """
    call.need("operators.archive", "No permission to archive operators.")
    operator, tenant = call.row("operators", operators.NOT_FOUND), call.tenant
    person = tenant.table("persons").get(operator["linkedPerson"])
    revived = person if tenant.settings.person_leads and person and person["archived"] else None
    if revived is not None:
        call.need("persons.archive", "No permission to archive persons.")
    if operator["archived"]:
        operators.refuse_over_licence(tenant)
        tenant.change("operators", operator, {"archived": False, "reason": None})
    if revived is not None:
        tenant.change("persons", revived, {"archived": False, "reason": None})
    reply = operators.answer(call, operator, 200)
    return Reply(200, reply.body, ids=_ids(operator, revived))


def archive_row(call: Call, table: str) -> Row:
    """Archive a row of another kind (operator group, branch, search list entry)."""
    row = call.row(table)
    if row["archived"]:
        raise refusals.bad_request(f"{table} is already archived")
    return call.tenant.change(table, row, {"archived": True})


def unarchive_row(call: Call, table: str) -> Row:
    """Un-archive a row of another kind."""
    row = call.row(table)
    if not row["archived"]:
        raise refusals.bad_request(f"{table} is already unarchived")
    return call.tenant.change(table, row, {"archived": False})


def _follower(call: Call, person: Row, *, archived: bool) -> Row | None:
    """The linked operator card that goes along, where the product version does that."""
    operator = call.tenant.operator_of(person["id"])
    if not call.tenant.settings.person_leads or operator is None:
        return None
    return operator if operator["archived"] == archived else None


def _reason(call: Call) -> str | None:
    """The archiving reason in the body; raises 400 when it is missing or unknown."""
    body = call.json() if call.body.strip() else None
    wanted = body.get("id") if isinstance(body, dict) else None
    if wanted is None:
        if call.tenant.settings.archiving_reason_mandatory:
            raise refusals.bad_request("Reason for archiving is mandatory")
        return None
    if not is_uuid(wanted):
        raise refusals.malformed()
    reason = call.tenant.get("archiving-reasons", wanted)
    if reason is None:
        raise Refused(400, refusals.unknown_reason())
    return str(reason["id"])


def _refuse_group(call: Call, table: str, text: str) -> None:
    if call.params["id"].lower() in call.tenant.table(table):
        raise refusals.bad_request(text)


def _refuse_untouchable(call: Call, operator: Row) -> None:
    if operator["id"] == call.tenant.api_account:
        raise refusals.bad_request("Can not archive yourself")
    if operator["admin"]:
        raise refusals.bad_request("Can not archive admins")


def _person(call: Call, person: Row, operator: Row | None) -> Reply:
    shown = lists.show(call.tenant, person, person_view.V1)
    return Reply(200, shown, ids=_ids(person, operator))


def _ids(first: Row, second: Row | None) -> tuple[str, ...]:
    return (first["id"],) if second is None else (first["id"], second["id"])
