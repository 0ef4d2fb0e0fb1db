"""The lists a card points at that the API may fill: departments, budget holders, extra fields.

Names are unique without regard to case. An `externalLink` ties an entry to a code elsewhere. Only
these can be deleted, and not while a card points at them (Supporting Files 2.7.11).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.topdesk import archiving, refusals
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.refusals import Problem, Refused
from sandbox.topdesk.tenant import Row

type Handler = Callable[[Call], Reply]

NAME_CHARACTERS = 100
LINK_ID_CHARACTERS = 450
COLUMN_OF = {
    "departments": "department",
    "budgetholders": "budgetHolder",
    "personExtraFieldAEntries": "personExtraFieldA",
    "personExtraFieldBEntries": "personExtraFieldB",
}


def read_all(table: str) -> Handler:
    """`GET /departments` and its like: the whole list, by default without archived entries."""

    def handler(call: Call) -> Reply:
        show_archived = call.tenant.settings.search_lists_show_archived
        link = (call.query.get("external_link_id"), call.query.get("external_link_type"))
        rows = [
            _shown(row)
            for row in call.tenant.visible(table)
            if (show_archived or not row["archived"]) and _has_link(row, *link)
        ]
        return Reply(200, sorted(rows, key=lambda row: row["name"].casefold()))

    return handler


def create(table: str) -> Handler:
    """`POST`: `{"name", "externalLink"}`."""

    def handler(call: Call) -> Reply:
        call.need("supporting files settings.write")
        values = _checked(call, table, call.json_object(), None)
        row = call.tenant.add(table, values)
        return Reply(201, _shown(row), ids=(row["id"],))

    return handler


def rename(table: str) -> Handler:
    """`PATCH .../id/{id}`."""

    def handler(call: Call) -> Reply:
        call.need("supporting files settings.write")
        row = call.row(table)
        body = {"name": row["name"], **call.json_object()}
        call.tenant.change(table, row, _checked(call, table, body, row))
        return Reply(200, _shown(row), ids=(row["id"],))

    return handler


def archive(table: str) -> Handler:
    """`PATCH .../id/{id}/archive`."""

    def handler(call: Call) -> Reply:
        call.need("supporting files settings.write")
        row = archiving.archive_row(call, table)
        return Reply(200, _shown(row), ids=(row["id"],))

    return handler


def unarchive(table: str) -> Handler:
    """`PATCH .../id/{id}/unarchive`."""

    def handler(call: Call) -> Reply:
        call.need("supporting files settings.write")
        row = archiving.unarchive_row(call, table)
        return Reply(200, _shown(row), ids=(row["id"],))

    return handler


def delete(table: str) -> Handler:
    """`DELETE .../id/{id}`: 204, or 409 while a card refers to it."""

    def handler(call: Call) -> Reply:
        call.need("supporting files settings.write")
        row = call.row(table)
        column = COLUMN_OF[table]
        for cards in ("persons", "operators"):
            if any(card.get(column) == row["id"] for card in call.tenant.table(cards).values()):
                raise Refused(409, Problem(f"'{row['name']}' is still in use"))
        call.tenant.remove(table, row)
        return Reply(204, ids=(row["id"],))

    return handler


def _checked(call: Call, table: str, body: Json, own: Row | None) -> Json:
    problems = [refusals.unknown_field(n) for n in body if n not in ("name", "externalLink")]
    name = body.get("name")
    if not name:
        problems.append(refusals.missing("name"))
    elif not isinstance(name, str):
        problems.append(refusals.not_parsed("name"))
    elif len(name) > NAME_CHARACTERS:
        problems.append(refusals.too_long("name", NAME_CHARACTERS))
    elif _taken(call, table, name, own):
        problems.append(_duplicate(table, name))
    if "externalLink" in body and not _is_link(body["externalLink"]):
        problems.append(refusals.not_parsed("externalLink"))
    if problems:
        raise Refused(400, *problems)
    return dict(body)


def _taken(call: Call, table: str, name: str, own: Row | None) -> bool:
    # Archived and hidden entries keep their name: the caller cannot see why it is refused.
    return any(
        row["name"].casefold() == name.casefold() and row is not own
        for row in call.tenant.table(table).values()
    )


def _duplicate(table: str, name: str) -> Problem:
    kind = "Department" if table == "departments" else "Entry"
    return Problem(f"{kind} with name '{name}' already exists.", "duplicate_value", ("name",))


def _is_link(link: Any) -> bool:
    if not isinstance(link, dict) or set(link) - {"id", "type", "date"}:
        return False
    link_id, kind = link.get("id"), str(link.get("type", ""))
    named = isinstance(link_id, str) and 0 < len(link_id) <= LINK_ID_CHARACTERS
    return named and kind.lstrip("-").isdigit() and int(kind) != 0


def _has_link(row: Row, link_id: str | None, kind: str | None) -> bool:
    if link_id is None and kind is None:
        return True
    link = row.get("externalLink") or {}
    return (link_id in (None, link.get("id"))) and (kind in (None, str(link.get("type"))))


def _shown(row: Row) -> Json:
    shown: Json = {"id": row["id"], "name": row["name"]}
    if row.get("externalLink"):
        shown["externalLink"] = row["externalLink"]
    return shown
