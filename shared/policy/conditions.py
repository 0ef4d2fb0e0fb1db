"""Does a condition hold for these facts, and which fact made it hold?

A condition in YAML is a mapping: `department.code: ICT*`, a list of values for one of them, and
`any`, `all`, `not` around further conditions; several keys must all hold. Text is compared
without case, `*` and `?` are wildcards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from shared.model.frozen import Frozen
from shared.policy.departments import WITHIN, steps
from shared.policy.fields import YES_OR_NO, Facts, check_field


class Condition(Frozen):
    """A tree: `is` compares one field, the others combine. An empty `all` holds for everyone."""

    kind: Literal["is", "all", "any", "not"] = "all"
    field: str = ""
    values: tuple[str, ...] = ()
    parts: tuple[Condition, ...] = ()


def parse(data: object) -> Condition:
    """Read a condition from YAML data. Raises ValueError that names the key and mends it.

    A condition that nobody can meet is refused: it is a mistake, and a silent one.
    """
    condition = _parse(data)
    _refuse_impossible(condition)
    return condition


def holds(condition: Condition, facts: Facts) -> str | None:
    """The facts that made it hold, as `field = value`; None when it does not hold."""
    match condition.kind:
        case "is":
            value = facts[condition.field]
            several = steps(value) if condition.field == WITHIN else (value,)
            met = any(matches(one, wanted) for one in several for wanted in condition.values)
            return f"{condition.field} = {value}" if met else None
        case "all":
            found = [holds(part, facts) for part in condition.parts]
            return None if None in found else " and ".join(filter(None, found)) or "everyone"
        case "any":
            return next((why for p in condition.parts if (why := holds(p, facts))), None)
        case "not":
            return None if holds(condition.parts[0], facts) else f"not {_text(condition.parts[0])}"


def lacks(condition: Condition, facts: Facts) -> str | None:
    """What these facts would have to be for it to hold; None when it holds."""
    if holds(condition, facts) is not None:
        return None
    match condition.kind:
        case "is":
            wanted = " or ".join(condition.values)
            return f"{condition.field} is {facts[condition.field] or 'empty'}, not {wanted}"
        case "not":
            return f"{holds(condition.parts[0], facts)}, which the rule leaves out"
        case _:
            return "; ".join(why for part in condition.parts if (why := lacks(part, facts)))


def matches(value: str, wanted: str) -> bool:
    """Without case; `*` and `?` are the only wildcards, a bracket is a bracket."""
    return fnmatchcase(value.casefold(), wanted.casefold().replace("[", "[[]"))


def _text(condition: Condition) -> str:
    if condition.kind == "is":
        return f"{condition.field} = {' or '.join(condition.values)}"
    return f"{condition.kind} ({', '.join(map(_text, condition.parts))})"


def _parse(data: object) -> Condition:
    if not isinstance(data, Mapping):
        raise ValueError("a condition is a mapping, like `department.code: ICT`")  # noqa: TRY004 - pydantic wants ValueError
    parts = tuple(_parse_key(str(key), value) for key, value in data.items())
    return parts[0] if len(parts) == 1 else Condition(kind="all", parts=parts)


def _parse_key(key: str, value: object) -> Condition:
    match key:
        case "any" | "all":
            if not isinstance(value, Sequence) or isinstance(value, str) or not value:
                raise ValueError(f"'{key}' takes a list of conditions, at least one")
            return Condition(kind=key, parts=tuple(map(_parse, value)))
        case "not":
            return Condition(kind="not", parts=(_parse(value),))
        case _:
            check_field(key)
            return Condition(kind="is", field=key, values=_values(key, value))


def _values(key: str, value: object) -> tuple[str, ...]:
    many = value if isinstance(value, list | tuple) else [value]
    if not many:
        raise ValueError(f"'{key}' has an empty list of values, so it can match nobody")
    if key in YES_OR_NO:
        return tuple(_yes_or_no(key, one) for one in many)
    for one in many:
        if not isinstance(one, str | int) or isinstance(one, bool):
            raise ValueError(f"'{key}' takes text or a list of texts; put quotes around codes")  # noqa: TRY004 - pydantic wants ValueError
    return tuple(str(one) for one in many)


def _yes_or_no(key: str, value: object) -> str:
    if not isinstance(value, bool):
        raise ValueError(f"'{key}' is true or false, without quotes")  # noqa: TRY004 - pydantic wants ValueError
    return "true" if value else "false"


def _refuse_impossible(condition: Condition) -> None:
    for part in condition.parts:
        _refuse_impossible(part)
    if condition.kind == "not" and condition.parts[0] == Condition():
        raise ValueError("'not' of everyone can match nobody")
    if condition.kind != "all":
        return
    literal: dict[str, set[str]] = {}
    for part in (p for p in condition.parts if p.kind == "is"):
        if any(set(value) & set("*?") for value in part.values):
            continue
        values = {value.casefold() for value in part.values}
        left = literal.get(part.field, values) & values
        if not left:
            raise ValueError(f"'{part.field}' must equal two values at once: it can match nobody")
        literal[part.field] = left
    for part in condition.parts:
        if part.kind == "not" and part.parts[0] in condition.parts:
            raise ValueError("a condition and its opposite together can match nobody")
