"""Which rows does a call ask for? The filter of a GetConnector, in both of its spellings.

AFAS developer documentation, "GetConnector" (2024-12): `filterfieldids`, `filtervalues` and
`operatortypes` in parallel, `,` for AND and `;` for OR, or `filterjson`. As in SQL Server, text is
compared without regard to case, and an empty field matches nothing but "is empty".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.afas.wire import Row, Value, field_not_found, unexpected

type Test = Callable[[Value], bool]
type Predicate = Callable[[Row], bool]

EMPTY, NOT_EMPTY, QUICK = "8", "9", "15"
_PARAMETERS = ("filterfieldids", "filtervalues", "operatortypes")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "1": lambda have, want: have == want,
    "2": lambda have, want: have >= want,
    "3": lambda have, want: have <= want,
    "4": lambda have, want: have > want,
    "5": lambda have, want: have < want,
    "7": lambda have, want: have != want,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "6": lambda have, want: want in have,
    "10": lambda have, want: have.startswith(want),
    "11": lambda have, want: want not in have,
    "12": lambda have, want: not have.startswith(want),
    "13": lambda have, want: have.endswith(want),
    "14": lambda have, want: not have.endswith(want),
    QUICK: lambda have, want: all(word in have for word in want.split()),
}


@dataclass(frozen=True)
class Condition:
    """One field, one operator, one value as written in the call."""

    field_id: str
    operator: str
    value: str


type AnyOf = tuple[tuple[Condition, ...], ...]
"""One of these groups has to hold; of a group, every condition."""


def parse(query: Mapping[str, str]) -> AnyOf:
    """The filter of a call; empty when there is none. Raises Refused for a malformed one."""
    if "filterjson" in query:
        return _from_json(query["filterjson"])
    if not any(name in query for name in _PARAMETERS):
        return ()
    try:
        fields, values, operators = (_split(query[name]) for name in _PARAMETERS)
        return tuple(
            tuple(Condition(*parts) for parts in zip(*group, strict=True))
            for group in zip(fields, operators, values, strict=True)
        )
    except (KeyError, ValueError):
        raise unexpected() from None


def predicate(any_of: AnyOf, fields: Mapping[str, str], order: Sequence[str]) -> Predicate:
    """The filter as a function of a row. `fields` gives the type of each field id."""
    groups = [[_bound(condition, fields, order) for condition in group] for group in any_of]
    return lambda row: any(all(test(row[place]) for place, test in group) for group in groups)


def _split(text: str) -> list[list[str]]:
    return [alternative.split(",") for alternative in text.split(";")]


def _from_json(text: str) -> AnyOf:
    try:
        return tuple(
            tuple(
                Condition(
                    field["@FieldId"], str(field["@OperatorType"]), str(field.get("#text", ""))
                )
                for field in _listed(group["Field"])
            )
            for group in _listed(json.loads(text)["Filters"]["Filter"])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise unexpected() from None


def _listed(node: Any) -> list[Any]:
    return node if isinstance(node, list) else [node]


def _bound(
    condition: Condition, fields: Mapping[str, str], order: Sequence[str]
) -> tuple[int, Test]:
    if condition.field_id not in fields:
        raise field_not_found(condition.field_id)
    return order.index(condition.field_id), _test(condition, fields[condition.field_id])


def _test(condition: Condition, data_type: str) -> Test:
    operator = condition.operator
    if operator == EMPTY:
        return lambda have: have is None
    if operator == NOT_EMPTY:
        return lambda have: have is not None
    if operator in _TEXTS:
        text, part = _TEXTS[operator], condition.value.casefold()
        return lambda have: have is not None and text(str(have).casefold(), part)
    if operator not in _COMPARISONS:
        raise unexpected()
    compare, want = _COMPARISONS[operator], _typed(condition.value, data_type)
    return lambda have: have is not None and compare(comparable(have), want)


def comparable(value: Value) -> Any:
    """A value as the database compares it: text without regard to case."""
    return value.casefold() if isinstance(value, str) else value


def _typed(text: str, data_type: str) -> Any:
    try:
        match data_type:
            case "int" | "decimal":
                return float(text)
            case "boolean":
                return _TRUTHS[text.casefold()]
            case "date":
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is not None:  # the Z that AFAS writes it does not read
                    raise unexpected()
                return moment
            case _:
                return text.casefold()
    except (ValueError, KeyError):
        raise unexpected() from None
