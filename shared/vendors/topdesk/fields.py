"""What is true of the fields of a TOPdesk card: limits, lookups, and what a removal empties?

Pure facts of the Supporting Files API 2.7.11, for plan and apply alike: a plan that did not cut
as TOPdesk does would never find its own work done.
"""

from __future__ import annotations

from collections.abc import Mapping

type Value = str | bool | None

EMPLOYEE_NUMBER = "employeeNumber"
IS_MANAGER = "isManager"
MANAGER = "manager"
MARK_FIELD = "mainframeLoginName"
"""A free text of the card; TOPdesk itself reads nothing in it."""
REMOVED_MARK = "deleted:instroom"

LIMITS: Mapping[str, int] = {
    "surName": 50,
    "firstName": 30,
    "firstInitials": 10,
    "prefixes": 10,
    "birthName": 100,
    "title": 35,
    "jobTitle": 100,
    EMPLOYEE_NUMBER: 20,
    "email": 100,
    "phoneNumber": 25,
    "telephone": 25,
    "mobileNumber": 25,
    "fax": 25,
    "faxNumber": 25,
    "exchangeAccount": 100,
    "tasLoginName": 100,
    "loginName": 100,
    "networkLoginName": 100,
    MARK_FIELD: 100,
    "department": 100,
    "budgetHolder": 100,
    "personExtraFieldA": 100,
    "personExtraFieldB": 100,
    "branch": 60,
}
"""Longest value in characters; the name of a row that may have to be made is a value too."""

CUT = frozenset({"firstName", "firstInitials", "prefixes", "title", "jobTitle"})
"""Still right when cut to the limit; half a surname, number or address is wrong."""

LOOKUPS = frozenset(
    {
        "branch",
        "department",
        "budgetHolder",
        "location",
        "language",
        "personExtraFieldA",
        "personExtraFieldB",
    }
)
"""Written by id, spoken of by name."""

LOGINS = frozenset({"tasLoginName", "loginName", "networkLoginName", "email"})
"""TOPdesk changes the case of some of these by itself, and none of them minds."""

REMOVED = ("tasLoginName", "networkLoginName", "email", "phoneNumber", "mobileNumber")
"""What a removal empties: TOPdesk has no delete, and the card stays because calls refer to it."""

LOGIN_NAME = "loginName"
LOGIN_PERMISSION = "loginPermission"

OPERATOR_FIELDS: Mapping[str, str] = {
    EMPLOYEE_NUMBER: EMPLOYEE_NUMBER,
    "surName": "surName",
    "firstName": "firstName",
    "firstInitials": "firstInitials",
    "prefixes": "prefixes",
    "birthName": "birthName",
    "title": "title",
    "jobTitle": "jobTitle",
    "email": "email",
    "phoneNumber": "telephone",
    "mobileNumber": "mobileNumber",
    "fax": "faxNumber",
    "tasLoginName": LOGIN_NAME,
    "networkLoginName": "networkLoginName",
    "branch": "branch",
    "department": "department",
    "budgetHolder": "budgetHolder",
    "location": "location",
    "language": "language",
}
"""The person card's field names, and what the operator card calls the same thing."""


OPERATOR_REMOVED = (
    *(OPERATOR_FIELDS[field] for field in REMOVED),
    "exchangeAccount",
)
"""The same on the operator card, with its second mail address."""


def fit(field: str, value: Value) -> Value:
    """The value as the card can hold it: trimmed, and cut where a cut does no harm."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if field in CUT:
        text = text[: LIMITS[field]].rstrip()
    return text or None


def too_long(field: str, value: Value) -> bool:
    """Would TOPdesk refuse this value for its length?"""
    return isinstance(value, str) and len(value) > LIMITS.get(field, len(value))


def same(field: str, one: Value, other: Value) -> bool:
    """Are two values of a field equal in TOPdesk's eyes? Empty and absent are."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if field in LOOKUPS or field in LOGINS:
        return folded(one or "") == folded(other or "")
    return (one or "") == (other or "")


def folded(name: str) -> str:
    """A name as TOPdesk compares names: without case and without space around it."""
    return name.strip().casefold()


def about(field: str) -> str:
    """The key under which an obstacle to a card's field is told."""
    return f"card.{field}"
