"""Who may sign in to AFAS itself? `POST|PUT /connectors/KnUser`, as HelloID's target for users.

`MtCd` says what is meant: 1 make or change, 2 and 0 block, 6 unblock (AFAS help, KnUser). UPN and
mail are unique over all environments of all customers; `taken` are those of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.afas.environment import Environment
from sandbox.afas.update import NO_PERSON, only, unchanged
from sandbox.afas.wire import CONTENT_ERROR, field_not_found, functional
from sandbox.world import Login, World

NO_USER = "The entered value for 'User' does not exist."
USER_EXISTS = "The user already exists."
NOT_UNIQUE = "The value '{}' of field '{}' must be unique; it is already used."
NO_SUCH_CODE = "The entered value for 'Mutation code' does not exist."

_CHANGE = "1"
_TEXTS = {"Upn": "upn", "EmAd": "mail"}
_KNOWN = {"MtCd", "BcCo", "Nm", "EmAd", "Upn", "InSi", "Site", "Awin"}


def create(environment: Environment, world: World, content: Any) -> None:
    """A user that was not there, for a person who has none."""
    user_id, fields = _parts(content)
    if str(fields["MtCd"]) != _CHANGE:
        raise functional(NO_SUCH_CODE, CONTENT_ERROR)
    if any(one.user_id == user_id for one in _logins(world).values()):
        raise functional(USER_EXISTS, CONTENT_ERROR)
    human = str(fields["BcCo"])
    if human not in {person.human for person in world.people.values()}:
        raise functional(NO_PERSON, CONTENT_ERROR)
    if human in _logins(world):
        raise functional(USER_EXISTS, CONTENT_ERROR)
    fresh = Login(user_id=user_id, name=str(fields["Nm"]), self_service=False)
    _give(world, human, _with(environment, world, human, fresh, fields))


def change(environment: Environment, world: World, content: Any) -> None:
    """A user that is there; what stands there already is an error."""
    user_id, fields = _parts(content)
    found = [(h, one) for h, one in _logins(world).items() if one.user_id == user_id]
    if not found:
        raise functional(NO_USER, CONTENT_ERROR)
    ((human, login),) = found
    if str(fields.get("BcCo", human)) != human:
        raise functional(NO_PERSON, CONTENT_ERROR)
    code, blocked = str(fields["MtCd"]), login.blocked
    match code:
        case "1":
            pass
        case "2" | "0":
            blocked = True
        case "6":
            blocked = False
        case _:
            raise functional(NO_SUCH_CODE, CONTENT_ERROR)
    changed = _with(environment, world, human, replace(login, blocked=blocked), fields)
    given = {"Upn", "EmAd", "InSi"} & fields.keys()
    stale = any(_said(changed, field) == _said(login, field) for field in given)
    if changed == login or stale:
        raise unchanged(environment)
    _give(world, human, changed)


def _parts(content: Any) -> tuple[str, Mapping[str, Any]]:
    element = only(only(content, {"KnUser"})["KnUser"], {"Element"})["Element"]
    fields: Mapping[str, Any] = only(element, {"@UsId", "Fields"})["Fields"]
    for name in fields:
        if name not in _KNOWN:
            raise field_not_found(name)
    return str(element["@UsId"]), fields


def _with(
    environment: Environment, world: World, human: str, login: Login, fields: Mapping[str, Any]
) -> Login:
    others = [one for whose, one in _logins(world).items() if whose != human]
    for field, name in _TEXTS.items():
        value = fields.get(field)
        used = {getattr(one, name) for one in others} | environment.taken
        if value and str(value).casefold() in {str(one).casefold() for one in used if one}:
            raise functional(NOT_UNIQUE.format(value, field), CONTENT_ERROR)
    return replace(
        login,
        name=str(fields.get("Nm", login.name)),
        upn=(fields["Upn"] or None) if "Upn" in fields else login.upn,
        mail=(fields["EmAd"] or None) if "EmAd" in fields else login.mail,
        self_service=bool(fields.get("InSi", login.self_service)),
    )


def _said(login: Login, field: str) -> object:
    return {"Upn": login.upn, "EmAd": login.mail, "InSi": login.self_service}[field]


def _logins(world: World) -> dict[str, Login]:
    """By human: a user belongs to a person, whatever the employee numbers."""
    return {person.human: person.login for person in world.people.values() if person.login}


def _give(world: World, human: str, login: Login) -> None:
    numbers = [number for number, person in world.people.items() if person.human == human]
    for number in numbers:
        world.rename(number, login=login)
