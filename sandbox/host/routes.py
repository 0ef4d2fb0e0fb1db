"""Which function does a path belong to, and what stands in its route parameters?

Pure; called by `functions` and `web`. Routes hold literals, `{name}`, an optional `{name?}` at
the end, or a catch-all `{*name}` at the end (Azure Functions documentation, "HTTP trigger:
customize the HTTP endpoint"). Constraints such as `{id:int}` are refused: nothing here uses them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{(\*?)([A-Za-z_]\w*)(\??)\}")


@dataclass(frozen=True)
class _Segment:
    text: str
    rank: int  # 0 literal, 1 parameter, 2 catch-all: the more precise route wins
    optional: bool = False


@dataclass(frozen=True)
class Route:
    """A route template, cut into segments."""

    template: str
    segments: tuple[_Segment, ...]

    @property
    def precedence(self) -> tuple[int, ...]:
        """Sort key: literal before parameter before catch-all, segment by segment."""
        return tuple(segment.rank for segment in self.segments)

    def match(self, path: str) -> Mapping[str, str] | None:
        """The route parameters when this raw (still percent-encoded) path fits, else None.

        Literals compare without case, as ASP.NET routing does.
        """
        given = [part for part in path.split("/") if part]
        values: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            if segment.rank == _CATCH_ALL:
                values[segment.text] = unquote("/".join(given[index:]))
                return values
            if index >= len(given):
                return values if segment.optional else None
            part = unquote(given[index])
            if segment.rank == _PARAM:
                values[segment.text] = part
            elif segment.text.lower() != part.lower():
                return None
        return values if len(given) == len(self.segments) else None


def parse(template: str) -> Route:
    """The route of a template such as `hr/{source}`; raises ValueError."""
    parts = [part for part in template.split("/") if part]
    segments = tuple(_segment(template, part) for part in parts)
    if any(segment.rank == _CATCH_ALL or segment.optional for segment in segments[:-1]):
        raise ValueError(f"route '{template}': only its last segment can be optional or catch all")
    return Route(template, segments)


def _segment(template: str, part: str) -> _Segment:
    if "{" not in part and "}" not in part:
        return _Segment(part, _LITERAL)
    match = _PARAMETER.fullmatch(part)
    if match is None:
        raise ValueError(f"route '{template}': '{part}' is not played by this host; use {{name}}")
    star, name, optional = match.groups()
    return _Segment(name, _CATCH_ALL if star else _PARAM, optional=bool(optional))


_LITERAL, _PARAM, _CATCH_ALL = range(3)
