"""How does the collector answer? OTLP over HTTP in protobuf: three paths, always taken.

Source: OpenTelemetry protocol specification 1.x, "OTLP/HTTP". Known differences: no gzip, no JSON,
no partial success, nothing is ever refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.collector.heard import Heard


def make_app(heard: Heard) -> Starlette:
    """The collector; what comes in is in `heard`."""
    return Starlette(
        routes=[
            _taking("/v1/traces", heard, heard.take_traces),
            _taking("/v1/metrics", heard, heard.take_metrics),
            _taking("/v1/logs", heard, heard.take_logs),
        ]
    )


def _taking(path: str, heard: Heard, take: Callable[[bytes], None]) -> Route:
    async def answer(request: Request) -> Response:
        body = await request.body()
        heard.bodies.append(body)
        take(body)
        return Response(b"", media_type="application/x-protobuf")

    endpoint: Callable[[Request], Awaitable[Response]] = answer
    return Route(path, endpoint, methods=["POST"])
