"""The HTTP side of AFAS Profit REST: who may call, which view, and what the answer looks like.

`make_app` gives an ASGI app; faults are put around it from outside. Paths are those of the AFAS
developer documentation, below `/ProfitRestServices`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sandbox.afas import codes, control, filters, paging, update, update_users, wire
from sandbox.afas.environment import Environment
from sandbox.afas.rows import VIEWS, Rows
from sandbox.afas.view import Names, View, metainfo
from sandbox.clock import Clock
from sandbox.world import Answers, World

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_QUERY_CHARACTERS = 2049
VERSION = "Profit 7"

UPDATES: dict[tuple[str, str], Callable[[Environment, World, Any], None]] = {
    ("PUT", "KnEmployee"): update.employee,
    ("PUT", "KnPerson"): update.person,
    ("POST", "KnUser"): update_users.create,
    ("PUT", "KnUser"): update_users.change,
}

type Answer = Callable[[Request], Awaitable[bytes]]


def make_app(
    world: World, *, token: str, clock: Clock, answers: Answers | None = None, **settings: Any
) -> Starlette:
    """AFAS on that world. `settings` are fields of Environment, such as `token_expiry`."""
    environment = Environment(token=token, clock=clock, **settings)
    rig = Rig(environment, Rows(world, answers or Answers(), environment))
    calls = [
        Route("/metainfo", rig.endpoint(rig.connectors)),
        Route("/metainfo/get/{name}", rig.endpoint(rig.fields)),
        Route("/connectors/{name}", rig.endpoint(rig.read)),
        Route("/connectors/{name}", rig.endpoint(rig.write, success=201), methods=["PUT", "POST"]),
        Route("/profitversion", rig.endpoint(rig.profit_version)),
        Route("/ProfitVersion", rig.endpoint(rig.profit_version)),
    ]
    return Starlette(
        routes=[
            *control.routes(environment),
            Mount("/ProfitRestServices", routes=calls),
            Mount("/profitrestservices", routes=calls),
        ]
    )


@dataclass
class Rig:
    """One environment answering calls."""

    environment: Environment
    rows: Rows

    def endpoint(
        self, answer: Answer, *, success: int = 200
    ) -> Callable[[Request], Awaitable[Response]]:
        """Count the call, let it in or refuse it, and write errors as AFAS does."""

        async def call(request: Request) -> Response:
            self.environment.calls += 1
            number = self.environment.calls
            try:
                with self._busy():
                    await asyncio.sleep(0)  # so that calls that come together are seen together
                    self.environment.admit(request.headers.get("authorization", ""))
                    await asyncio.sleep(self.environment.seconds_per_call)
                    _refuse_long_address(request)
                    return _json(success, await answer(request))
            except wire.Refused as refused:
                language = request.headers.get("accept-language", "")
                return _json(refused.status, wire.error_body(refused, language, number))

        return call

    async def read(self, request: Request) -> bytes:
        """`GET /connectors/<name>`."""
        view = self._view(request.path_params["name"])
        query = {name.lower(): value for name, value in request.query_params.items()}
        page, names = paging.parse(query), Names.of(view)
        rows = self._rows(view, names, query)
        answers = self.rows.answers
        shown = paging.Page(0, page.take) if answers.repeats_pages else page
        cut = self.rows.spoiled(view, shown.cut(rows))
        if len(cut) * len(names.order) > self.environment.max_cells:
            raise wire.functional(wire.OUT_OF_MEMORY)
        body = wire.page_body(page.skip, page.take, names.order, cut)
        return body[: len(body) // 2] if answers.cuts_body else body

    async def write(self, request: Request) -> bytes:
        """`PUT` or `POST /connectors/<update connector>`: 201 and nothing else."""
        name = request.path_params["name"]
        if name not in self.environment.updates or (request.method, name) not in UPDATES:
            raise self._unknown(wire.NO_UPDATE)
        try:
            content = json.loads(await request.body())
        except ValueError:
            raise wire.Refused(400, {"message": "Invalid json"}) from None
        try:
            UPDATES[request.method, name](self.environment, self.rows.world, content)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise wire.functional(wire.UNEXPECTED) from None
        self.environment.writes += 1
        if self.environment.fails_after_writing:
            self.environment.fails_after_writing -= 1
            raise wire.functional(wire.UNEXPECTED)
        return b""

    async def fields(self, request: Request) -> bytes:
        """`GET /metainfo/get/<name>`."""
        return json.dumps(metainfo(self._view(request.path_params["name"]))).encode()

    async def connectors(self, _request: Request) -> bytes:
        """`GET /metainfo`: what the token may use, and until when it is valid."""
        listed = [{"id": view.name, "description": view.description} for view in VIEWS.values()]
        updates = [{"id": name, "description": name} for name in sorted(self.environment.updates)]
        info = {
            "envid": codes.ENVIRONMENT,
            "appName": "Instroom",
            "group": "Instroom",
            "tokenExpiry": f"{self.environment.token_expiry}T00:00:00Z",
        }
        lists = {"updateConnectors": updates, "getConnectors": listed, "customConnectors": []}
        return json.dumps({**lists, "info": info}).encode()

    async def profit_version(self, _request: Request) -> bytes:
        """`GET /ProfitVersion`."""
        return json.dumps({"version": VERSION}).encode()

    def _rows(self, view: View, names: Names, query: dict[str, str]) -> Any:
        order, wanted = paging.parse_order(query, names.order), filters.parse(query)
        call = self.environment.calls
        if not wanted:
            return self.rows.ordered(view, order, call)
        matches = filters.predicate(wanted, names.types, names.order)
        found = [row for row in self.rows.of(view) if matches(row)]
        return paging.order(paging.shuffle(found, call), order).rows

    def _view(self, name: str) -> View:
        if name in self.environment.blocked:
            raise wire.functional(wire.BLOCKED)
        if name in VIEWS:
            return VIEWS[name]
        raise self._unknown()

    def _unknown(self, told: str = wire.NOT_SUPPORTED) -> wire.Refused:
        refusals: dict[Literal[500, 401, 404], wire.Refused] = {
            500: wire.functional(told),
            401: wire.Refused(401),
            404: wire.Refused(404),
        }
        return refusals[self.environment.unknown_connector]

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self.environment.busy += 1
        try:
            yield
        finally:
            self.environment.busy -= 1


def _refuse_long_address(request: Request) -> None:
    if len(request.scope["query_string"]) + 1 > MAX_QUERY_CHARACTERS:
        raise wire.Refused(404)


def _json(status: int, body: bytes) -> Response:
    return Response(body, status, media_type="application/json; charset=utf-8" if body else None)
