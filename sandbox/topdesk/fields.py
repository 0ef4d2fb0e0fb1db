"""What may be written into which field? One reader a field: it checks a JSON value and gives back
what is stored, or raises Bad with TOPdesk's text. `person_fields` and `operator_fields` list them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.topdesk.refusals import (
    Bad,
    Problem,
    not_parsed,
    too_long,
    unknown_field,
    unknown_value,
)

if TYPE_CHECKING:
    from sandbox.topdesk.tenant import TopdeskTenant

type Json = dict[str, Any]
type Reader = Callable[[TopdeskTenant, str, Any], Any]

OPTIONAL_TABS = ("optionalFields1", "optionalFields2")
KINDS_PER_TAB = ("boolean", "number", "date", "text", "memo", "searchlist")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")


@dataclass(frozen=True)
class Field:
    """A writable field: how it is read, and what a new row has in it."""

    read: Reader
    default: Any


class Several(dict[str, Any]):
    """What a reader gives back when one JSON field fills several columns."""


def check(
    tenant: TopdeskTenant, body: Json, fields: Mapping[str, Field]
) -> tuple[Json, list[Problem]]:
    """The columns that a body writes, and everything that is wrong with it."""
    values: Json = {}
    problems: list[Problem] = []
    for name, value in body.items():
        if name not in fields:
            problems.append(unknown_field(name))
            continue
        try:
            read = fields[name].read(tenant, name, value)
        except Bad as bad:
            problems.append(bad.problem)
        else:
            values.update(read if isinstance(read, Several) else {name: read})
    return values, problems


def defaults(fields: Mapping[str, Field]) -> Json:
    """A row as it is before anything is written into it."""
    return {name: deepcopy(field.default) for name, field in fields.items()}


def merged(row: Json, values: Json) -> Json:
    """The values with their optional fields laid over those that the row has."""
    tabs = {name: {**row[name], **values[name]} for name in OPTIONAL_TABS if name in values}
    return {**values, **tabs}


def text(limit: int) -> Field:
    """A text of at most that many characters; null empties it like `""`."""

    def read(_tenant: TopdeskTenant, name: str, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Bad(not_parsed(name))
        if len(value) > limit:
            raise Bad(too_long(name, limit))
        return value

    return Field(read, "")


def email(limit: int = 100) -> Field:
    """A text that looks like a mail address, or nothing."""
    plain = text(limit)

    def read(tenant: TopdeskTenant, name: str, value: Any) -> str:
        address: str = plain.read(tenant, name, value)
        if address and not _EMAIL.fullmatch(address):
            raise Bad(not_parsed(name))
        return address

    return Field(read, "")


def flag(*, default: bool = False) -> Field:
    """True or false; the words as text are taken too, as shipped connectors send them."""

    def read(_tenant: TopdeskTenant, name: str, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise Bad(not_parsed(name))

    return Field(read, default)


def number(default: float | None = None) -> Field:
    """A number; null empties it."""

    def read(_tenant: TopdeskTenant, name: str, value: Any) -> float | None:
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Bad(not_parsed(name))
        return float(value)

    return Field(read, default)


def moment() -> Field:
    """An ISO 8601 date or moment, kept as it was written."""

    def read(_tenant: TopdeskTenant, name: str, value: Any) -> str | None:
        if value in (None, ""):
            return None
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise Bad(not_parsed(name))
        return value

    return Field(read, None)


def choice(*allowed: str) -> Field:
    """One of these words, in exactly this spelling; the first is the default."""

    def read(_tenant: TopdeskTenant, name: str, value: Any) -> str:
        if value not in allowed:
            raise Bad(not_parsed(name))
        return str(value)

    return Field(read, allowed[0])


def reference(table: str) -> Field:
    """A lookup `{"id": ...}` into a table; emptied as the tenant's settings allow."""

    def read(tenant: TopdeskTenant, name: str, value: Any) -> str | None:
        wanted = reference_id(tenant, name, value)
        if wanted is None:
            return None
        if tenant.get(table, wanted) is None:
            raise Bad(unknown_value(name))
        return wanted

    return Field(read, None)


def reference_id(tenant: TopdeskTenant, name: str, value: Any) -> str | None:
    """The id in a lookup, in lower case, or None when the lookup is to be emptied."""
    way = tenant.settings.clears_lookup_by
    if value is None and way in ("both", "null"):
        return None
    if not isinstance(value, dict) or "id" not in value or set(value) - {"id", "name"}:
        raise Bad(not_parsed(name))
    if value["id"] is None and way in ("both", "id"):
        return None
    if not isinstance(value["id"], str) or not _ID.fullmatch(value["id"]):
        raise Bad(not_parsed(name))
    return value["id"].lower()


def optional_fields(tab: int) -> Field:
    """A tab of thirty optional fields, of which the memos cannot be written."""
    inner = {
        f"{kind}{n}": _optional(kind, f"searchlist:{tab}:{n}")
        for kind in KINDS_PER_TAB
        if kind != "memo"
        for n in range(1, 6)
    }
    empty = {
        f"{kind}{n}": inner[f"{kind}{n}"].default if kind != "memo" else None
        for kind in KINDS_PER_TAB
        for n in range(1, 6)
    }

    def read(tenant: TopdeskTenant, name: str, value: Any) -> Json:
        if not isinstance(value, dict):
            raise Bad(not_parsed(name))
        memos = [field for field in value if re.fullmatch(r"memo[1-5]", field)]
        if memos:
            raise Bad(Problem(f"Memo fields cannot be modified via the API: '{memos[0]}'"))
        read_values, problems = check(tenant, value, inner)
        if problems:
            raise Bad(problems[0])
        return read_values

    return Field(read, empty)


def _optional(kind: str, table: str) -> Field:
    match kind:
        case "boolean":
            return flag()
        case "number":
            return number(0.0)
        case "date":
            return moment()
        case "text":
            return text(100)
        case _:
            return reference(table)
