"""What does a system that pushes hear? One answer an item, and the schema of what it may send."""

from __future__ import annotations

from dataclasses import asdict

import azure.functions as func

from shared import flow, wiring
from shared.errors import InstroomError
from shared.flow.push import Answer, Push, Status
from shared.intake import push, push_person, webhook
from shared.intake.webhook import Refused
from shared.triggers.answering import as_json, checked, refusal
from shared.triggers.tracing import traced

blueprint = func.Blueprint()
MULTI_STATUS = 207
"""As RFC 4918 has it: look at each answer, not all of them are good."""


@blueprint.function_name("hr_push")
@blueprint.route("hr/push/people", methods=["PUT", "PATCH"], auth_level=func.AuthLevel.ANONYMOUS)
@traced
async def hr_push(req: func.HttpRequest) -> func.HttpResponse:
    """Check the signature, collect the people, answer for each of them."""
    try:
        known = push.NAME if push.NAME in wiring.settings().sources else None
        body = req.get_body()
        sent = await checked(
            await wiring.webhook_secret(push.NAME),
            lambda secret: webhook.signed(
                body, req.headers, secret=secret, known=known, at_most=push.MAX_BODY
            ),
        )
        said = push.read(body)
        call = Push(sent, said.items, as_of=said.as_of, whole=req.method == "PUT")
        answers = await flow.pushed(await wiring.service(), call)
    except (Refused, InstroomError) as error:
        return refusal(error)
    refused = any(answer.status == Status.REFUSED for answer in answers)
    told = [_told(answer) for answer in answers]
    return as_json({"people": told}, MULTI_STATUS if refused else 200)


@blueprint.function_name("hr_push_schema")
@blueprint.route("hr/push/schema", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@traced
async def hr_push_schema(req: func.HttpRequest) -> func.HttpResponse:
    """Publish the JSON schema of what PUT takes."""
    del req
    return as_json(push_person.schema(), 200)


def _told(answer: Answer) -> dict[str, object]:
    problems = {"problems": [asdict(p) for p in answer.problems]} if answer.problems else {}
    return {"number": answer.number, "status": answer.status, **problems}
