"""What does this TOPdesk hold? Tables of cards and lists in memory, and a log of every write.

A row is a dict whose lookups hold ids, so a renamed branch shows under its new name everywhere.
This file keeps rows, indexes and links; the rules of each kind lie with its endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID, uuid5

from sandbox.clock import Clock, FileClock
from sandbox.topdesk import fiql, seed
from sandbox.topdesk.settings import Settings

type Row = dict[str, Any]

_NAMESPACE = UUID("8f1c7f0e-6d0f-4e0c-9a60-2d5a3b8a51c4")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

INDEXED: Mapping[str, tuple[str, ...]] = {
    "persons": ("employeeNumber", "tasLoginName"),
    "operators": ("employeeNumber", "loginName", "linkedPerson"),
}
TRACKED = frozenset(
    {"persons", "operators", "persongroups", "operatorgroups", "incidents", "changes"}
)
"""Tables whose rows say who made and changed them, and when."""


@dataclass(frozen=True)
class Write:
    """One successful call that changed something; `fields` are those named in the body."""

    method: str
    path: str
    fields: tuple[str, ...]
    ids: tuple[str, ...]


@dataclass
class TopdeskTenant:
    """One customer's TOPdesk."""

    clock: Clock
    settings: Settings = field(default_factory=Settings)
    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    links: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    """Ids that a filter of the API account hides: in no list, and a 404."""
    calls: int = 0
    busy: int = 0
    api_account: str = ""
    """The operator card the API account signs in with."""
    _minted: int = 0
    _indexes: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)

    @classmethod
    def seeded(
        cls,
        clock: Clock | None = None,
        *,
        branches: Iterable[str] = seed.BRANCHES,
        departments: Iterable[str] = seed.DEPARTMENTS,
        permission_groups: Iterable[str] = seed.PERMISSION_GROUPS,
        operator_groups: Iterable[str] = seed.OPERATOR_GROUPS,
        budget_holders: Iterable[str] = (),
        version: str = "16.06.010",
    ) -> TopdeskTenant:
        """A tenant as an administrator leaves it before the first provisioning run."""
        tenant = cls(clock or FileClock(), Settings(version=version))
        for name in branches:
            tenant.add("branches", seed.branch(name))
        named = {
            "departments": departments,
            "permissiongroups": permission_groups,
            "budgetholders": budget_holders,
            **seed.CATALOGUE,
        }
        for table, names in named.items():
            for name in names:
                tenant.add(table, {"name": name})
        for name, code in seed.LANGUAGES:
            tenant.add("languages", {"name": name, "languageCode": code})
        for name, parent in seed.SUBCATEGORIES:
            category = tenant.by_name("categories", parent)
            tenant.add("subcategories", {"name": name, "category": category["id"]})
        for number, brief in seed.CHANGE_TEMPLATES:
            tenant.add("change templates", {"number": number, "briefDescription": brief})
        home = next(iter(tenant.table("branches")), None)
        for name in operator_groups:
            tenant.add("operatorgroups", seed.operator_group(name, home))
        tenant.api_account = tenant.add("operators", seed.api_account(home))["id"]
        return tenant

    def table(self, name: str) -> dict[str, Row]:
        """All rows of that kind, hidden and archived ones too."""
        return self.tables.setdefault(name, {})

    def visible(self, name: str) -> Iterator[Row]:
        """The rows that the filters of the API account leave over."""
        return (row for row in self.table(name).values() if row["id"] not in self.hidden)

    def get(self, name: str, row_id: str) -> Row | None:
        """One visible row, or None."""
        row = self.table(name).get(row_id.lower())
        return None if row is None or row["id"] in self.hidden else row

    def by_name(self, table: str, name: str) -> Row:
        """The row with exactly that name; raises LookupError."""
        for row in self.table(table).values():
            if row.get("name", row.get("groupName")) == name:
                return row
        raise LookupError(f"no {name!r} in {table}")

    def find(self, table: str, column: str, value: str) -> list[Row]:
        """Rows by an indexed field, without regard to case; hidden and archived ones too."""
        ids = self._indexes.get((table, column), {}).get(value.casefold(), ())
        return [self.table(table)[row_id] for row_id in ids]

    def candidates(self, table: str, query: fiql.Node | None) -> Iterable[Row]:
        """The visible rows that a query can match: a handful, where it names an indexed field."""
        for column in INDEXED.get(table, ()) if query else ():
            value = fiql.demanded(query, column) if query else None
            if value:
                found = self.find(table, column, value)
                return [row for row in found if row["id"] not in self.hidden]
        return self.visible(table)

    def add(self, table: str, values: Mapping[str, Any]) -> Row:
        """Insert a row under a new id."""
        row: Row = {"id": self.mint(table), "archived": False, "reason": None, **values}
        if table in TRACKED:
            row |= {"creationDate": self.stamp(), "creator": self.api_account}
            row |= {"modificationDate": self.stamp(), "modifier": self.api_account}
        self.table(table)[row["id"]] = row
        self._index(table, row)
        return row

    def change(self, table: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Write some fields of a row."""
        self._unindex(table, row)
        row.update(values)
        if table in TRACKED:
            row |= {"modificationDate": self.stamp(), "modifier": self.api_account}
        self._index(table, row)
        return row

    def remove(self, table: str, row: Row) -> None:
        """Take a row out; only search lists and the user interface can do that."""
        self._unindex(table, row)
        del self.table(table)[row["id"]]

    def linked(self, kind: str, operator_id: str) -> list[str]:
        """The ids that are linked to an operator: permission groups, operator groups, filters."""
        return self.links.setdefault(kind, {}).setdefault(operator_id, [])

    def operator_of(self, person_id: str) -> Row | None:
        """The operator card that is linked to this person, hidden or not."""
        return next(iter(self.find("operators", "linkedPerson", person_id)), None)

    def reference(self, table: str, row_id: str | None) -> dict[str, str] | None:
        """A lookup as answers show it: id and name."""
        row = self.table(table).get(row_id) if row_id else None
        return {"id": row["id"], "name": name_of(row)} if row else None

    def mint(self, table: str) -> str:
        """A new id; the same calls on the same tenant give the same ids."""
        self._minted += 1
        return str(uuid5(_NAMESPACE, f"{table}:{self._minted}"))

    def stamp(self) -> str:
        """The calendar's moment as TOPdesk writes it: milliseconds, an offset without colon."""
        return written(self.clock.now())

    def _index(self, table: str, row: Row) -> None:
        for column in INDEXED.get(table, ()):
            if row.get(column):
                index = self._indexes.setdefault((table, column), {})
                index.setdefault(row[column].casefold(), []).append(row["id"])

    def _unindex(self, table: str, row: Row) -> None:
        for column in INDEXED.get(table, ()):
            if row.get(column):
                self._indexes[table, column][row[column].casefold()].remove(row["id"])


def written(moment: datetime) -> str:
    """`2026-09-01T06:00:12.000+0000`, the form in published payloads."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def name_of(row: Row) -> str:
    """What a row is called in lookups and lists."""
    for column in ("dynamicName", "groupName", "name"):
        if column in row:
            return str(row[column])
    return ""


def is_uuid(value: object) -> TypeGuard[str]:
    """Does this look like an id of TOPdesk?"""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None
