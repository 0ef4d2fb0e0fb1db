from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    InMemoryLogRecordExporter,
)
from repo.checkout import ROOT

from shared import log
from shared.telemetry import places, spans
from shared.telemetry.places import Places, Telemetry, Ways


def test_nothing_leaves_when_no_place_is_named() -> None:
    assert places.start(Places()) is None


def test_a_line_leaves_with_its_facts_and_the_trace_it_was_said_in() -> None:
    kept = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    telemetry = Telemetry(Ways(lines=(BatchLogRecordProcessor(kept),)))
    with spans.span("step"):
        carried = spans.carried()["traceparent"]
        log.warning("parked", person="p1", mender="hr")
    telemetry.stop()

    (said,) = kept.get_finished_logs()
    assert said.log_record.body == "parked person=p1 mender=hr"
    assert dict(said.log_record.attributes or {}) == {
        "instroom.person": "p1",
        "instroom.mender": "hr",
    }
    assert f"{said.log_record.trace_id:032x}" == carried.split("-")[1]


SAYS = """
import json, sys
from shared import log
from shared.telemetry import measures, places, spans
from shared.telemetry.measures import Measure
address = sys.argv[1]
insights = f"InstrumentationKey=0a1b2c3d-0000-4000-8000-000000000000;IngestionEndpoint={address}/"
began = places.start(places.Places(azure_monitor=insights, otlp=address))
big = {"azure.monitor.opentelemetry.exporter", "opentelemetry.exporter", "requests"}
print(json.dumps(sorted(big & set(sys.modules))))
with spans.span("POST /users", spans.CALL, system="graph", status=201):
    log.info("applied", person="p1", target="entra")
measures.count(Measure.THROTTLED, system="graph")
began.stop()
"""


def test_both_kinds_of_place_hear_everything_and_cost_nothing_before() -> None:
    with _place() as (address, heard):
        run = subprocess.run(  # noqa: S603 - our own code, in a process of its own
            [sys.executable, "-c", SAYS, address],
            cwd=ROOT,
            env={"APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true", "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            check=True,
        )

    assert run.stdout.strip() == "[]", "an exporter was imported before it had anything to send"
    otlp = {path for path, _ in heard if path.startswith("/v1/")}
    assert otlp == {"/v1/traces", "/v1/metrics", "/v1/logs"}
    azure = b"".join(body for path, body in heard if path.startswith("/v2"))
    for word in (b"RemoteDependencyData", b"POST /users", b"MetricData", b"MessageData"):
        assert word in azure, word
    assert b"instroom.throttled" in azure
    assert b"applied person=p1 target=entra" in azure


@contextmanager
def _place() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Somebody on this machine who takes whatever is sent."""
    heard: list[tuple[str, bytes]] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is http.server's
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            heard.append((self.path, gzip.decompress(body) if packed else body))
            ours = not self.path.startswith("/v1/")
            answer = b'{"itemsReceived": 9, "itemsAccepted": 9, "errors": []}' if ours else b""
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()
