"""How does a story change Exact itself? `/_sandbox/exact`, JSON, outside Exact's own paths.

GET shows the settings; PATCH changes those it names: `page_size`, `sync_page_size`, `per_minute`,
`per_day`, `personal_rights`, `expired`, `refused`, `anonymised`, `timestamp_as_text`,
`padded_codes`, `local_midnight`, `cells`. `POST /grant` gives tokens without a browser, `POST
/webhook` with `{"number": ...}` calls whoever subscribed to employees of that division.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.exact import rows, webhooks
from sandbox.exact.settings import Environment

if TYPE_CHECKING:
    from sandbox.exact.app import Rig

CONTROL_PATH = "/_sandbox/exact"
_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "page_size": int,
    "sync_page_size": int,
    "per_minute": int,
    "per_day": int,
    "errors_per_hour": int,
    "personal_rights": bool,
    "expired": set,
    "refused": set,
    "anonymised": set,
    "timestamp_as_text": bool,
    "padded_codes": bool,
    "local_midnight": bool,
    "cells": dict,
}


def routes(environment: Environment, rig: Rig) -> list[Route]:
    """The control paths of one rig."""

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
        plain = {name: sorted(v) if isinstance(v, set) else v for name, v in shown.items()}
        return JSONResponse({**plain, "calls": environment.calls})

    async def grant(_request: Request) -> Response:
        return JSONResponse(rig.tokens.grant())

    async def webhook(request: Request) -> Response:
        try:
            body = await request.json()
            person = rig.world.people[str(body["number"])]
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "there is no such number"}, 404)
        division = rows.home(environment, person) or environment.divisions[0]
        told = webhooks.content(
            environment,
            division=division.code,
            topic="Employees",
            key=rows.guid(division.code, "Employees", f"{person.number}:"),
        )
        return JSONResponse({"delivered": await rig.webhooks.tell(told)})

    return [
        Route(CONTROL_PATH, settings, methods=["GET", "PATCH"]),
        Route(f"{CONTROL_PATH}/grant", grant, methods=["POST"]),
        Route(f"{CONTROL_PATH}/webhook", webhook, methods=["POST"]),
    ]
