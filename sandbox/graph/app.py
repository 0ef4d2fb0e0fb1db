"""The Graph rig as an ASGI app: `/v1.0` for clients, `/_sandbox/graph` for the demo and tests.

Beside it lies what Entra's sign-in service publishes of an application.

Turns HTTP into `Request` and `Reply` and nothing else. The bearer token is not looked at.
"""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.graph import control
from sandbox.graph.enterprise import federation
from sandbox.graph.service import Service
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.throttle import DOCUMENTED, Limits
from sandbox.graph.wire import Reply, Request, parse_query, parse_url

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8"
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def make_app(
    tenant: GraphTenant,
    *,
    throttle: Limits | None = DOCUMENTED,
    replication_seconds: float = 0.0,
) -> Starlette:
    """Graph for this tenant; `throttle=None` switches the quota off."""
    tenant.replication.seconds = replication_seconds
    service = Service(tenant, throttle)

    async def graph(http: HttpRequest) -> Response:
        return _response(_answer(service, http, await http.body()))

    async def metadata(http: HttpRequest) -> Response:
        app_id = http.query_params.get("appid", "")
        document = federation.metadata(tenant, http.path_params["tenant"], app_id)
        if document is None:
            return Response("AADSTS700016: the application was not found", 400)
        return Response(document, media_type="application/xml")

    return Starlette(
        routes=[
            Route(federation.PATH, metadata),
            Route("/v1.0/{path:path}", graph, methods=METHODS),
            *control.routes(service),
        ]
    )


def _answer(service: Service, http: HttpRequest, body: bytes) -> Reply:
    headers = {name.lower(): value for name, value in http.headers.items()}
    raw = (http.scope.get("raw_path") or http.url.path.encode()).decode("ascii")
    segments, _ = parse_url(raw.split("?")[0].split("/v1.0", 1)[1])
    base_url = f"{http.url.scheme}://{http.url.netloc}/v1.0"
    query = parse_query(http.url.query)
    return service.answer(Request(http.method, segments, query, headers, body, base_url))


def _response(reply: Reply) -> Response:
    if reply.body is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    text = isinstance(reply.body, str)
    return Response(
        reply.body if text else json.dumps(reply.body, ensure_ascii=False),
        reply.status,
        dict(reply.headers),
        media_type="text/plain" if text else JSON_TYPE,
    )
