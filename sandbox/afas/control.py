"""How does a story change AFAS itself? `/_sandbox/afas`, JSON, outside AFAS's own paths.

GET shows the settings; PATCH changes those it names: `blocked` (views), `unknown_connector`,
`address_allowed`, `maintenance_seconds`, `max_parallel`, `max_cells`, `seconds_per_call`,
`token_expiry`, `updates` (UpdateConnectors), `taken` (UPNs elsewhere), `fails_after_writing`, and
`cells` (employee number -> field id -> value) for rows that are malformed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.afas.environment import Environment

CONTROL_PATH = "/_sandbox/afas"

_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "blocked": set,
    "unknown_connector": int,
    "address_allowed": bool,
    "maintenance_seconds": int,
    "max_parallel": int,
    "max_cells": int,
    "seconds_per_call": float,
    "token_expiry": date.fromisoformat,
    "cells": dict,
    "updates": set,
    "taken": set,
    "fails_after_writing": int,
}

_SETS = ("blocked", "updates", "taken")
_COUNTS = ("calls", "writes", "unchanged")


def routes(environment: Environment) -> list[Route]:
    """The control path of one environment."""

    async def settings(request: Request) -> Response:
        if request.method == "PATCH":
            try:
                changes = {
                    name: _SETTINGS[name](value) for name, value in (await request.json()).items()
                }
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                return JSONResponse({"error": f"not a setting: {error}"}, 400)
            for name, value in changes.items():
                setattr(environment, name, value)
        shown = {name: getattr(environment, name) for name in _SETTINGS}
        plain = {name: sorted(getattr(environment, name)) for name in _SETS}
        plain |= {name: getattr(environment, name) for name in _COUNTS}
        return JSONResponse({**shown, "token_expiry": str(environment.token_expiry), **plain})

    return [Route(CONTROL_PATH, settings, methods=["GET", "PATCH"])]
