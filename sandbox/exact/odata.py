"""Which rows does a query mean? The part of OData version 2 that Exact's endpoints take.

Sync endpoints filter on Timestamp alone; the others on equality, joined by `and` or `or`. No
`$select=*`, no `$skip` where there is `__next`, and hardly an answer without a `$select`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.exact import wire
from sandbox.exact.wire import Refused

type Predicate = Callable[[Mapping[str, Any]], bool]

_TIMESTAMP = re.compile(r"Timestamp (gt|ge) (\d+)L?")
_TERM = re.compile(
    r"(?P<trim>trim\()?(?P<field>\w+)\)? eq "
    r"(?:guid'(?P<guid>[0-9a-fA-F-]{36})'|'(?P<text>(?:[^']|'')*)'|(?P<number>-?\d+))"
)
_ENTITY = re.compile(r"(?P<stamp>.+) and EntityType eq (?P<type>\d+)")


@dataclass(frozen=True)
class Query:
    """What a caller asks."""

    select: tuple[str, ...]
    filter: str
    top: int | None
    skip_token: int

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Query:
        """Raises Refused for what Exact does not take."""
        select = tuple(name.strip() for name in params.get("$select", "").split(",") if name)
        if "*" in select or "$skip" in params or "$expand" in params:
            raise Refused(400, wire.SYNTAX)
        top = _number(params, "$top")
        if not select and top != 1:
            raise Refused(400, wire.NEEDS_SELECT)
        return cls(select, params.get("$filter", ""), top, _number(params, "$skiptoken") or 0)

    def shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that were asked for."""
        if unknown := [name for name in self.select if name not in row]:
            raise Refused(400, f"Could not find a property named '{unknown[0]}'")
        meta = {"__metadata": {"uri": f"guid'{row.get('ID')}'"}}
        return meta | {name: row[name] for name in self.select or row}


def by_version(text: str) -> Callable[[int], bool]:
    """The filter of a sync endpoint."""
    if not text:
        raise Refused(400, wire.MANDATORY)
    found = _TIMESTAMP.fullmatch(text.strip())
    if not found:
        raise Refused(400, wire.NOT_SUPPORTED)
    operator, at = found[1], int(found[2])
    return (lambda version: version > at) if operator == "gt" else (lambda version: version >= at)


def deletions(text: str) -> tuple[Callable[[int], bool], int | None]:
    """The filter of sync/Deleted: a version, and perhaps a type."""
    found = _ENTITY.fullmatch(text.strip())
    if found:
        return by_version(found["stamp"]), int(found["type"])
    return by_version(text), None


def predicate(text: str) -> Predicate:
    """The filter of the other endpoints; an empty one lets everything through."""
    if not text.strip():
        return lambda _row: True
    anys = [
        [_term(term) for term in re.split(r"\s+and\s+", part)]
        for part in re.split(r"\s+or\s+", text.strip())
    ]
    return lambda row: any(all(holds(row) for holds in part) for part in anys)


def _term(text: str) -> Predicate:
    found = _TERM.fullmatch(text.strip().strip("()").strip() if "trim(" not in text else text)
    if not found:
        raise Refused(400, wire.SYNTAX)
    name = found["field"]
    wanted = found["guid"] or found["number"] or (found["text"] or "").replace("''", "'")

    def holds(row: Mapping[str, Any]) -> bool:
        if name not in row:
            raise Refused(400, f"Could not find a property named '{name}'")
        value = "" if row[name] is None else str(row[name])
        return (value.strip() if found["trim"] else value) == wanted

    return holds


def _number(params: Mapping[str, str], name: str) -> int | None:
    value = params.get(name)
    if value is None:
        return None
    if not value.isdecimal():
        raise Refused(400, wire.SYNTAX)
    return int(value)


def cut(rows: Sequence[Any], query: Query, size: int) -> tuple[Sequence[Any], int | None]:
    """A page, and the token of the next one."""
    wanted = rows if query.top is None else rows[: query.top]
    until = query.skip_token + size
    return wanted[query.skip_token : until], until if until < len(wanted) else None
