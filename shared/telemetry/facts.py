"""What may be said of the work to those who watch it? The only facts that spans and measurements
carry, and what their values may look like.

No name, address, number of HR's or payload: the app says only what stands here, and a text that
could be one is blotted out all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypedDict

type Fact = str | int


class Facts(TypedDict, total=False):
    """Whatever can be said."""

    person: str
    """The person's opaque id, ours, which no other system knows."""
    target: str
    source: str
    """An HR system."""
    system: str
    """Who is called."""
    method: str
    template: str
    """The path with placeholders instead of values, and without a query."""
    status: int
    """Of an answer over HTTP."""
    attempts: int
    changes: int
    people: int
    kind: str
    """Of a harm, a change or a notice."""
    event: str
    ending: str
    queue: str
    function: str
    outcome: str
    """`ok`, or the class of the error."""


_NAMES = {
    "method": "http.request.method",
    "status": "http.response.status_code",
    "template": "url.template",
    "outcome": "instroom.outcome",
}
"""Those that OpenTelemetry's semantic conventions for HTTP name."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:,{}()'$/*=+-]{1,200}")
BLOTTED = "?"


def attributes(facts: Mapping[str, object]) -> dict[str, Fact]:
    """The facts by the names that they travel under. Raises KeyError for an unknown one."""
    return {_name(key): _value(value) for key, value in facts.items() if value is not None}


def _name(key: str) -> str:
    if key not in Facts.__annotations__:
        raise KeyError(key)
    return _NAMES.get(key, f"instroom.{key}")


def plain(text: str) -> str:
    """The text when it is a word, such as a path's template; a sentence or an address is none."""
    return text if _PLAIN.fullmatch(text) else BLOTTED


def _value(value: object) -> Fact:
    if isinstance(value, StrEnum):
        return value.replace(" ", "_")  # a word of ours, whatever its spaces
    return value if isinstance(value, int) else plain(str(value))
