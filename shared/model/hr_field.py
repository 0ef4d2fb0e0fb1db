"""What are the fields called that HR is told of, and when do two values say the same?

Policy names them, plan compares them and apply writes them; each system's own words lie there.
"""

from __future__ import annotations

from typing import Final

type Value = str | bool | None

FREE: Final = "free:"
"""Before a customer's own field: `free:<how the view calls it>:<how it is written>`."""
_MAILS: Final = frozenset({"work_mail", "portal_mail"})


def field_key(record: str, field: str) -> str:
    """How one field of one record is called where several records lie together."""
    return f"{record} {field}"


def same(field: str, one: Value, other: Value) -> bool:
    """Do these say the same? No mail system tells two addresses apart by their case."""
    if field in _MAILS and isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    return (one or None) == (other or None)
