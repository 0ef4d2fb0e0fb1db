"""How does a story change Nmbrs itself? `/_sandbox/nmbrs`, JSON, outside Nmbrs' own paths.

GET shows the settings; PATCH changes those it names. `POST /_sandbox/nmbrs/expire` with
`{"tokens": "access"}` or `"refresh"` ends what was given out so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.nmbrs.environment import Environment
from sandbox.nmbrs.identity import Identity

CONTROL_PATH = "/_sandbox/nmbrs"


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


_SETTINGS: dict[str, Callable[[Any], Any]] = {
    "subscription_key": str,
    "token_seconds": int,
    "refresh_days": int,
    "reuse_revokes": bool,
    "period_type": str,
    "calls_per_minute": _optional_int,
    "quota": _optional_int,
    "disabled": bool,
    "withheld": set,
    "hidden": set,
    "numbers": dict,
    "items": dict,
    "closed_before": tuple,
    "written": dict,
    "fails_after_writing": int,
}


def routes(environment: Environment, identity: Identity) -> list[Route]:
    """The control paths of one environment."""

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
        lists = {name: sorted(shown[name]) for name in ("withheld", "hidden")}
        counts = {"calls": environment.calls, "refreshed": identity.refreshed}
        counts |= {"writes": environment.writes}
        return JSONResponse({**shown, **lists, **counts})

    async def expire(request: Request) -> Response:
        match (await request.json()).get("tokens"):
            case "access":
                identity.expire_accesses()
            case "refresh":
                identity.expire_refreshes()
            case _:
                return JSONResponse({"error": "tokens is access or refresh"}, 400)
        return JSONResponse({})

    return [
        Route(CONTROL_PATH, settings, methods=["GET", "PATCH"]),
        Route(f"{CONTROL_PATH}/expire", expire, methods=["POST"]),
    ]
