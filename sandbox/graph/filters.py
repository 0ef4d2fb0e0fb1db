"""What does this `$filter` mean? OData text to a tree, and a tree against one object.

Pure; called by `queries`. Whether Graph answers a filter at all is asked in `filter_rules`.
Strings compare without regard to case, as the directory does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.graph import refusals

type Literal = str | bool | int | datetime | None
type Path = tuple[str, ...]
type Node = Compare | AnyOf | Not | And | Or


@dataclass(frozen=True)
class Compare:
    """`path operator value`; `in` has a tuple, functions are operators too."""

    path: Path
    operator: str
    value: Literal | tuple[Literal, ...]


@dataclass(frozen=True)
class AnyOf:
    """`path/any(x:inner)`; the paths of the inner comparisons begin at the item itself."""

    path: Path
    inner: Node


@dataclass(frozen=True)
class Not:
    """`not inner`."""

    inner: Node


@dataclass(frozen=True)
class And:
    """Both."""

    left: Node
    right: Node


@dataclass(frozen=True)
class Or:
    """Either."""

    left: Node
    right: Node


_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))"
    r"|(?P<number>-?\d+(?![\w-]))"
    r"|(?P<word>[A-Za-z_$][\w.$]*(?:/[A-Za-z_$][\w.$]*)*)"
    r"|(?P<mark>[(),:]))"
)
COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "in"})
FUNCTIONS = frozenset({"startswith", "endswith", "contains"})
NAMES: Mapping[str, str] = {"startswith": "startsWith", "endswith": "endsWith"}


def parse(text: str) -> Node:
    """The tree of a filter; raises Graph's refusal of a syntax error."""
    reader = _Reader(text)
    node = reader.either()
    if reader.peek() is not None:
        raise reader.error()
    return node


class _Reader:
    """Recursive descent over the tokens; one method for each level of precedence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.error(position)
            kind = match.lastgroup or ""
            self.tokens.append((kind, match.group(kind), match.start(kind)))
            position = match.end()

    def error(self, position: int | None = None) -> refusals.Refusal:
        """400 with the place where reading stopped."""
        if position is None:
            known = self.at < len(self.tokens)
            position = self.tokens[self.at][2] if known else len(self.text)
        return refusals.bad_request(
            f"Invalid filter clause: Syntax error at position {position} in '{self.text}'."
        )

    def peek(self) -> str | None:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, *kinds: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] not in kinds:
            raise self.error()
        self.at += 1
        return self.tokens[self.at - 1][1]

    def mark(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise self.error()
        self.at += 1

    def either(self) -> Node:
        node = self.both()
        while self.peek() == "or":
            self.at += 1
            node = Or(node, self.both())
        return node

    def both(self) -> Node:
        node = self.single()
        while self.peek() == "and":
            self.at += 1
            node = And(node, self.single())
        return node

    def single(self) -> Node:
        if self.peek() == "not":
            self.at += 1
            return Not(self.single())
        if self.peek() == "(":
            self.at += 1
            node = self.either()
            self.mark(")")
            return node
        word = self.take("word")
        if word.lower() in FUNCTIONS:
            return self.function(word.lower())
        if word.endswith("/any"):
            return self.any_of(tuple(word.split("/")[:-1]))
        return self.comparison(tuple(word.split("/")))

    def function(self, name: str) -> Node:
        self.mark("(")
        path = tuple(self.take("word").split("/"))
        self.mark(",")
        value = self.literal()
        self.mark(")")
        return Compare(path, name, value)

    def any_of(self, path: Path) -> Node:
        self.mark("(")
        variable = self.take("word")
        self.mark(":")
        inner = _from_item(self.either(), variable)
        self.mark(")")
        if inner is None:
            raise self.error()
        return AnyOf(path, inner)

    def comparison(self, path: Path) -> Node:
        operator = self.take("word")
        if operator not in COMPARISONS:
            self.at -= 1
            raise self.error()
        if operator != "in":
            return Compare(path, operator, self.literal())
        self.mark("(")
        values = [self.literal()]
        while self.peek() == ",":
            self.at += 1
            values.append(self.literal())
        self.mark(")")
        return Compare(path, operator, tuple(values))

    def literal(self) -> Literal:
        token = self.take("string", "moment", "number", "word")
        match self.tokens[self.at - 1][0]:
            case "string":
                return token[1:-1].replace("''", "'")
            case "moment":
                return self.moment(token)
            case "number":
                return int(token)
        words: dict[str, Literal] = {"true": True, "false": False, "null": None}
        if token not in words:
            self.at -= 1
            raise self.error()
        return words[token]

    def moment(self, token: str) -> datetime:
        try:
            return moment(token)
        except ValueError as error:
            self.at -= 1
            raise self.error() from error


def _from_item(node: Node, variable: str) -> Node | None:
    """The inner filter with the variable taken off its paths; None when one lacks it."""
    match node:
        case Compare() if node.path[0] == variable:
            return Compare(node.path[1:], node.operator, node.value)
        case And() | Or():
            left, right = _from_item(node.left, variable), _from_item(node.right, variable)
            return type(node)(left, right) if left and right else None
        case Not():
            inner = _from_item(node.inner, variable)
            return Not(inner) if inner else None
    return None


def moment(text: str) -> datetime:
    """A date and time as bodies and filters write it; a missing zone means UTC."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def matches(node: Node, item: Any) -> bool:
    """Does the object (or, within `any`, the item) satisfy the filter?"""
    match node:
        case And():
            return matches(node.left, item) and matches(node.right, item)
        case Or():
            return matches(node.left, item) or matches(node.right, item)
        case Not():
            return not matches(node.inner, item)
        case AnyOf():
            return any(matches(node.inner, each) for each in _value(item, node.path) or ())
        case Compare():
            return _compares(_value(item, node.path), node.operator, node.value)


def _value(item: Any, path: Path) -> Any:
    """Follow the path; the empty one is the item within `any` itself."""
    value: Any = item
    for name in path:
        if name == "$count":
            return len(value or ())
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _compares(actual: Any, operator: str, wanted: Any) -> bool:
    if operator == "in":
        return any(_compares(actual, "eq", each) for each in wanted)
    if isinstance(actual, (list, tuple)):
        # Graph, "user: list": the directory lets a plain operator look into a collection.
        return any(_compares(each, operator, wanted) for each in actual)
    left, right = _comparable(actual, wanted), _comparable(wanted, wanted)
    if operator in {"eq", "ne"}:
        return bool(left == right) is (operator == "eq")
    if left is None or right is None:
        return False
    match operator:
        case "startswith":
            return bool(str(left).startswith(str(right)))
        case "endswith":
            return bool(str(left).endswith(str(right)))
        case "ge":
            return bool(left >= right)
        case _:
            return bool(left <= right)


def _comparable(value: Any, like: Any) -> Any:
    if isinstance(value, str):
        return moment(value) if isinstance(like, datetime) else value.casefold()
    return value
