"""What does a call from outside make happen? HR's webhook becomes signals; health tells."""

from __future__ import annotations

import json
from functools import partial

import azure.functions as func

from shared import health as app_health
from shared import wiring
from shared.errors import InstroomError, Transient
from shared.intake import webhook, webhook_exact
from shared.intake.webhook import Refused
from shared.model.signal import Signal
from shared.secret import Secret, value_of

blueprint = func.Blueprint()
_SCHEMES = {"exact": webhook_exact.check}
"""Sources that sign in a way of their own; the others do it as Standard Webhooks says."""


@blueprint.function_name("hr_webhook")
@blueprint.route("hr/{source}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def hr_webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Check the signature, enqueue a signal for each number, answer 202."""
    source = req.route_params.get("source", "")
    try:
        known = source if source in wiring.settings().sources else None
        call = await _checked(req, known, await wiring.webhook_secret(source))
        service = await wiring.service()
        for number in call.numbers:
            said = Signal(source=source, number=number)
            await service.bus.signal(said, webhook.message_id(said, call.webhook_id))
    except Refused as refusal:
        return _json({"error": refusal.reason}, refusal.status)
    except Transient as error:
        return _json({"error": error.reason}, 503, {"Retry-After": "30"})
    except InstroomError as error:
        return _json({"error": f"not ready: {error}; see /api/health"}, 503)
    return _json({"accepted": len(call.numbers)}, 202)


async def _checked(
    req: func.HttpRequest, known: str | None, secret: str | Secret | None
) -> webhook.Call:
    """The call, if it may come in; by a secret that was rotated, if it is refused by the old."""
    check = partial(
        _SCHEMES.get(known or "", webhook.check), req.get_body(), req.headers, known=known
    )
    value = None if secret is None else await value_of(secret)
    try:
        return check(secret=value)
    except Refused:
        renewed = None if secret is None else await value_of(secret, rejected=value)
        if renewed == value:
            raise
    return check(secret=renewed)


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Say whether the app can work, and what to mend; names settings, never values or people."""
    del req
    report = await app_health.health()
    return _json(report.as_json(), 200 if report.ready else 503)


def _json(body: object, status: int, headers: dict[str, str] | None = None) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(body), status_code=status, mimetype="application/json", headers=headers
    )
