"""Which rows, in which order, and how many at a time? Paging, `fields` and `query` of every list.

Older lists answer an array with 200 (last page), 206 (there is more) or 204 (nothing); v2 lists
answer `{"item", "size", "next"}` (Supporting Files 2.7.11, parameters of the list calls).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.topdesk import fiql, refusals
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.refusals import Refused
from sandbox.topdesk.tenant import Row, TopdeskTenant

type Getter = Callable[[TopdeskTenant, Row], Any]
type View = Mapping[str, Getter]

EVERYTHING = ("*", "all")
LOOKUP_DEFAULT, LOOKUP_MOST = 1000, 10_000


@dataclass(frozen=True)
class Queryable:
    """What a `query` may say about one kind of card: top-level names, and paths below them."""

    table: str
    view: View
    below: Mapping[str, Sequence[str]]
    unknown: frozenset[str] = frozenset()

    def select(self, call: Call, node: fiql.Node | None, *, archived_too: bool) -> list[Row]:
        """The rows of a list call, in the order of the table."""
        tenant = call.tenant
        if node is None:
            every = tenant.visible(self.table)
            return [row for row in every if archived_too or not row["archived"]]
        for comparison in fiql.comparisons(node):
            self._check(comparison)
        case = tenant.settings.text_matches_case
        rows = tenant.candidates(self.table, node)
        return [row for row in rows if fiql.matches(node, self._reader(tenant, row), case=case)]

    def _check(self, comparison: fiql.Comparison) -> None:
        top, _, below = comparison.field.partition(".")
        known = top in self.view and top not in self.unknown
        if not known or (below and below not in self.below.get(top, ())):
            raise Refused(400, refusals.unknown_field(comparison.field))
        if top in self.below and not below and comparison.values != (None,):
            raise refusals.malformed()  # a lookup itself can only be there or not
        if top == "linkedPerson" and comparison.operator not in ("==", "!="):
            raise refusals.malformed()

    def _reader(self, tenant: TopdeskTenant, row: Row) -> fiql.Read:
        def read(path: str) -> Any:
            top, _, below = path.partition(".")
            value = self.view[top](tenant, row)
            return (value or {}).get(below) if below else value

        return read


def query(call: Call) -> fiql.Node | None:
    """The `query` parameter as a tree, or None without one."""
    text = call.query.get("query", "")
    if not text.strip():
        return None
    try:
        return fiql.parse(text)
    except fiql.Malformed as error:
        raise refusals.malformed() from error


def chosen(call: Call, parameter: str, view: View, default: Iterable[str]) -> tuple[str, ...]:
    """The top-level fields that the caller asked for; raises 400 for one that is not there."""
    given = call.query.get(parameter, "").strip()
    if given in EVERYTHING:
        return tuple(view)
    names = tuple(name.strip() for name in given.split(",") if name.strip()) or tuple(default)
    problems = [refusals.unknown_field(name) for name in names if name not in view]
    if problems:
        raise Refused(400, *problems)
    return names


def show(tenant: TopdeskTenant, row: Row, view: View, names: Iterable[str] = ()) -> Json:
    """One row through a view, whole or with these fields only."""
    return {name: view[name](tenant, row) for name in (names or view)}


def array(rows: Sequence[Row], *, start: int, size: int, shown: Callable[[Row], Json]) -> Reply:
    """A page of an older list."""
    page = rows[start : start + size]
    if not page:
        return Reply(204)
    more = start + size < len(rows)
    return Reply(206 if more else 200, [shown(row) for row in page])


def collection(
    call: Call, rows: Sequence[Row], *, shown: Callable[[Row], Json], most: int = 5000
) -> Reply:
    """A page of a v2 list; `next` repeats the caller's own parameters."""
    start = call.number("pageStart", 0, least=0)
    size = call.number("pageSize", 50, least=1, most=most)
    page = rows[start : start + size]
    more = start + size < len(rows)
    body = {"item": [shown(row) for row in page], "size": len(page), "next": None}
    if more:
        body["next"] = next_page(call, start + size, size)
    return Reply(206 if more else 200, body)


def next_page(call: Call, start: int, size: int) -> str:
    """Where the next page is, as a path or as a whole address."""
    asked = {**call.query, "pageStart": str(start), "pageSize": str(size)}
    host = call.base_url if call.tenant.settings.next_is_absolute else ""
    return f"{host}/tas/api{call.path}?{urlencode(asked)}"


def ordered(call: Call, rows: list[Row], view: View, default: str) -> list[Row]:
    """The rows by the `sort` parameter, `field:asc` or `field:desc`."""
    field, _, direction = call.query.get("sort", default).partition(":")
    if field not in view or direction not in ("", "asc", "desc"):
        raise refusals.malformed()

    def key(row: Row) -> str:
        value = view[field](call.tenant, row)
        return str(value["name"] if isinstance(value, dict) and "name" in value else value)

    return sorted(rows, key=lambda row: key(row).casefold(), reverse=direction == "desc")


def lookup(call: Call, rows: Iterable[Row], name_of: Callable[[Row], str]) -> Reply:
    """`{"results": [{"id", "name"}]}`: the answer of every `/lookup`."""
    starts = call.query.get("name", "").casefold()
    archived = call.query.get("archived", "").lower()
    found = [
        {"id": row["id"], "name": name_of(row)}
        for row in rows
        if name_of(row).casefold().startswith(starts)
        and archived in ("", str(row["archived"]).lower())
    ]
    found.sort(key=lambda item: item["name"].casefold())
    if call.query.get("$all", "").lower() != "true":
        found = found[: call.number("$top", LOOKUP_DEFAULT, least=1, most=LOOKUP_MOST)]
    return Reply(200, {"results": found})
