"""The HTTP side of Exact Online: who may call, which endpoint, and what the answer looks like.

`make_app` gives an ASGI app; faults are put around it from outside. Paths are those of Exact's
REST API resources, below `/api`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.exact import control, odata, rows, wire
from sandbox.exact.divisions import current, hrm, system
from sandbox.exact.limits import Limits
from sandbox.exact.settings import Division, Environment
from sandbox.exact.stamps import stamp
from sandbox.exact.tables import Stored, Tables
from sandbox.exact.tokens import NotGranted, Tokens
from sandbox.exact.webhooks import Webhooks
from sandbox.exact.wire import Refused
from sandbox.world import Answers, World

type Answer = Callable[[Request, Division], Awaitable[bytes]]


def make_app(
    world: World, *, clock: Clock, answers: Answers | None = None, **settings: Any
) -> Starlette:
    """Exact on that world. `settings` are fields of Environment, such as `divisions`.

    `app.state.rig` is the rig behind it, for tests in the same process.
    """
    rig = Rig(world, answers or Answers(), Environment(clock=clock, **settings))
    sync = [
        Route(f"/api/v1/{{division:int}}/sync/Payroll/{table}", rig.endpoint(rig.sync(table)))
        for table in rows.TABLES
    ]
    crud = [
        Route(f"/api/v1/{{division:int}}/payroll/{table}", rig.endpoint(rig.crud(table)))
        for table in rows.TABLES
    ]
    app = Starlette(
        routes=[
            *control.routes(rig.environment, rig),
            Route("/api/oauth2/auth", rig.consent),
            Route("/api/oauth2/token", rig.token, methods=["POST"]),
            Route("/api/v1/current/Me", rig.endpoint(rig.me)),
            Route("/api/v1/{division:int}/system/Divisions", rig.endpoint(rig.system_divisions)),
            Route("/api/v1/{division:int}/hrm/Divisions", rig.endpoint(rig.hrm_divisions)),
            Route("/api/v1/{division:int}/sync/Deleted", rig.endpoint(rig.deleted)),
            Route(
                "/api/v1/{division:int}/read/sync/Sync/SyncTimestamp", rig.endpoint(rig.timestamp)
            ),
            Route(
                "/api/v1/{division:int}/webhooks/WebhookSubscriptions",
                rig.endpoint(rig.subscribe, success=201),
                methods=["POST"],
            ),
            *sync,
            *crud,
        ]
    )
    app.state.rig = rig
    return app


@dataclass
class Rig:
    """One customer of Exact, answering calls."""

    world: World
    answers: Answers
    environment: Environment
    tables: dict[int, Tables] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.environment)
        self.limits = Limits(self.environment)
        self.webhooks = Webhooks(self.environment)

    def of(self, division: Division) -> Tables:
        """The tables of a division."""
        if division.code not in self.tables:
            self.tables[division.code] = Tables(
                self.world, self.answers, self.environment, division
            )
        return self.tables[division.code]

    def endpoint(
        self, answer: Answer, *, success: int = 200
    ) -> Callable[[Request], Awaitable[Response]]:
        """Let a call in or refuse it, count it, and write errors as Exact does."""

        async def call(request: Request) -> Response:
            code = request.path_params.get("division", self.environment.divisions[0].code)
            name = _endpoint_name(request)
            self.environment.calls += 1
            await asyncio.sleep(self.environment.seconds_per_call)
            status, body, extra = success, b"", {}
            try:
                self.limits.admit(code, name)
                division = self._admitted(request, code, name)
                body = await answer(request, division)
            except Refused as refused:
                status, body, extra = refused.status, wire.error(refused), refused.headers
                self.limits.note(code, name, status)
            headers = self.limits.headers(code) | extra
            return Response(body, status, headers, media_type="application/json; charset=utf-8")

        return call

    def sync(self, table: str) -> Answer:
        """`GET sync/Payroll/<table>`: by version."""

        async def answer(request: Request, division: Division) -> bytes:
            query = odata.Query.of(request.query_params)
            wanted = odata.by_version(query.filter)
            found = [
                self._row(one) | {"Timestamp": self._stamp(one.version)}
                for one in self.of(division).rows(table)
                if wanted(one.version)
            ]
            return self._page(request, query, found, self.environment.sync_page_size)

        return answer

    def crud(self, table: str) -> Answer:
        """`GET payroll/<table>`: by id, employee or code."""

        async def answer(request: Request, division: Division) -> bytes:
            query = odata.Query.of(request.query_params)
            wanted = odata.predicate(query.filter)
            if not query.filter and query.top is None:
                raise Refused(400, wire.MANDATORY)
            found = [self._row(one) for one in self.of(division).rows(table) if wanted(one.row)]
            return self._page(request, query, found, self.environment.page_size)

        return answer

    async def deleted(self, request: Request, division: Division) -> bytes:
        """`GET sync/Deleted`."""
        query = odata.Query.of(request.query_params)
        wanted, entity = odata.deletions(query.filter)
        found = [
            {**one, "Timestamp": self._stamp(one["Timestamp"])}
            for one in self.of(division).deletions()
            if wanted(one["Timestamp"]) and entity in (None, one["EntityType"])
        ]
        return self._page(request, query, found, self.environment.sync_page_size)

    async def timestamp(self, request: Request, division: Division) -> bytes:
        """`GET read/sync/Sync/SyncTimestamp?modified=datetime'...'&endPoint='...'`."""
        found = stamp(self.of(division), request.query_params)
        shown = {"TimeStampAsBigInt": self._stamp(found) if found else None}
        return json.dumps({"d": {"results": [shown]}}).encode()

    async def me(self, request: Request, division: Division) -> bytes:
        """`GET current/Me`."""
        query = odata.Query.of(request.query_params)
        return self._page(request, query, [current(self.environment, division)], 1)

    async def system_divisions(self, request: Request, _division: Division) -> bytes:
        """`GET system/Divisions`."""
        query = odata.Query.of(request.query_params)
        return self._page(request, query, system(self.environment), self.environment.page_size)

    async def hrm_divisions(self, request: Request, _division: Division) -> bytes:
        """`GET hrm/Divisions`."""
        query = odata.Query.of(request.query_params)
        return self._page(request, query, hrm(self.environment), self.environment.page_size)

    async def subscribe(self, request: Request, division: Division) -> bytes:
        """`POST webhooks/WebhookSubscriptions`."""
        try:
            body = await request.json()
        except ValueError:
            raise Refused(400, wire.SYNTAX) from None
        made = await self.webhooks.subscribe(division.code, body)
        return json.dumps({"d": made}).encode()

    async def consent(self, request: Request) -> Response:
        """`GET oauth2/auth`: the person behind the browser consents at once."""
        asked = request.query_params
        redirect = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.environment.client_id or not redirect:
            return Response("unknown client_id or no redirect_uri", 400)
        code = quote(self.tokens.consent(redirect), safe="")
        state = quote(asked.get("state", ""), safe="")
        joint = "&" if "?" in redirect else "?"
        return RedirectResponse(f"{redirect}{joint}code={code}&state={state}", 302)

    async def token(self, request: Request) -> Response:
        """`POST oauth2/token`, form-encoded."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        try:
            granted = self.tokens.answer(form, request.headers.get("authorization", ""))
        except NotGranted as refused:
            return JSONResponse(refused.body, refused.status, refused.headers)
        return JSONResponse(granted)

    def _admitted(self, request: Request, code: int, name: str) -> Division:
        if not self.tokens.is_valid(request.headers.get("authorization", "")):
            raise Refused(401, "Unauthorized", "The access token is unknown or expired")
        accepted = request.headers.get("accept", "")
        if "json" not in accepted:
            # Without it the answer is atom+xml; the rig plays only what cannot be misread.
            raise Refused(406, "Ask for application/json")
        division = self.environment.division(code)
        if division is None or code in self.environment.expired:
            told = "Customer's license expired" if division else "no access to this division"
            raise Refused(403, f"Forbidden - {told}", told)
        if name in self.environment.refused:
            raise Refused(403, "Forbidden - not part of your license", "License")
        return division

    def _row(self, one: Stored) -> dict[str, Any]:
        return one.row | {
            name: value
            for name, value in self.environment.cells.get(one.number, {}).items()
            if name in one.row
        }

    def _stamp(self, version: int) -> str | int:
        return str(version) if self.environment.timestamp_as_text else version

    def _page(
        self, request: Request, query: odata.Query, found: list[dict[str, Any]], size: int
    ) -> bytes:
        cut, more = odata.cut(found, query, size)
        shown = [query.shown(row) for row in cut]
        if self.answers.repeats_pages:
            shown, more = [query.shown(row) for row in found[:size]], query.skip_token + 1
        asked = {k: v for k, v in request.query_params.items() if k != "$skiptoken"}
        address = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
        following = f"{address}?{urlencode(asked | {'$skiptoken': more})}" if more else None
        body = wire.page(shown, following)
        return body[: len(body) // 2] if self.answers.cuts_body else body


def _endpoint_name(request: Request) -> str:
    return "/".join(request.url.path.split("/")[4:])
