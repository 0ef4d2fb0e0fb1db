"""What does a system say that pushes its people? A call becomes items; an item becomes a record.

A bad item is answered with what is wrong and how to mend it, by field and never by value, and
stops no other. A body that is no call at all is Refused. Pure; the signature is webhook.py's.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.intake import push_person
from shared.intake.push_person import MOST_CONTRACTS, MOST_LEAVES, MOST_PEOPLE, Head, Key
from shared.intake.source import Reading
from shared.intake.webhook import Refused
from shared.model.person import Record

NAME = "push"
MAX_BODY = 4 * 1024 * 1024
MOST_PROBLEMS = 10
"""So many of one item are told."""
_NUMBER: TypeAdapter[str] = TypeAdapter(Key)
_MENDS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "Give it, or PATCH somebody who is known already"),
    "extra_forbidden": ("is no field", "Leave it out"),
    "string_type": ("is no text", "Write it between quotation marks"),
    "string_too_short": ("is empty", "Give it, or null where it may be left out"),
    "too_short": ("is empty", "Give it"),
    "string_too_long": ("is too long", "Shorten it"),
    "not_printable": ("holds a character that cannot be printed", "Take it out"),
    "date_type": ("is no date", "Write it as 2026-11-30"),
    "date_parsing": ("is no date", "Write it as 2026-11-30, without a time"),
    "day_out_of_range": ("lies outside the years 1900 to 2199", "Correct it; null is no end"),
    "bool_type": ("is neither true nor false", "Write true or false, without quotation marks"),
    "int_type": ("is no whole number", "Write it as 3"),
    "float_type": ("is no number", "Write it as 36 or 0.8, without quotation marks"),
    "finite_number": ("is no number", "Write it as 36 or 0.8"),
    "greater_than_equal": ("is too small", "Correct it"),
    "less_than_equal": ("is too large", "Correct it"),
    "enum": ("is no usage of names", "Write B, P, PB or BP"),
    "model_type": ("is no object", "Write it as {...}; the schema shows one"),
    "tuple_type": ("is no list", "Write it as [...]"),
    "too_long": (
        "holds too many",
        f"At most {MOST_CONTRACTS} contracts, {MOST_LEAVES} leaves of each",
    ),
    "repeated_key": ("hold one key twice", "Give each contract a key of its own"),
    "json_invalid": ("holds what is no text, such as half of a character", "Send UTF-8"),
}
_OTHERWISE = ("cannot be read", "See GET /api/hr/push/schema")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an item; never the value."""

    field: str
    problem: str
    mend: str


@dataclass(frozen=True)
class Wrong:
    """An item that cannot be used."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Call:
    """A call that may come in: its items as sent, and the moment they speak of, when told."""

    items: tuple[Any, ...]
    as_of: datetime | None


def read(body: bytes) -> Call:
    """The call in a body whose signature was checked. Raises Refused with 400."""
    try:
        said = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    try:
        head = Head.model_validate_json(json.dumps(_headed(said)), strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Refused(400, _head_problem(first)) from None
    return Call(tuple(said["people"]), head.as_of)


def no_webhook(
    body: bytes, headers: Mapping[str, str], *, secret: str | None, known: str | None
) -> NoReturn:
    """A webhook only names people to read again, and nobody can be asked about these. Raises
    Refused.
    """
    del body, headers, secret, known
    raise Refused(405, "people are pushed whole: PUT or PATCH /api/hr/push/people")


def number_of(item: Any) -> str | None:
    """The number of an item, if that much of it can be read."""
    given = item.get("number") if isinstance(item, Mapping) else None
    try:
        return _NUMBER.validate_python(given, strict=True)
    except (ValidationError, UnicodeError):
        return None


def whole(item: Any) -> Record | Wrong:
    """The record that a whole person makes."""
    try:
        text = json.dumps(item)
        return _record(push_person.Person.model_validate_json(text, strict=True))
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)[:MOST_PROBLEMS]
        return Wrong(tuple(_problem(one) for one in problems))
    except RecursionError:
        return Wrong((Problem("", "is nested too deep", _OTHERWISE[1]),))


def changed(item: Any, held: Record | None) -> Record | Wrong:
    """The record that is held, with a merge patch (RFC 7396) applied to its wire form.

    Somebody who is not known yet must be whole.
    """
    try:
        found = whole(merge_patch(as_pushed(held) if held else {}, item))
    except RecursionError:
        return Wrong((Problem("", "is nested too deep", _OTHERWISE[1]),))
    if held is None and isinstance(found, Wrong) and number_of(item):
        nobody = Problem("number", "is nobody's here yet", "Send this person whole, with PUT")
        return Wrong((nobody, *found.problems))
    return found


def merge_patch(target: Any, patch: Any) -> Any:
    """The target after a JSON Merge Patch (RFC 7396, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def as_pushed(record: Record) -> dict[str, Any]:
    """The wire form of a record: what a PUT that says the same would hold."""
    return record.model_dump(mode="json", exclude={"source"}, exclude_defaults=True)


def _record(person: push_person.Person) -> Record:
    """Contracts in order; of one that ends before it begins admission says what it means."""
    given = _without_empty(person.model_dump())
    for contract in (contracts := given.get("contracts", [])):
        contract.setdefault("leaves", [])
        for leave in contract["leaves"]:
            leave.setdefault("kind", "")
    given["contracts"] = sorted(contracts, key=lambda c: (c["start"], c["key"]))
    return Record.model_validate({"source": NAME, **given})


def _without_empty(given: Any) -> Any:
    """Nothing is said by null, an empty text or an empty list: the record's own default holds."""
    if isinstance(given, Mapping):
        kept = {name: _without_empty(value) for name, value in given.items()}
        return {name: value for name, value in kept.items() if value not in (None, "", [])}
    return [_without_empty(one) for one in given] if isinstance(given, tuple) else given


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _headed(said: Any) -> Any:
    """The call with its people counted and not looked at."""
    people = said.get("people") if isinstance(said, Mapping) else None
    return {**said, "people": [0] * len(people)} if isinstance(people, list) else said


def _head_problem(error: ErrorDetails) -> str:
    place = str(error["loc"][0]) if error["loc"] else ""
    match place, error["type"]:
        case "people", "too_long":
            return f"a call holds at most {MOST_PEOPLE} people; send several calls"
        case "people", "too_short":
            return "the call names nobody: people is empty"
        case "as_of", _:
            return "as_of is no moment with its zone; write it as 2026-11-30T08:00:00Z"
        case (("people" | ""), _):
            return 'the body is no call; send {"people": [...]}, see GET /api/hr/push/schema'
        case _:
            return "the call holds a field beside people and as_of; leave it out"


def _problem(error: ErrorDetails) -> Problem:
    problem, mend = _MENDS.get(error["type"], _OTHERWISE)
    if error["type"] == "extra_forbidden":
        mend = _near(error["loc"]) or mend
    return Problem(_place(error["loc"]), problem, mend)


def _place(loc: Iterable[int | str]) -> str:
    """`contracts[0].start`; a sender's own word is cut and printable."""
    found = ""
    for part in loc:
        if isinstance(part, int):
            found += f"[{part}]"
        else:
            said = "".join(c for c in part[:64] if c.isprintable())
            found += f".{said}" if found else said
    return found


def _near(loc: tuple[int | str, ...]) -> str | None:
    """The field that a wrong word may have meant."""
    model: type[BaseModel] = push_person.Person
    for part in loc[:-1]:
        model = _PARTS.get(str(part), model)
    near = difflib.get_close_matches(str(loc[-1])[:64], list(model.model_fields), n=1)
    return f"Did you mean '{near[0]}'?" if near else None


_PARTS: Mapping[str, type[BaseModel]] = {
    "name": push_person.Name,
    "contracts": push_person.Contract,
    "leaves": push_person.Leave,
    **dict.fromkeys(("job", "department", "cost_centre", "employer"), push_person.Unit),
}


class PushSource:
    """The people who were pushed, as they are held: a Source that nobody has to ask.

    What was pushed last is all that this HR says: its people are read from the ledger, nobody is
    ever missing, and no timer asks.
    """

    name = NAME

    def __init__(
        self,
        everyone: Callable[[], AsyncIterator[Record]],
        one: Callable[[str], Awaitable[Record | None]],
    ) -> None:
        self._everyone = everyone
        self._one = one

    async def everyone(self) -> AsyncIterator[Reading]:
        """Everybody who is held."""
        async for record in self._everyone():
            yield record

    async def changed_since(self, moment: datetime) -> AsyncIterator[Reading]:
        """Everybody: a push is collected when it comes, so that nothing is left to find."""
        del moment
        async for record in self._everyone():
            yield record

    async def one(self, number: str) -> Reading | None:
        """This person as held."""
        return await self._one(number)

    async def probe(self) -> None:
        """There is nobody to ask."""
