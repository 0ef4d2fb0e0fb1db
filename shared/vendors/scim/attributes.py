"""Where in a SCIM user does a field of the policy lie, and how is it read and written? Pure.

The policy's `topdesk.card` serves both interfaces: a TOPdesk field that has an equivalent in SCIM
is understood, and so is an attribute by its SCIM name. Users are handled as the service sent them
(RFC 7644, 3.5.1: what a PUT leaves out may be cleared), so nothing here needs a complete model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

type Value = str | bool | None
type Row = Mapping[str, Any]

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EXTERNAL_ID: Final = "externalId"
EMPLOYEE_NUMBER: Final = "employeeNumber"
USER_NAME: Final = "userName"
MANAGER: Final = "manager"
ACTIVE: Final = "active"
ROLE: Final = "role:"
"""Before a permission group that is a value of `roles` instead of a group."""
ENTITLEMENT: Final = "entitlement:"

NAMES: Mapping[str, str] = {
    "surName": "name.familyName",
    "prefixes": "name.middleName",
    "firstName": "name.givenName",
    "title": "name.honorificPrefix",
    "jobTitle": "title",
    "tasLoginName": USER_NAME,
    "email": "emails.work",
    "phoneNumber": "phoneNumbers.work",
    "mobileNumber": "phoneNumbers.mobile",
    "fax": "phoneNumbers.fax",
    "branch": "organization",
    "budgetHolder": "costCenter",
}
"""TOPdesk's field names, and what SCIM calls the same thing; `department` is one word in both."""

LEFT_OUT = frozenset(
    {
        "birthName",
        "firstInitials",
        "gender",
        "hasSspAccess",
        "isCaller",
        "language",
        "location",
        "loginName",
        "networkLoginName",
        "personExtraFieldA",
        "personExtraFieldB",
        "showObjectsOfBranch",
        "showObjectsOfSubsidiaries",
    }
)
"""TOPdesk fields that SCIM has no attribute for: they are not sent."""

_SIMPLE = frozenset(
    {
        EXTERNAL_ID,
        USER_NAME,
        "displayName",
        "locale",
        "nickName",
        "preferredLanguage",
        "profileUrl",
        "timezone",
        "title",
        "userType",
    }
)
_NAME = frozenset({"familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"})
_OF_NAME = frozenset(f"name.{part}" for part in (*_NAME, "formatted"))
_TYPED = frozenset(
    {
        "emails.home",
        "emails.other",
        "emails.work",
        "phoneNumbers.fax",
        "phoneNumbers.home",
        "phoneNumbers.mobile",
        "phoneNumbers.other",
        "phoneNumbers.pager",
        "phoneNumbers.work",
    }
)
"""Lists in which an entry is told by its type."""
_ENTERPRISE = frozenset(
    {EMPLOYEE_NUMBER, "costCenter", "department", "division", MANAGER, "organization"}
)
_PHONE_PUNCTUATION = str.maketrans("", "", " -.()")


@dataclass(frozen=True)
class Attribute:
    """One value in a user: an attribute, a part of one, or the entry of a type in a list."""

    name: str
    part: str = ""
    type: str = ""
    urn: str = ""

    @property
    def path(self) -> str:
        """How a PATCH names it (RFC 7644, 3.5.2)."""
        if self.urn:
            return f"{self.urn}:{self.name}"
        if self.type:
            return f'{self.name}[type eq "{self.type}"]'
        return f"{self.name}.{self.part}" if self.part else self.name


def attribute(field: str) -> Attribute | None:
    """What a field of the policy is in SCIM; None when it is nothing there."""
    name = NAMES.get(field, field)
    first, _, second = name.partition(".")
    if name in _SIMPLE or name == ACTIVE:
        return Attribute(name)
    if name in _OF_NAME:
        return Attribute(first, part=second)
    if name in _TYPED:
        return Attribute(first, type=second)
    return Attribute(name, urn=ENTERPRISE) if name in _ENTERPRISE else None


def written(card: Iterable[str]) -> list[str]:
    """The fields that are anything in SCIM; its own name goes before TOPdesk's for the same."""
    own = {attribute(field) for field in card if field not in NAMES}
    return [
        field
        for field in card
        if (where := attribute(field)) and not (field in NAMES and where in own)
    ]


def part(row: Any, name: str) -> Any:
    """An attribute of what was sent; their names have no case (RFC 7643, 2.1)."""
    if not isinstance(row, Mapping):
        return None
    if name in row:
        return row[name]
    return next((value for key, value in row.items() if key.casefold() == name.casefold()), None)


def entries(row: Any, name: str) -> list[Mapping[str, Any]]:
    """A list of complex values; what is no such list is none."""
    found = part(row, name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def value(user: Row, attribute: Attribute) -> Value:
    """The value there, empty ones as None."""
    row: Any = part(user, attribute.urn) if attribute.urn else user
    if attribute.type:
        row, name = _entry(user, attribute), "value"
    elif attribute.part:
        row, name = part(row, attribute.name), attribute.part
    else:
        name = attribute.name
    found = part(row, name)
    if attribute.name == MANAGER:
        # The manager alone, without the object around it, is what some services show.
        found = part(found, "value") if isinstance(found, Mapping) else found
    return found if isinstance(found, bool) else str(found) if found not in (None, "") else None


def _entry(user: Row, attribute: Attribute) -> Mapping[str, Any] | None:
    return next(
        (
            one
            for one in entries(user, attribute.name)
            if str(part(one, "type") or "").casefold() == attribute.type
        ),
        None,
    )


def is_active(user: Row) -> bool:
    """May the user sign in? A service that does not say so has no other users."""
    said = part(user, ACTIVE)
    return said.casefold() != "false" if isinstance(said, str) else said is not False


def same(attribute: Attribute, one: Value, other: Value) -> bool:
    """Are two values equal to the service, as far as anybody cares?"""
    return _plain(attribute, one) == _plain(attribute, other)


def _plain(attribute: Attribute, value: Value) -> Value:
    text = value.strip() if isinstance(value, str) else value
    if not isinstance(text, str):
        return text
    if attribute.name in (USER_NAME, "emails"):
        return text.casefold() or None
    if attribute.name == "phoneNumbers":
        return text.removeprefix("tel:").translate(_PHONE_PUNCTUATION) or None
    return text or None


# --- rights ----------------------------------------------------------------------------------


def listed(right: str) -> tuple[str, str]:
    """The list of the user and the value that a right is there; ("", name) for a group."""
    for prefix, name in ((ROLE, "roles"), (ENTITLEMENT, "entitlements")):
        if right.startswith(prefix):
            return name, right.removeprefix(prefix).strip()
    return "", right


def has_listed(user: Row, name: str, wanted: str) -> bool:
    """Is this value in the user's list?"""
    return any(
        str(part(one, "value") or "").casefold() == wanted.casefold()
        for one in entries(user, name)
    )


def shows_group(user: Row, name: str) -> bool:
    """Does the user itself say that it is a direct member? Many services say nothing."""
    return any(
        str(part(one, "display") or "").casefold() == name.casefold()
        and str(part(one, "type") or "direct").casefold() == "direct"
        for one in entries(user, "groups")
    )


# --- writing ---------------------------------------------------------------------------------


def operations(user: Row, given: Mapping[Attribute, Any]) -> Iterator[dict[str, Any]]:
    """The PATCH that brings these values; one operation for each."""
    for one, wanted in given.items():
        if wanted is None:
            yield {"op": "remove", "path": one.path}
        elif not one.type:
            yield {"op": "replace", "path": one.path, "value": wanted}
        elif _entry(user, one) is not None:
            yield {"op": "replace", "path": f"{one.path}.value", "value": wanted}
        else:
            yield {"op": "add", "path": one.name, "value": [_new_entry(user, one, wanted)]}


def changed(user: Row, given: Mapping[Attribute, Any]) -> dict[str, Any]:
    """All that was read with these values in it: the body of a PUT, of a POST when none was.

    `active` is always said: a PUT without it may let somebody in again.
    """
    body: dict[str, Any] = copy.deepcopy(dict(user))
    body.pop("meta", None)
    for one, wanted in given.items():
        if one.type:
            _put_entry(body, one, wanted)
        elif one.urn:
            _put(_inside(body, one.urn), one.name, wanted)
        elif one.part:
            _put(_inside(body, one.name), one.part, wanted)
        else:
            _put(body, one.name, wanted)
    body[_key(body, ACTIVE)] = is_active(body)
    body["schemas"] = _schemas(body)
    return {key: content for key, content in body.items() if content != {}}


def _schemas(body: Row) -> list[str]:
    """As they were; an extension with attributes in it must be among them (RFC 7643, 3.1)."""
    known = [str(one) for one in part(body, "schemas") or [USER]]
    has_extension = bool(part(body, ENTERPRISE))
    return known + [ENTERPRISE] * (has_extension and not _among(known, ENTERPRISE))


def _among(names: Iterable[str], name: str) -> bool:
    return name.casefold() in {one.casefold() for one in names}


def _key(body: Row, name: str) -> str:
    return next((key for key in body if key.casefold() == name.casefold()), name)


def _inside(body: dict[str, Any], name: str) -> dict[str, Any]:
    key = _key(body, name)
    body[key] = dict(body.get(key) or {})
    inner: dict[str, Any] = body[key]
    return inner


def _put(body: dict[str, Any], name: str, wanted: Any) -> None:
    key = _key(body, name)
    if wanted is None:
        body.pop(key, None)
    else:
        body[key] = wanted


def _put_entry(body: dict[str, Any], one: Attribute, wanted: Any) -> None:
    key, has = _key(body, one.name), _entry(body, one)
    kept = [entry for entry in entries(body, one.name) if entry is not has]
    if wanted is not None:
        kept.append({**has, "value": wanted} if has else _new_entry(body, one, wanted))
    body[key] = kept
    if not kept:
        del body[key]


def _new_entry(user: Row, one: Attribute, wanted: Any) -> dict[str, Any]:
    primary = {} if any(part(e, "primary") for e in entries(user, one.name)) else {"primary": True}
    return {"type": one.type, "value": wanted, **primary}
