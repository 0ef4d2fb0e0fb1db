"""What may be written back? The work mail and phones of a person, and the customer's own fields.

`PUT /connectors/KnEmployee` with the person inside (the HelloID target's body) and `KnPerson`
(AFAS developer documentation, how-to "Medewerker en AD"); a body is one transaction. Mail hangs
on the human being: all employee numbers of one show it. The texts of refusals are not documented.
Users are in update_users.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sandbox.afas.environment import Environment
from sandbox.afas.wire import CONTENT_ERROR, Refused, field_not_found, functional
from sandbox.world import Person, World

NO_EMPLOYEE = "The entered value for 'Employee' does not exist."
NO_PERSON = "The entered value for 'Person' does not exist."
UNCHANGED = "The record has not been changed."
NOT_MATCHED = "The person cannot be matched."

_KEYS = {"MatchPer", "BcCo"}
_MATCH_ON_NUMBER = "0"
_FIELDS: Mapping[str, Callable[[Person], str | None]] = {
    "EmAd": lambda p: p.work_mail,
    "EmailPortal": lambda p: p.portal_mail,
    "TeNr": lambda p: p.work_phone,
    "MbNr": lambda p: p.work_mobile,
}


def employee(environment: Environment, world: World, content: Any) -> None:
    """KnEmployee: fields of the customer on the employee, and fields of the person inside."""
    element = only(only(content, {"AfasEmployee"})["AfasEmployee"], {"Element"})["Element"]
    only(element, {"@EmId", "Fields", "Objects"})
    person = world.people.get(str(element["@EmId"]))
    if person is None:
        raise functional(NO_EMPLOYEE, CONTENT_ERROR)
    own, inner = element.get("Fields", {}), element.get("Objects", [])
    for field_id in own:
        if field_id not in environment.own_fields:
            raise field_not_found(field_id)
    if inner:
        (one,) = inner
        fields = _person_fields(one)
        if str(fields.get("BcCo")) != person.human:
            raise functional(NOT_MATCHED, CONTENT_ERROR)
        wanted = _wanted(world, fields)
    else:
        wanted = {}
    has = dict(person.own)
    _refuse_unchanged(environment, [(has.get(f), value or None) for f, value in own.items()])
    _refuse_unchanged(environment, [(_FIELDS[f](person), v) for f, v in wanted.items()])
    if not own and not wanted:
        raise unchanged(environment)
    kept = {**has, **own}
    if own:
        world.rename(person.number, own=tuple((f, v) for f, v in kept.items() if v))
    _write(world, person.human, wanted)


def person(environment: Environment, world: World, content: Any) -> None:
    """KnPerson: the same fields of the person, without an employee around them."""
    fields = _person_fields(only(content, {"KnPerson"}))
    wanted = _wanted(world, fields)
    (first, *_) = _numbers(world, str(fields["BcCo"]))
    has = world.people[first]
    _refuse_unchanged(environment, [(_FIELDS[f](has), value) for f, value in wanted.items()])
    if not wanted:
        raise unchanged(environment)
    _write(world, str(fields["BcCo"]), wanted)


def only(part: Any, keys: Collection[str]) -> Any:
    """This object, which has no other keys. Raises KeyError as for one that is missing."""
    if strange := part.keys() - set(keys):
        raise KeyError(*strange)
    return part


def unchanged(environment: Environment) -> Refused:
    """The error for a value that stands there already; it is counted."""
    environment.unchanged += 1
    return functional(UNCHANGED, CONTENT_ERROR)


def _person_fields(content: Any) -> Mapping[str, Any]:
    inner = only(only(content, {"KnPerson"})["KnPerson"], {"Element"})["Element"]
    fields: Mapping[str, Any] = only(inner, {"Fields"})["Fields"]
    if str(fields.get("MatchPer")) != _MATCH_ON_NUMBER:
        raise functional(NOT_MATCHED, CONTENT_ERROR)
    return fields


def _wanted(world: World, fields: Mapping[str, Any]) -> dict[str, str | None]:
    if not _numbers(world, str(fields["BcCo"])):
        raise functional(NO_PERSON, CONTENT_ERROR)
    wanted = {name: value or None for name, value in fields.items() if name not in _KEYS}
    for name in wanted:
        if name not in _FIELDS:
            raise field_not_found(name)
    return wanted


def _refuse_unchanged(environment: Environment, pairs: list[tuple[Any, Any]]) -> None:
    if any(has == value for has, value in pairs):
        raise unchanged(environment)


def _numbers(world: World, human: str) -> list[str]:
    return [number for number, person in world.people.items() if person.human == human]


def _write(world: World, human: str, wanted: Mapping[str, str | None]) -> None:
    if not wanted:
        return
    for number in _numbers(world, human):
        has = world.people[number]
        world.rename(
            number,
            work_mail=wanted.get("EmAd", has.work_mail),
            portal_mail=wanted.get("EmailPortal", has.portal_mail),
            work_phone=wanted.get("TeNr", has.work_phone),
            work_mobile=wanted.get("MbNr", has.work_mobile),
        )
