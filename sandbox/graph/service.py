"""Graph without a server: one request in, one reply out, one line in the log of writes.

Called by `app` for each HTTP request and by the batch for each step. Every reply carries the
headers the real one does; every refusal the documented body.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sandbox.graph import batch, refusals, routes, throttle
from sandbox.graph.call import Call
from sandbox.graph.queries import Cursors
from sandbox.graph.refusals import Refusal
from sandbox.graph.tenant import GraphTenant, Write
from sandbox.graph.throttle import DOCUMENTED, Limits, Throttle
from sandbox.graph.wire import Reply, Request, check_options, parse_url

_REQUEST_IDS = uuid.UUID("2f6d8a52-2a55-4d8a-9a0e-6a1f0f6f7a77")


@dataclass
class Service:
    """One tenant behind one quota."""

    tenant: GraphTenant
    limits: Limits | None = DOCUMENTED
    cursors: Cursors = field(default_factory=Cursors)
    calls: int = 0

    def __post_init__(self) -> None:
        self.throttle = Throttle(
            self.tenant.clock,
            user_count=lambda: len(self.tenant.users),
            scope=f"Tenant_Application/ReadWrite/{self.tenant.app_id}/{self.tenant.tenant_id}",
            limits=self.limits,
        )

    def answer(self, request: Request) -> Reply:
        """Do what is asked, or say why not."""
        self.calls += 1
        request_id = str(uuid.uuid5(_REQUEST_IDS, f"{self.tenant.domain}/{self.calls}"))
        headers = {
            "request-id": request_id,
            "client-request-id": request.headers.get("client-request-id") or request_id,
        }
        try:
            headers |= self.throttle.spend(request)
            reply = self._handle(request)
        except Refusal as refusal:
            reply = self.refused(refusal, headers)
        if throttle.is_write(request):
            self._log(request, reply)
        return replace(reply, headers={**headers, **reply.headers})

    def ask(self, method: str, url: str, body: object = None, **headers: str) -> Reply:
        """A call as a test writes it: URL below `/v1.0`, body as JSON, header names with `_`."""
        segments, query = parse_url(url)
        sent = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("content-type", "application/json")
        raw = b"" if body is None else json.dumps(body).encode()
        return self.answer(Request(method, segments, query, sent, raw))

    def refused(self, refusal: Refusal, headers: dict[str, str]) -> Reply:
        """The error body of a refusal."""
        body = refusal.body(
            request_id=headers["request-id"],
            client_request_id=headers["client-request-id"],
            date=datetime.fromtimestamp(self.tenant.clock.wall(), UTC).strftime(
                "%Y-%m-%dT%H:%M:%S"
            ),
        )
        return Reply(refusal.status, body, refusal.headers)

    def _handle(self, request: Request) -> Reply:
        check_options(request.query)
        if request.segments == ("$batch",):
            if request.method != "POST":
                raise refusals.wrong_method()
            return batch.run(request, self.answer)
        handler, params = routes.find(request.method, request.segments)
        as_of = self.tenant.replication.next_read()
        return handler(Call(self.tenant, request, params, as_of, self.cursors))

    def _log(self, request: Request, reply: Reply) -> None:
        try:
            fields = tuple(sorted(request.json_or_empty()))
        except Refusal:
            fields = ()
        self.tenant.writes.append(
            Write(
                request.method,
                request.path,
                reply.status,
                reply.ids,
                fields,
                reply.changed,
            )
        )
