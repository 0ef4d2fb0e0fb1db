"""Which rows does a FIQL `query` mean? `;` is and, `,` is or, and binds tighter, brackets group.

Follows the vendor's tutorial ("Filtering with FIQL"). Values are quoted when they hold white
space or a reserved character; inside quotes a backslash escapes. An asterisk is just an asterisk.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

type Value = str | None
type Read = Callable[[str], Any]

_OPERATOR = re.compile(r"\s*(==|!=|=gt=|=ge=|=lt=|=le=|=sw=|=in=|=out=)\s*")
_NAME = re.compile(r"\s*([A-Za-z][A-Za-z0-9_.]*)")
_BARE = re.compile(r"""[^'"();,=!~<>\s]+""")
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "=gt=": operator.gt,
    "=ge=": operator.ge,
    "=lt=": operator.lt,
    "=le=": operator.le,
}


class Malformed(ValueError):
    """The text is no FIQL."""


@dataclass(frozen=True)
class Comparison:
    """One field against one value, or a list of them; None is the bare word null."""

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Both:
    """All of these hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    """At least one of these holds."""

    parts: tuple[Node, ...]


type Node = Comparison | Both | Either


def parse(text: str) -> Node:
    """The tree of a query; raises Malformed."""
    node, rest = _either(text)
    if rest.strip():
        raise Malformed(f"unexpected {rest!r}")
    return node


def comparisons(node: Node) -> list[Comparison]:
    """Every comparison in the tree, for checking the fields before any row is looked at."""
    if isinstance(node, Comparison):
        return [node]
    return [found for part in node.parts for found in comparisons(part)]


def demanded(node: Node, field: str) -> str | None:
    """The value that `field` must equal in every match, where the query says so; else None."""
    if isinstance(node, Comparison):
        is_demand = node.field == field and node.operator == "=="
        return node.values[0] if is_demand else None
    if isinstance(node, Either):
        return None
    return next((v for part in node.parts if (v := demanded(part, field)) is not None), None)


def matches(node: Node, read: Read, *, case: bool = False) -> bool:
    """Does the row that `read` reads from satisfy the query?"""
    if isinstance(node, Both):
        return all(matches(part, read, case=case) for part in node.parts)
    if isinstance(node, Either):
        return any(matches(part, read, case=case) for part in node.parts)
    return _holds(node, read(node.field), case=case)


def _either(text: str) -> tuple[Node, str]:
    parts, rest = _sequence(text, ",", _both)
    return (parts[0] if len(parts) == 1 else Either(parts)), rest


def _both(text: str) -> tuple[Node, str]:
    parts, rest = _sequence(text, ";", _primary)
    return (parts[0] if len(parts) == 1 else Both(parts)), rest


def _sequence(
    text: str, separator: str, part: Callable[[str], tuple[Node, str]]
) -> tuple[tuple[Node, ...], str]:
    node, rest = part(text)
    nodes = [node]
    while rest.lstrip().startswith(separator):
        node, rest = part(rest.lstrip()[1:])
        nodes.append(node)
    return tuple(nodes), rest


def _primary(text: str) -> tuple[Node, str]:
    text = text.lstrip()
    if text.startswith("("):
        node, rest = _either(text[1:])
        return node, _after(rest, ")")
    name = _NAME.match(text)
    if name is None:
        raise Malformed(f"no field name at {text!r}")
    sign = _OPERATOR.match(text, name.end())
    if sign is None:
        raise Malformed(f"no comparison after {name[1]!r}")
    rest = text[sign.end() :]
    if sign[1] in ("=in=", "=out="):
        values, rest = _list(rest)
    else:
        value, rest = _value(rest)
        values = (value,)
    return Comparison(name[1], sign[1], values), rest


def _list(text: str) -> tuple[tuple[Value, ...], str]:
    value, rest = _value(_after(text, "("))
    values = [value]
    while rest.lstrip().startswith(","):
        value, rest = _value(rest.lstrip()[1:])
        values.append(value)
    return tuple(values), _after(rest, ")")


def _after(text: str, sign: str) -> str:
    text = text.lstrip()
    if not text.startswith(sign):
        raise Malformed(f"expected {sign!r} at {text!r}")
    return text[1:]


def _value(text: str) -> tuple[Value, str]:
    text = text.lstrip()
    if text[:1] in ("'", '"'):
        return _quoted(text)
    bare = _BARE.match(text)
    if bare is None:
        raise Malformed(f"no value at {text!r}")
    return (None if bare[0] == "null" else bare[0]), text[bare.end() :]


def _quoted(text: str) -> tuple[str, str]:
    letters: list[str] = []
    quote, at = text[0], 1
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        elif text[at] == quote:
            return "".join(letters), text[at + 1 :]
        letters.append(text[at])
        at += 1
    raise Malformed("a quote is not closed")


def _holds(comparison: Comparison, actual: Any, *, case: bool) -> bool:
    wanted = comparison.values
    match comparison.operator:
        case "==" | "=in=":
            return any(_equal(actual, value, case=case) for value in wanted)
        case "!=" | "=out=":
            return not any(_equal(actual, value, case=case) for value in wanted)
        case "=sw=":
            folded = str if case else str.casefold
            return wanted[0] is not None and folded(str(actual or "")).startswith(
                folded(wanted[0])
            )
        case sign:
            return _ordered(sign, actual, wanted[0])


def _equal(actual: Any, wanted: Value, *, case: bool) -> bool:
    if isinstance(actual, list):
        return any(_equal(item, wanted, case=case) for item in actual)
    if wanted is None:
        return actual in (None, "")
    if isinstance(actual, bool):
        return wanted.casefold() == str(actual).casefold()
    if isinstance(actual, (int, float)):
        return _number(wanted) == actual
    if actual is None:
        return False
    left, right = _moment(actual), _moment(wanted)
    if left and right:
        return left == right
    return bool(actual == wanted if case else str(actual).casefold() == wanted.casefold())


def _ordered(sign: str, actual: Any, wanted: Value) -> bool:
    if actual in (None, "") or wanted is None:
        return False
    if isinstance(actual, (int, float)):
        number = _number(wanted)
        return number is not None and _ORDER[sign](actual, number)
    left, right = _moment(actual), _moment(wanted)
    if left and right:
        return _ORDER[sign](left, right)
    return _ORDER[sign](str(actual).casefold(), wanted.casefold())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    # Only a whole ISO 8601 moment counts: "100234" would pass for a date to Python.
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
