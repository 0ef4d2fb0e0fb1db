"""What can an operator's own tools ask of the app? That somebody is out now, and that no longer.

The host lets nobody in without a function key. Who it was is App Service's word when its
authentication is on, else the caller's own; the audit says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import flow, wiring
from shared.errors import InstroomError
from shared.flow.stop import LONGEST, NotDone, Why, where_only_told, whose
from shared.intake.webhook import Refused
from shared.triggers.answering import as_json, refusal
from shared.triggers.tracing import traced

blueprint = func.Blueprint()
PRINCIPAL = "X-MS-CLIENT-PRINCIPAL-NAME"
"""App Service strips it from what callers send, but only when its authentication is on."""
_MOST = 4096
_STATUS: Mapping[Why, int] = {
    "unknown": 404,
    "protected": 409,
    "ambiguous": 409,
    "not stopped": 409,
    "reason": 400,
}


class Asked(BaseModel):
    """The body of a call."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    who: Annotated[str, Field(min_length=1, max_length=128)] | None = None


@blueprint.function_name("ops_leaver")
@blueprint.route(
    "ops/people/{key}/stop", methods=["POST", "DELETE"], auth_level=func.AuthLevel.FUNCTION
)
@traced
async def ops_leaver(req: func.HttpRequest) -> func.HttpResponse:
    """POST blocks this person at once, whatever HR says; DELETE lets HR decide again."""
    try:
        asked = _asked(req.get_body())
        who = _who(req, asked)
        service = await wiring.service()
        source, number = await whose(service, req.route_params.get("key", ""))
        act = flow.stop if req.method == "POST" else flow.lift
        stop = await act(service, source, number, who=who, reason=asked.reason)
        untouched = await where_only_told(service, source, number)
    except NotDone as error:
        return as_json({"error": str(error)}, _STATUS[error.why])
    except (Refused, InstroomError) as error:
        return refusal(error)
    told: dict[str, object] = {"stopped": req.method == "POST", "since": stop.at.isoformat()}
    if untouched:
        told["not_in"] = untouched
    return as_json({"person": f"{source}:{number}", **told}, 200)


def _asked(body: bytes) -> Asked:
    if len(body) > _MOST:
        raise Refused(413, "a reason is short")
    try:
        return Asked.model_validate_json(body)
    except ValidationError:
        raise Refused(400, 'send {"reason": "ticket 4711", "who": "j.devries"}') from None


def _who(req: func.HttpRequest, asked: Asked) -> str:
    """Who asks, and how we know."""
    name = req.headers.get(PRINCIPAL) if wiring.settings().signed_in else None
    if name:
        return f"{name[:128]}, signed in"
    if asked.who is None or not asked.who.strip() or not asked.who.isprintable():
        raise Refused(400, "say who asks: nobody is signed in, so the body needs who")
    return f"{asked.who.strip()}, by the app's key"
