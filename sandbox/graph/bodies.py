"""Is this body acceptable? Names, kinds, lengths and nulls of a create or an update.

Source: the user and group resource types of Graph v1.0. Unknown names are refused before
anything else, so that `mobile_phone` for `mobilePhone` is found on the first call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.graph import refusals
from sandbox.graph.schema import OTHER_MAILS_COUNT, SHAREPOINT, Property, Schema

type Json = dict[str, Any]


def checked(body: Mapping[str, Any], schema: Schema, *, bindings: frozenset[str]) -> Json:
    """The properties to write, without annotations; raises the refusal the body meets.

    `bindings` are the `...@odata.bind` names this call takes; they are left to the caller.
    """
    known = {}
    for name, value in body.items():
        if name in bindings or name in {"@odata.type", "@odata.context"}:
            continue
        prop = schema.properties.get(name)
        if prop is None:
            raise refusals.invalid_property(name)
        known[name] = _checked(prop, value, schema)
    return known


def merged(before: Json, changes: Json, schema: Schema) -> Json:
    """The object after the change; a complex property keeps the members not named."""
    after = dict(before)
    for name, value in changes.items():
        complex_value = schema.properties[name].kind == "complex" and value is not None
        after[name] = {**(before.get(name) or {}), **value} if complex_value else value
    return after


def changed_names(before: Json, after: Json) -> tuple[str, ...]:
    """The properties whose value is another one."""
    return tuple(name for name in after if before.get(name) != after[name])


def _checked(prop: Property, value: Any, schema: Schema) -> Any:
    if prop.name in SHAREPOINT:
        raise refusals.bad_request(
            "The request is currently not supported on the targeted entity set"
        )
    if not prop.writable:
        raise refusals.read_only(prop.name, schema.resource)
    if value is None:
        if not prop.nullable:
            raise refusals.invalid_value(prop.name, schema.resource)
        return [] if prop.kind == "strings" else None
    if not _fits(prop, value):
        raise refusals.invalid_value(prop.name, schema.resource)
    return value


def _fits(prop: Property, value: Any) -> bool:
    match prop.kind:
        case "boolean":
            return isinstance(value, bool)
        case "datetime":
            return _is_moment(value)
        case "string":
            return _is_text(value, prop.max_length)
        case "strings":
            return _is_texts(prop, value)
        case "complex":
            return _is_complex(prop, value)
    return False


def _is_text(value: Any, max_length: int | None) -> bool:
    """An empty string is no value: null clears (Graph, "user: update")."""
    return isinstance(value, str) and 0 < len(value) <= (max_length or len(value))


def _is_texts(prop: Property, value: Any) -> bool:
    """`businessPhones` is a collection that takes one number; `otherMails` takes 250."""
    most = {"businessPhones": 1, "otherMails": OTHER_MAILS_COUNT}.get(prop.name, len(value))
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(_is_text(each, prop.max_length) for each in value)
    )


def _is_complex(prop: Property, value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    for name, each in value.items():
        if name == "@odata.type":
            continue
        if name not in prop.members:
            raise refusals.invalid_property(name)
        if each is not None and not isinstance(each, bool) and not _is_text(each, prop.max_length):
            return False
    return True


def _is_moment(value: Any) -> bool:
    """Edm.DateTimeOffset: a zone is required."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
