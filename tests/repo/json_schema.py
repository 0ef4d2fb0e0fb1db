"""Does a value fit a JSON schema? The keywords that our own schemas use, and no others.

An unknown keyword is an error, so that nothing in the schema goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

type Schema = Mapping[str, Any]

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "boolean": bool,
}


def _has_format(value: str, form: str) -> bool:
    read = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}[form]
    try:
        read(value)
    except ValueError:
        return False
    return True


_LIMITS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "const": (lambda value, only: bool(value == only), "is not {}"),
    "minimum": (lambda value, least: bool(value >= least), "below {}"),
    "maximum": (lambda value, most: bool(value <= most), "above {}"),
    "exclusiveMinimum": (lambda value, below: bool(value > below), "not above {}"),
    "enum": (lambda value, known: value in known, "is none of {}"),
    "format": (_has_format, "is no {}"),
    "minItems": (lambda value, least: len(value) >= least, "fewer than {}"),
    "maxItems": (lambda value, most: len(value) <= most, "more than {}"),
    "minLength": (lambda value, least: len(value) >= least, "shorter than {}"),
    "maxLength": (lambda value, most: len(value) <= most, "longer than {}"),
    "pattern": (lambda value, pattern: bool(re.search(pattern, value)), "does not match"),
    "uniqueItems": (lambda value, _: len(set(value)) == len(value), "something twice"),
}
_SAYS_NOTHING = {"$schema", "$id", "$defs", "title", "description", "default", "examples"}


def problems(value: Any, schema: Schema, at: str = "policy") -> list[str]:
    """Everything that the schema holds against the value, each with its place."""
    return list(_Checker(schema["$defs"]).check(value, schema, at))


class _Checker:
    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions
        self._parts: Mapping[str, Callable[[Any, Schema, str], Iterator[str]]] = {
            "anyOf": self._any_of,
            "required": self._required,
            "properties": self._properties,
            "additionalProperties": self._others,
            "items": self._items,
        }

    def check(self, value: Any, schema: Schema, at: str) -> Iterator[str]:
        """Problems of this value; when its type is wrong, that alone."""
        schema = self._followed(schema)
        if "type" in schema and not _is(value, schema["type"]):
            yield f"{at}: is no {schema['type']}"
            return
        for keyword, argument in schema.items():
            if keyword in self._parts:
                yield from self._parts[keyword](value, schema, at)
            elif keyword in _LIMITS:
                holds, told = _LIMITS[keyword]
                if not holds(value, argument):
                    yield f"{at}: {told.format(argument)}"
            elif keyword not in _SAYS_NOTHING | {"type"}:
                raise AssertionError(f"the check does not know the keyword {keyword}")

    def _followed(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            here = {keyword: part for keyword, part in schema.items() if keyword != "$ref"}
            schema = {**self._definitions[schema["$ref"].rpartition("/")[2]], **here}
        return schema

    def _any_of(self, value: Any, schema: Schema, at: str) -> Iterator[str]:
        if all(any(self.check(value, form, at)) for form in schema["anyOf"]):
            yield f"{at}: fits none of the forms"

    def _required(self, value: Any, schema: Schema, at: str) -> Iterator[str]:
        yield from (f"{at}: no '{key}'" for key in schema["required"] if key not in value)

    def _properties(self, value: Any, schema: Schema, at: str) -> Iterator[str]:
        for key in schema["properties"].keys() & value.keys():
            yield from self.check(value[key], schema["properties"][key], f"{at}.{key}")

    def _others(self, value: Any, schema: Schema, at: str) -> Iterator[str]:
        for key in value.keys() - schema.get("properties", {}).keys():
            if schema["additionalProperties"] is False:
                yield f"{at}.{key}: unknown key"
            else:
                yield from self.check(value[key], schema["additionalProperties"], f"{at}.{key}")

    def _items(self, value: Any, schema: Schema, at: str) -> Iterator[str]:
        for place, one in enumerate(value):
            yield from self.check(one, schema["items"], f"{at}.{place}")


def _is(value: Any, kinds: str | list[str]) -> bool:
    if isinstance(kinds, list):
        return any(_is(value, kind) for kind in kinds)
    if isinstance(value, bool):
        return kinds == "boolean"
    return isinstance(value, _TYPES[kinds])
