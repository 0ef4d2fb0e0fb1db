"""How do the HTTP functions answer, and how is a signature checked with a secret that may rotate?

For the other files of this room.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import azure.functions as func

from shared.errors import InstroomError, Transient
from shared.intake.webhook import Refused
from shared.secret import Secret, value_of


def as_json(body: object, status: int, headers: dict[str, str] | None = None) -> func.HttpResponse:
    """The answer as JSON."""
    return func.HttpResponse(
        json.dumps(body), status_code=status, mimetype="application/json", headers=headers
    )


def refusal(error: Refused | InstroomError) -> func.HttpResponse:
    """What a caller hears of an error: his own, one that passes, or one of the settings."""
    match error:
        case Refused():
            return as_json({"error": error.reason}, error.status)
        case Transient():
            return as_json({"error": error.reason}, 503, {"Retry-After": "30"})
        case _:
            return as_json({"error": f"not ready: {error}; see /api/health"}, 503)


async def checked[T](secret: str | Secret | None, check: Callable[[str | None], T]) -> T:
    """What `check` makes of the call; by a secret that was rotated, if the old refuses it.

    Raises Refused.
    """
    value = None if secret is None else await value_of(secret)
    try:
        return check(value)
    except Refused:
        renewed = None if secret is None else await value_of(secret, rejected=value)
        if renewed == value:
            raise
    return check(renewed)
