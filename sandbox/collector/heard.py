"""What has the app said of itself? Steps, measurements and log lines, decoded.

Filled by `app`, read by `python -m sandbox --trace` and by tests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

MOST = 50_000
type Attributes = dict[str, str | int]


@dataclass(frozen=True)
class Step:
    """One span."""

    trace: str
    span: str
    parent: str
    name: str
    began: int
    """Nanoseconds since the epoch."""
    ended: int
    attributes: Attributes
    linked: tuple[str, ...]
    """Traces that this one points to."""
    failed: bool


@dataclass(frozen=True)
class Line:
    """One log line."""

    text: str
    trace: str
    attributes: Attributes


@dataclass
class Heard:
    """All that came in, the newest of it when it is much."""

    steps: deque[Step] = field(default_factory=lambda: deque(maxlen=MOST))
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST))
    measures: dict[str, list[Attributes]] = field(default_factory=dict)
    """By name, with what attributes it was said."""
    bodies: deque[bytes] = field(default_factory=lambda: deque(maxlen=MOST))
    """As they came over the wire."""

    def traces(self) -> dict[str, list[Step]]:
        """The steps of each trace, the earliest first."""
        found: dict[str, list[Step]] = {}
        for step in sorted(self.steps, key=lambda step: step.began):
            found.setdefault(step.trace, []).append(step)
        return found

    def take_traces(self, body: bytes) -> None:
        """An export of spans."""
        said = ExportTraceServiceRequest.FromString(body)
        self.steps.extend(
            _step(span)
            for resource in said.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        )

    def take_logs(self, body: bytes) -> None:
        """An export of log lines."""
        said = ExportLogsServiceRequest.FromString(body)
        self.lines.extend(
            Line(one.body.string_value, one.trace_id.hex(), _attributes(one.attributes))
            for resource in said.resource_logs
            for scope in resource.scope_logs
            for one in scope.log_records
        )

    def take_metrics(self, body: bytes) -> None:
        """An export of measurements."""
        for name, attributes in _points(ExportMetricsServiceRequest.FromString(body)):
            kept = self.measures.setdefault(name, [])
            if attributes not in kept:
                kept.append(attributes)


def _points(said: ExportMetricsServiceRequest) -> Iterator[tuple[str, Attributes]]:
    for resource in said.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in (
                    *metric.sum.data_points,
                    *metric.gauge.data_points,
                    *metric.histogram.data_points,
                ):
                    yield metric.name, _attributes(point.attributes)


def _step(span: Span) -> Step:
    return Step(
        trace=span.trace_id.hex(),
        span=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        linked=tuple(link.trace_id.hex() for link in span.links),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
    )


def _attributes(pairs: Iterable[KeyValue]) -> Attributes:
    return {
        pair.key: pair.value.int_value
        if pair.value.HasField("int_value")
        else pair.value.string_value
        for pair in pairs
    }
