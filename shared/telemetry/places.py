"""Where does it all go? To Azure Monitor, to any OTLP collector, to both, or nowhere.

Wiring starts it once a process. The exporters are big, so the thread that sends in the background
imports its own when it first has something to send: a cold start does not wait for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared.telemetry import lines, measures, spans
from shared.telemetry.late import LateLines, LateMeasures, LateSpans
from shared.telemetry.sampling import Sampled

_SINCE_LAST: Mapping[type, AggregationTemporality] = {
    Counter: AggregationTemporality.DELTA,
    Histogram: AggregationTemporality.DELTA,
}
"""Azure Monitor adds up what it gets (its exporter's own choice)."""


@dataclass(frozen=True)
class Places:
    """What the settings name."""

    azure_monitor: str = ""
    """Connection string of Application Insights."""
    otlp: str = ""
    """Address of a collector; its library reads the other OTEL_EXPORTER_OTLP_ settings itself."""
    percent: float = 100.0
    """Of the traces; measurements and log lines always go."""


@dataclass(frozen=True)
class Ways:
    """What is sent, and how: one of each for each place."""

    spans: tuple[SpanProcessor, ...] = ()
    measures: tuple[MetricReader, ...] = ()
    lines: tuple[BatchLogRecordProcessor, ...] = ()


class Telemetry:
    """What was started and has to be stopped, so that the last of it is sent."""

    def __init__(self, ways: Ways, percent: float = 100.0) -> None:
        resource = Resource.create({SERVICE_NAME: lines.OWN})
        self._tracer = TracerProvider(sampler=Sampled(percent), resource=resource)
        for processor in ways.spans:
            self._tracer.add_span_processor(processor)
        self._meter = MeterProvider(ways.measures, resource)
        self._logger = LoggerProvider(resource)
        for one in ways.lines:
            self._logger.add_log_record_processor(one)
        self._handler = lines.Lines(self._logger)
        spans.say_to(self._tracer)
        measures.say_to(self._meter.get_meter(lines.OWN))
        own = logging.getLogger(lines.OWN)
        own.addHandler(self._handler)
        self._level = own.level
        own.setLevel(logging.INFO)  # the worker leaves the root at WARNING

    def stop(self) -> None:
        """Send what has not been sent, and say no more."""
        own = logging.getLogger(lines.OWN)
        own.removeHandler(self._handler)
        own.setLevel(self._level)
        spans.say_to(None)
        measures.say_to(None)
        for provider in (self._tracer, self._meter, self._logger):
            provider.shutdown()


def start(places: Places) -> Telemetry | None:
    """Send to the places that are named; None when there is none."""
    ways = [way(address) for way, address in _ways(places) if address]
    if not ways:
        return None
    joined = Ways(
        tuple(one for way in ways for one in way.spans),
        tuple(one for way in ways for one in way.measures),
        tuple(one for way in ways for one in way.lines),
    )
    return Telemetry(joined, places.percent)


def _ways(places: Places) -> tuple[tuple[Callable[[str], Ways], str], ...]:
    return (_azure_monitor, places.azure_monitor), (_otlp, places.otlp)


def _azure_monitor(connection: str) -> Ways:
    """Application Insights, signed in as APPLICATIONINSIGHTS_AUTHENTICATION_STRING says.

    Its exporter reads that itself. It keeps nothing on the disk when a send fails.
    """
    given = {"connection_string": connection, "disable_offline_storage": True}

    def make(kind: str) -> Callable[[], Any]:
        def made() -> Any:
            from azure.monitor.opentelemetry import exporter  # noqa: PLC0415 - late, see above

            return getattr(exporter, f"AzureMonitor{kind}Exporter")(**given)

        return made

    return _ways_by(make("Trace"), make("Metric"), make("Log"), _SINCE_LAST)


def _otlp(address: str) -> Ways:
    """An OTLP collector over HTTP (OpenTelemetry protocol specification, OTLP/HTTP)."""

    def made_spans() -> Any:
        from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: PLC0415 - late

        return trace_exporter.OTLPSpanExporter(f"{address}/v1/traces")

    def made_measures() -> Any:
        from opentelemetry.exporter.otlp.proto.http import metric_exporter  # noqa: PLC0415 - late

        return metric_exporter.OTLPMetricExporter(f"{address}/v1/metrics")

    def made_lines() -> Any:
        from opentelemetry.exporter.otlp.proto.http import _log_exporter  # noqa: PLC0415 - late

        return _log_exporter.OTLPLogExporter(f"{address}/v1/logs")

    return _ways_by(made_spans, made_measures, made_lines, None)


def _ways_by(
    made_spans: Callable[[], Any],
    made_measures: Callable[[], Any],
    made_lines: Callable[[], Any],
    temporality: Mapping[type, AggregationTemporality] | None,
) -> Ways:
    measured = LateMeasures(made_measures, dict(temporality) if temporality else None)
    return Ways(
        (BatchSpanProcessor(LateSpans(made_spans)),),
        (PeriodicExportingMetricReader(measured),),
        (BatchLogRecordProcessor(LateLines(made_lines)),),
    )
