"""How does a story in another process change the world? `/_sandbox/world/...`, JSON.

`POST /hire`, `/move`, `/end`, `/prolong`, `/withdraw`, `/rename`, `/rehire`, `/manager` take the
arguments of the World method of that name and answer with the person; dates are ISO days.
`GET /people` (`?number=`) and `/departments` list, `POST /answer` plays a trick of `Answers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.world.answers import Answers
from sandbox.world.company import NotInWorld, World
from sandbox.world.people import Department, Kind, NameUse, Person
from sandbox.world.personal import NotPossible

CONTROL_PATH = "/_sandbox/world"

_READ: dict[str, Callable[[Any], Any]] = {
    "start": date.fromisoformat,
    "end": date.fromisoformat,
    "on": date.fromisoformat,
    "until": date.fromisoformat,
    "last_day": date.fromisoformat,
    "birth_date": date.fromisoformat,
    "name_use": NameUse,
    "kind": Kind,
}


def routes(world: World, answers: Answers) -> list[Route]:
    """The control paths of one world; the rig's entry point mounts them beside the HR system."""

    async def people(request: Request) -> Response:
        number = request.query_params.get("number")
        try:
            shown = [world.person(number)] if number else list(world.people.values())
        except NotInWorld as error:
            return JSONResponse({"error": str(error)}, 404)
        return JSONResponse([plain(person) for person in shown])

    async def departments(_request: Request) -> Response:
        return JSONResponse([plain(department) for department in world.departments.values()])

    async def answer(request: Request) -> Response:
        body = await _body(request)
        try:
            answers.play(
                body["answer"], n=int(body.get("n", 1)), last_day=_arguments(body).get("last_day")
            )
        except (KeyError, ValueError, TypeError) as error:
            return JSONResponse({"error": f"not an answer: {error}"}, 400)
        return JSONResponse({"answer": answers.kind, "n": answers.n})

    stories: dict[str, Callable[..., Person | None]] = {
        "hire": world.hire,
        "move": world.move,
        "end": world.end_contract,
        "prolong": world.prolong,
        "withdraw": world.withdraw,
        "rename": world.rename,
        "rehire": world.rehire,
        "manager": world.change_manager,
    }
    return [
        Route(f"{CONTROL_PATH}/people", people),
        Route(f"{CONTROL_PATH}/departments", departments),
        Route(f"{CONTROL_PATH}/answer", answer, methods=["POST"]),
        *(
            Route(f"{CONTROL_PATH}/{name}", _telling(story), methods=["POST"])
            for name, story in stories.items()
        ),
    ]


def plain(thing: Person | Department) -> dict[str, Any]:
    """As JSON: days and moments are text."""
    return {name: _plain(value) for name, value in asdict(thing).items()}


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case tuple() | list():
            return [_plain(inner) for inner in value]
        case _:
            return value


def _telling(story: Callable[..., Person | None]) -> Callable[[Request], Any]:
    async def tell(request: Request) -> Response:
        try:
            person = story(**_arguments(await _body(request)))
        except NotInWorld as error:
            return JSONResponse({"error": str(error)}, 404)
        except (NotPossible, ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(plain(person) if person else {})

    return tell


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if value is None else _READ.get(name, lambda given: given)(value)
        for name, value in body.items()
    }
