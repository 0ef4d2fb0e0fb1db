"""What can an operator's own tools look at and answer? Who is signed in asks; nobody else.

The host lets everybody in, for the platform signs people in and the app says who may do what.
"""

from __future__ import annotations

from typing import Annotated

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import health, wiring
from shared.console import access, ops
from shared.console.access import Denied, Doors
from shared.errors import InstroomError, Misconfigured, Permanent, Unsafe
from shared.flow.approve import NotAsShown
from shared.flow.stop import LONGEST
from shared.triggers.answering import as_json, refusal
from shared.triggers.tracing import traced

blueprint = func.Blueprint()
_MOST = 4096
_WORDS = ("approve", "reject")
_JSON = "application/json"


class Word(BaseModel):
    """The body of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    seen: Annotated[str, Field(min_length=1, max_length=64)]
    cause: int | None = None
    until: Annotated[str, Field(max_length=10)] = ""
    reason: Annotated[str, Field(max_length=LONGEST)] = ""


@blueprint.function_name("ops_look")
@blueprint.route("ops/{*what}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@traced
async def ops_look(req: func.HttpRequest) -> func.HttpResponse:
    """GET held, forecast, tasks, people, people/{key}, its explain and preview, and doctor."""
    try:
        access.reader(req.headers, _doors())
        view, *path = req.route_params.get("what", "").strip("/").split("/")
        if view == "doctor" and not path:
            return as_json((await health.doctor()).as_json(), 200)
        if view not in ops.VIEWS:
            return as_json({"error": "there is no such view; see docs/ops-api.md"}, 404)
        query = {str(name): str(value) for name, value in req.params.items()}
        service = await wiring.service()
    except Denied as denied:
        return as_json({"error": denied.reason}, denied.status)
    except InstroomError as error:
        return refusal(error)
    try:
        return as_json(await ops.VIEWS[view](service, tuple(path), query), 200)
    except (Misconfigured, Permanent) as error:
        return as_json({"error": str(error)}, 404)
    except InstroomError as error:
        return refusal(error)


@blueprint.function_name("ops_answer")
@blueprint.route(
    "ops/held/{batch}/{answer}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS
)
@traced
async def ops_answer(req: func.HttpRequest) -> func.HttpResponse:
    """POST says yes or no to exactly what was seen."""
    try:
        who = access.answerer(req.headers, _doors())
        word = _word(req.route_params.get("answer", ""))
        body = _body(req, word).model_dump()
        batch = req.route_params.get("batch", "")
        service = await wiring.service()
    except Denied as denied:
        return as_json({"error": denied.reason}, denied.status)
    except InstroomError as error:
        return refusal(error)
    try:
        told = await ops.answered(service, batch, word, body, who.name)
    except (NotAsShown, Unsafe) as error:
        return as_json({"error": str(error)}, 409)
    except Misconfigured as error:
        return as_json({"error": str(error)}, 404)
    except InstroomError as error:
        return refusal(error)
    return as_json(told, 200)


def _doors() -> Doors:
    told = wiring.settings()
    return Doors(told.signed_in, told.ops_readers, told.ops_answerers)


def _word(said: str) -> str:
    if said not in _WORDS:
        raise Denied(404, "say approve or reject")
    return said


def _body(req: func.HttpRequest, word: str) -> Word:
    """What was said. JSON it must call itself: another site's form, in somebody's name, cannot."""
    if req.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _JSON:
        raise Denied(415, f"send it as {_JSON}")
    content = req.get_body()
    if len(content) > _MOST:
        raise Denied(413, "an answer is short")
    try:
        said = Word.model_validate_json(content)
    except ValidationError:
        raise Denied(400, 'send {"seen": "614f8ce6"}, with "reason" to reject') from None
    if word == "reject" and (not said.reason.strip() or not said.reason.isprintable()):
        raise Denied(400, "say why not, in one line: it stays in the audit")
    return said
