"""Which objects, which of their properties, in which order, and what is the next page?

The one place that plays `$filter`, `$search`, `$orderby`, `$select`, `$expand`, `$top`, `$count`
and paging for every collection. Source: Graph, "Use query parameters to customize responses" and
"Advanced query capabilities on Microsoft Entra ID objects".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.graph import filter_rules, filters, refusals
from sandbox.graph.schema import SHAREPOINT, Schema
from sandbox.graph.wire import Request

type Json = dict[str, Any]
type Lookup = Callable[[str], Json | None]

PAGE = 100
MOST = 999
PAGE_TOKEN_SECONDS = 3600.0
CURSORS_KEPT = 256
_SEARCH = re.compile(r'"(?P<property>\w+):(?P<words>[^"]*)"')
_EXPAND = re.compile(r"(?P<name>\w+)(?:\(\$select=(?P<select>[\w,]+)\))?")


@dataclass(frozen=True)
class Cursor:
    """The ids a first page found, for the pages that follow."""

    ids: tuple[str, ...]
    expires: float


@dataclass
class Cursors:
    """Open page tokens; the oldest go first, and all go after a while."""

    open: dict[str, Cursor] = field(default_factory=dict)
    given: int = 0

    def keep(self, ids: tuple[str, ...], wall: float) -> str:
        """Remember these ids and return the name of the cursor."""
        self.given += 1
        self.open[str(self.given)] = Cursor(ids, wall + PAGE_TOKEN_SECONDS)
        while len(self.open) > CURSORS_KEPT:
            del self.open[next(iter(self.open))]
        return str(self.given)

    def find(self, name: str, wall: float) -> Cursor:
        """The ids again; raises when the token is unknown or too old."""
        cursor = self.open.get(name)
        if cursor is None or cursor.expires <= wall:
            raise refusals.Refusal(
                400, "Directory_ExpiredPageToken", "The specified page token value has expired."
            )
        return cursor


@dataclass(frozen=True)
class Query:
    """The checked options of one read."""

    select: tuple[str, ...] = ()
    filter: filters.Node | None = None
    search: tuple[tuple[str, str], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    top: int = PAGE
    wants_count: bool = False
    expand: tuple[tuple[str, tuple[str, ...]], ...] = ()


def parse(request: Request, schema: Schema, *, relations: frozenset[str] = frozenset()) -> Query:
    """Read and check the options; raises what Graph would refuse.

    `$count=true` without the header is silently ignored, so it does not make a query advanced.
    """
    query = request.query
    wants_count = query.get("$count", "").lower() == "true" and request.is_eventual
    expand = _parse_expand(query.get("$expand", ""), relations)
    tree = filters.parse(query["$filter"]) if query.get("$filter") else None
    if tree is not None:
        if not wants_count:
            filter_rules.check_size(tree)
        filter_rules.check(tree, schema, advanced=wants_count)
    order = _parse_order(query.get("$orderby", ""), schema, advanced=wants_count)
    if order and tree is not None and not wants_count:
        raise refusals.unsupported_query("Sorting not supported for current query.")
    search = _parse_search(query.get("$search"), schema, eventual=request.is_eventual)
    if expand and (wants_count or search):
        raise refusals.unsupported_query(
            "Expand is not supported together with advanced query parameters."
        )
    return Query(
        select=_parse_select(query.get("$select", ""), schema),
        filter=tree,
        search=search,
        order=order,
        top=_parse_top(query.get("$top")),
        wants_count=wants_count,
        expand=expand,
    )


def collection(  # noqa: PLR0913 - a page is made of exactly these
    request: Request,
    query: Query,
    schema: Schema,
    *,
    candidates: Iterable[str],
    lookup: Lookup,
    cursors: Cursors,
    wall: float,
    show: Callable[[Json], Json],
) -> Json:
    """One page of a collection, with count and next link where they belong."""
    token = request.query.get("$skiptoken")
    if token is not None:
        name, _, offset = token.partition("~")
        ids, start = cursors.find(name, wall).ids, int(offset) if offset.isdigit() else 0
    else:
        name, start = "", 0
        ids = tuple(item["id"] for item in _found(query, candidates, lookup))
    page = [item for each in ids[start : start + query.top] if (item := lookup(each))]
    body: Json = {"@odata.context": _context(request, schema)}
    if query.wants_count and token is None:
        body["@odata.count"] = len(ids)
    if start + query.top < len(ids):
        name = name or cursors.keep(ids, wall)
        body["@odata.nextLink"] = _next_link(request, f"{name}~{start + query.top}")
    body["value"] = [show(item) for item in page]
    return body


def count(query: Query, candidates: Iterable[str], lookup: Lookup) -> int:
    """How many objects the query finds."""
    return sum(1 for _ in _found(query, candidates, lookup))


def shown(item: Mapping[str, Any], query: Query, schema: Schema) -> Json:
    """The selected or default properties; what an object has no value for is null."""
    return {
        name: item.get(name, [] if schema.properties[name].kind == "strings" else None)
        for name in query.select or schema.default_names()
    }


def equality(
    node: filters.Node | None, names: Iterable[str]
) -> tuple[str, tuple[str, ...]] | None:
    """A property and values that every hit must have, when the filter says so: for an index."""
    match node:
        case filters.And():
            return equality(node.left, names) or equality(node.right, names)
        case filters.Compare(path=(name,), operator="eq", value=str(value)) if name in names:
            return name, (value,)
        case filters.Compare(path=(name,), operator="in", value=tuple(values)) if name in names:
            return name, tuple(str(value) for value in values)
        case filters.AnyOf(path=(name,), inner=filters.Compare(operator="eq", value=str(value))):
            return (name, (value,)) if name in names else None
    return None


def _found(query: Query, candidates: Iterable[str], lookup: Lookup) -> list[Json]:
    found = [
        item
        for each in candidates
        if (item := lookup(each)) is not None
        and (query.filter is None or filters.matches(query.filter, item))
        and all(_searched(item, name, words) for name, words in query.search)
    ]
    for name, descending in reversed(query.order):
        found.sort(key=lambda item: str(item.get(name) or "").casefold(), reverse=descending)
    return found


def _searched(item: Json, name: str, words: str) -> bool:
    """Tokens of displayName and description; the start of the value elsewhere."""
    value = str(item.get(name) or "").casefold()
    if name not in ("displayName", "description"):
        return value.startswith(words.casefold())
    tokens = re.split(r"[\W_]+", value)
    return all(
        any(token.startswith(word) for token in tokens)
        for word in re.split(r"[\W_]+", words.casefold())
    )


def _parse_select(text: str, schema: Schema) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in schema.properties:
            raise refusals.unknown_query_property(name)
    return names


def _parse_order(text: str, schema: Schema, *, advanced: bool) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, direction = part.partition(" ")
        prop = schema.properties.get(name)
        if prop is None:
            raise refusals.unknown_query_property(name)
        if prop.sortable == "never" or (prop.sortable == "advanced" and not advanced):
            raise refusals.unsupported_query("Sorting not supported for current query.")
        if direction not in ("", "asc", "desc"):
            raise refusals.bad_request(f"Syntax error at position {len(name)} in '{part}'.")
        order.append((name, direction == "desc"))
    return tuple(order)


def _parse_search(
    text: str | None, schema: Schema, *, eventual: bool
) -> tuple[tuple[str, str], ...]:
    if text is None:
        return ()
    if not eventual:
        raise refusals.unsupported_query(
            "Request with $search query parameter only works through MSGraph with a special"
            " request header: 'ConsistencyLevel: eventual'"
        )
    clauses = []
    for part in re.split(r"\s+AND\s+", text):
        match = _SEARCH.fullmatch(part.strip())
        if match is None:
            raise refusals.bad_request(f"Syntax error: character ':' is not valid in '{text}'.")
        if match["property"] not in schema.properties:
            raise refusals.unknown_query_property(match["property"])
        clauses.append((match["property"], match["words"]))
    return tuple(clauses)


def _parse_top(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.lstrip("-").isdigit():
        raise refusals.bad_request(f"Invalid value '{text}' for $top query option found.")
    if not 1 <= int(text) <= MOST:
        raise refusals.unsupported_query(
            f"Invalid page size specified: '{text}'. Must be between 1 and {MOST} inclusive."
        )
    return int(text)


def _parse_expand(text: str, relations: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not text:
        return ()
    match = _EXPAND.fullmatch(text.strip())
    if match is None or match["name"] not in relations:
        raise refusals.bad_request(
            f"Parsing OData Select and Expand failed: Could not find a property named '{text}'."
        )
    names = tuple((match["select"] or "").split(",")) if match["select"] else ()
    return ((match["name"], names),)


def refuse_sharepoint(query: Query) -> None:
    """A list answers 501 for properties that the directory does not hold."""
    if SHAREPOINT.intersection(query.select):
        raise refusals.not_implemented()


def _context(request: Request, schema: Schema) -> str:
    return f"{request.base_url}/$metadata#{schema.collection}"


def _next_link(request: Request, token: str) -> str:
    options = {**request.query, "$skiptoken": token}
    return f"{request.base_url}{request.path}?{urlencode(options, safe='$~')}"
