"""What does a call from outside make happen? HR's webhook becomes signals; health tells."""

from __future__ import annotations

import azure.functions as func

from shared import health as app_health
from shared import wiring
from shared.errors import InstroomError
from shared.intake import push, webhook, webhook_exact
from shared.intake.webhook import Refused
from shared.model.signal import Signal
from shared.triggers.answering import as_json, checked, refusal
from shared.triggers.tracing import traced

blueprint = func.Blueprint()
_SCHEMES = {"exact": webhook_exact.check, push.NAME: push.no_webhook}
"""Sources that sign in a way of their own; the others do it as Standard Webhooks says."""


@blueprint.function_name("hr_webhook")
@blueprint.route("hr/{source}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@traced
async def hr_webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Check the signature, enqueue a signal for each number, answer 202."""
    source = req.route_params.get("source", "")
    try:
        known = source if source in wiring.settings().sources else None
        check = _SCHEMES.get(known or "", webhook.check)
        call = await checked(
            await wiring.webhook_secret(source),
            lambda secret: check(req.get_body(), req.headers, secret=secret, known=known),
        )
        service = await wiring.service()
        for number in call.numbers:
            said = Signal(source=source, number=number)
            await service.bus.signal(said, webhook.message_id(said, call.webhook_id))
    except (Refused, InstroomError) as error:
        return refusal(error)
    return as_json({"accepted": len(call.numbers)}, 202)


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@traced
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Say whether the app can work, and what to mend; names settings, never values or people."""
    del req
    report = await app_health.health()
    return as_json(report.as_json(), 200 if report.ready else 503)
