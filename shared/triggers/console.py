"""Which pages are there for people? The platform signs them in; the pages say who may do what."""

from __future__ import annotations

import azure.functions as func

from shared import wiring
from shared.console import first_sign_in
from shared.console.page import HEADERS, Answer
from shared.errors import InstroomError
from shared.triggers.answering import refusal
from shared.triggers.tracing import traced

blueprint = func.Blueprint()


@blueprint.function_name("console_first_sign_in")
@blueprint.route(
    "console/first-sign-in", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS
)
@traced
async def console_first_sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """GET lists for whom one may collect a pass; POST issues one and shows it once."""
    try:
        request = first_sign_in.Request(
            req.method, req.headers, req.get_body(), platform=wiring.settings().signed_in
        )
        who = first_sign_in.who_calls(request)
        if isinstance(who, Answer):
            return _as_page(who)
        return _as_page(await first_sign_in.answer(await wiring.service(), who, request))
    except InstroomError as error:
        return refusal(error)


def _as_page(answer: Answer) -> func.HttpResponse:
    return func.HttpResponse(
        answer.html,
        status_code=answer.status,
        mimetype="text/html",
        charset="utf-8",
        headers=HEADERS,
    )
