"""How is a value written in a FIQL query, so that it stays one value?

TOPdesk developers, "Tutorial: FIQL": quoted; inside the quotes a backslash and the quote itself
are escaped. The query then goes through httpx's `params`, which encodes it for the URL.
"""

from __future__ import annotations


def equals(field: str, value: str) -> str:
    """`field=='value'`, whatever the value holds. Raises ValueError for one nobody may seek.

    An empty value would match every card without one, and a star is a wildcard to some versions.
    """
    if not is_sought(value):
        raise ValueError(f"{field} cannot be sought by an empty value or one with a star")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{field}=='{escaped}'"


def is_sought(value: str) -> bool:
    """Does this value mean one thing, so that a query may ask for it?"""
    return bool(value.strip()) and "*" not in value


def either(*conditions: str) -> str:
    """Cards that meet at least one of the conditions."""
    return f"({','.join(conditions)})"
