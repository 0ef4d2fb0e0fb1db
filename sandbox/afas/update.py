"""What may be written back? The work mail and phone of a person, as a directory does after a hire.

`PUT /connectors/KnEmployee` with the person inside (the HelloID target's body) and `KnPerson`
(AFAS developer documentation, how-to "Medewerker en AD"). Mail hangs on the human being: all
employee numbers of one show it. The texts of the two refusals below are not documented.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.afas.wire import CONTENT_ERROR, Refused, field_not_found, functional
from sandbox.world import Person, World

NO_EMPLOYEE = "The entered value for 'Employee' does not exist."
NO_PERSON = "The entered value for 'Person' does not exist."
UNCHANGED = "The record has not been changed."
NOT_MATCHED = "The person cannot be matched."

_KEYS = {"MatchPer", "BcCo"}
_MATCH_ON_NUMBER = "0"

type Update = Callable[[World, Any], None]


def put(world: World, connector: str, body: bytes) -> None:
    """Do it, or raise Refused: 400 for what is no JSON, 500 for what AFAS would not accept."""
    try:
        content = json.loads(body)
    except ValueError:
        raise Refused(400, {"message": "Invalid json"}) from None
    try:
        UPDATES[connector](world, content)
    except (KeyError, TypeError, AttributeError, IndexError):
        raise functional("An unexpected error has occurred.") from None


def _employee(world: World, content: Any) -> None:
    element = content["AfasEmployee"]["Element"]
    person = world.people.get(str(element["@EmId"]))
    if person is None:
        raise functional(NO_EMPLOYEE, CONTENT_ERROR)
    objects = element["Objects"]
    inner = objects[0] if isinstance(objects, list) else objects
    fields = inner["KnPerson"]["Element"]["Fields"]
    if str(fields.get("BcCo")) != person.human:
        raise functional(NOT_MATCHED, CONTENT_ERROR)
    _write(world, fields)


def _person(world: World, content: Any) -> None:
    _write(world, content["KnPerson"]["Element"]["Fields"])


def _write(world: World, fields: Mapping[str, Any]) -> None:
    if str(fields.get("MatchPer")) != _MATCH_ON_NUMBER:
        raise functional(NOT_MATCHED, CONTENT_ERROR)
    numbers = [n for n, person in world.people.items() if person.human == str(fields["BcCo"])]
    if not numbers:
        raise functional(NO_PERSON, CONTENT_ERROR)
    wanted = {name: value or None for name, value in fields.items() if name not in _KEYS}
    for name in wanted:
        if name not in ("EmAd", "TeNr"):
            raise field_not_found(name)
    if not wanted or all(_has(world.people[number], wanted) for number in numbers):
        raise functional(UNCHANGED, CONTENT_ERROR)
    for number in numbers:
        person = world.people[number]
        world.rename(
            number,
            work_mail=wanted.get("EmAd", person.work_mail),
            work_phone=wanted.get("TeNr", person.work_phone),
        )


def _has(person: Person, wanted: Mapping[str, str | None]) -> bool:
    have = {"EmAd": person.work_mail, "TeNr": person.work_phone}
    return any(have[name] == value for name, value in wanted.items())


UPDATES: dict[str, Update] = {"KnEmployee": _employee, "KnPerson": _person}
