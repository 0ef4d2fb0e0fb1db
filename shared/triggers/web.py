"""What does a call from outside make happen? HR's webhook becomes signals; health tells."""

from __future__ import annotations

import json

import azure.functions as func

from shared import health as app_health
from shared import wiring
from shared.errors import InstroomError, Transient
from shared.intake import webhook, webhook_exact
from shared.intake.webhook import Refused
from shared.model.signal import Signal

blueprint = func.Blueprint()
_SCHEMES = {"exact": webhook_exact.check}
"""Sources that sign in a way of their own; the others do it as Standard Webhooks says."""


@blueprint.function_name("hr_webhook")
@blueprint.route("hr/{source}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def hr_webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Check the signature, enqueue a signal for each number, answer 202."""
    source = req.route_params.get("source", "")
    try:
        settings = wiring.settings()
        known = source if source in settings.sources else None
        secret = settings.webhook_secret(source)
        check = _SCHEMES.get(source, webhook.check)
        call = check(req.get_body(), req.headers, secret=secret, known=known)
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
