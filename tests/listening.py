"""A telemetry that ends in lists: what tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry.places import Telemetry, Ways


@dataclass
class Ear:
    """What was said."""

    spans: InMemorySpanExporter
    reader: InMemoryMetricReader

    def steps(self) -> dict[str, ReadableSpan]:
        """Each finished span by its name."""
        return {span.name: span for span in self.spans.get_finished_spans()}

    def points(self) -> dict[str, list[tuple[dict[str, object], float]]]:
        """Each measurement by its name: attributes and value, of a spread the sum."""
        data = self.reader.get_metrics_data()
        return {
            metric.name: [
                (dict(point.attributes or {}), getattr(point, "value", getattr(point, "sum", 0)))
                for point in metric.data.data_points
            ]
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@contextmanager
def listening(percent: float = 100.0) -> Iterator[Ear]:
    """Hear everything until the block ends."""
    ear = Ear(InMemorySpanExporter(), InMemoryMetricReader())
    telemetry = Telemetry(Ways((SimpleSpanProcessor(ear.spans),), (ear.reader,)), percent)
    try:
        yield ear
    finally:
        telemetry.stop()
