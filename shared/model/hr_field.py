"""What are the fields called that HR is told of, and when do two values say the same?

Policy names them, plan compares them and apply writes them; each system's own words lie there.
"""

from __future__ import annotations

from typing import Final

type Value = str | bool | None

FREE: Final = "free:"
"""Before a customer's own field: `free:<how the view calls it>:<how it is written>`."""
_MAILS: Final = frozenset({"work_mail", "portal_mail", "user.upn", "user.mail", "mail", "upn"})
FACTS: Final = ("mail", "upn")
"""What an HR system gets to know that takes whole facts, beside the number."""
USER: Final = "user."
"""Before the fields of what somebody signs in to the HR system with."""
USER_ID: Final = "user.id"
SELF_SERVICE: Final = "user.self_service"
BLOCKED: Final = "user.blocked"
UNIQUE: Final = ("user.upn", "user.mail")
"""Fields of a user that nobody else in the world may have."""


def field_key(record: str, field: str) -> str:
    """How one field of one record is called where several records lie together."""
    return f"{record} {field}"


def same(field: str, one: Value, other: Value) -> bool:
    """Do these say the same? No mail system tells two addresses apart by their case."""
    if field in _MAILS and isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one or False) == str(other or False)
    return (one or None) == (other or None)


def is_of_user(field: str) -> bool:
    """Is it about what somebody signs in to the HR system with?"""
    return field.startswith(USER)
