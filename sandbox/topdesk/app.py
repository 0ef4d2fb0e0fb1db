"""The HTTP side of TOPdesk: who may call, which representation, and what an error looks like.

`make_app` gives an ASGI app; faults are put around it from outside. Paths are those of
developers.topdesk.com, below `/tas/api`; `/_sandbox/topdesk` beside them is no part of TOPdesk.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sandbox.topdesk import control, media, refusals
from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.refusals import Problem, Refused
from sandbox.topdesk.routes import ENDPOINTS, Endpoint
from sandbox.topdesk.tenant import TopdeskTenant, Write

REALM = {"www-authenticate": 'Basic realm="TOPdesk"'}


def make_app(tenant: TopdeskTenant, *, username: str, app_password: str) -> Starlette:
    """TOPdesk for this tenant; `username` is the login name of the API account."""
    account = tenant.table("operators")[tenant.api_account]
    tenant.change("operators", account, {"loginName": username.upper()})
    door = Door(tenant, username, app_password)
    routes = [Route(line.path, door.endpoint(line), methods=[line.method]) for line in ENDPOINTS]
    return Starlette(routes=[*control.routes(tenant), Mount("/tas/api", routes=routes)])


@dataclass(frozen=True)
class Door:
    """Where calls come in."""

    tenant: TopdeskTenant
    username: str
    app_password: str

    def endpoint(self, line: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """Let the call in or refuse it, answer it, and log what it changed."""

        async def call(request: Request) -> Response:
            body = await request.body()
            self.tenant.calls += 1
            self.tenant.busy += 1
            try:
                await asyncio.sleep(0)  # so that calls that come together are seen together
                return self._answer(line, request, body)
            except Refused as refused:
                return self._refusal(line, refused)
            finally:
                self.tenant.busy -= 1

        return call

    def _answer(self, line: Endpoint, request: Request, body: bytes) -> Response:
        self._admit(request.headers.get("authorization", ""))
        media_type = self._negotiated(line, request.headers.get("accept", ""))
        call = Call(
            self.tenant,
            request.method,
            path=request.url.path.removeprefix("/tas/api"),
            params=request.path_params,
            query=request.query_params,
            headers=request.headers,
            body=body,
            media_type=media_type,
            base_url=f"{request.url.scheme}://{request.url.netloc}",
        )
        reply = line.handler(call)
        if line.method != "GET":
            write = Write(call.method, call.path, call.written_fields(), reply.ids)
            self.tenant.writes.append(write)
        return _response(reply, media_type)

    def _admit(self, authorization: str) -> None:
        settings = self.tenant.settings
        if settings.max_parallel is not None and self.tenant.busy > settings.max_parallel:
            raise Refused(429)
        given = _credentials(authorization)
        if given is None:
            raise Refused(401, Problem("No authentication token provided", "unauthorized"))
        name, _, password = given.partition(":")
        known = name.casefold() == self.username.casefold() and password == self.app_password
        if not known or settings.app_password_expired:
            raise Refused(401)
        if settings.api_account_archived:
            raise Refused(401, Problem("User removed or archived", "unauthorized"))
        if "rest api.read" in settings.denied:
            raise refusals.forbidden()

    def _negotiated(self, line: Endpoint, accept: str) -> str:
        generations = self.tenant.settings.generations
        if line.only_v1 and generations == "v2":
            raise Refused(404)
        chosen = media.choose(accept, line.offered(generations))
        if chosen is None:
            raise Refused(406)
        return chosen

    def _refusal(self, line: Endpoint, refused: Refused) -> Response:
        at_once = self.tenant.settings.all_problems_at_once
        body = refusals.body(refused, line.shape, all_at_once=at_once)
        headers: Mapping[str, str] = REALM if refused.status == 401 else {}  # noqa: PLR2004 - HTTP
        if refused.status == 429:  # noqa: PLR2004 - HTTP
            headers = {"retry-after": "1"}
        return _response(Reply(refused.status, body, headers=headers), media.JSON)


def _credentials(authorization: str) -> str | None:
    """`login:password` from a Basic header, whose scheme may be in any case."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _response(reply: Reply, media_type: str) -> Response:
    if reply.body is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    body: Any = json.dumps(reply.body, ensure_ascii=False)
    return Response(body, reply.status, dict(reply.headers), media_type=media_type)
