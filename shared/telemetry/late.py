"""How is an exporter made when it is first needed? By the thread that sends, and never before.

One class for each kind of export that OpenTelemetry's SDK knows; they only pass on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult


class _Late[E]:
    """An exporter that may not have been made yet."""

    def __init__(self, make: Callable[[], E]) -> None:
        self._make = make

    @cached_property
    def exporter(self) -> E:
        """The exporter, made by whoever asks first."""
        return self._make()

    @property
    def made(self) -> E | None:
        """The exporter, if it was ever needed."""
        found: E | None = self.__dict__.get("exporter")
        return found


class LateSpans(SpanExporter):
    """Sends spans."""

    def __init__(self, make: Callable[[], SpanExporter]) -> None:
        self._late = _Late(make)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Pass them on."""
        return self._late.exporter.export(spans)

    def shutdown(self) -> None:
        """Stop what was started."""
        if self._late.made:
            self._late.made.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is kept here."""
        return self._late.made is None or self._late.made.force_flush(timeout_millis)


class LateLines(LogRecordExporter):
    """Sends log lines."""

    def __init__(self, make: Callable[[], LogRecordExporter]) -> None:
        self._late = _Late(make)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Pass them on."""
        return self._late.exporter.export(batch)

    def shutdown(self) -> None:
        """Stop what was started."""
        if self._late.made:
            self._late.made.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is kept here."""
        return self._late.made is None or self._late.made.force_flush(timeout_millis)


class LateMeasures(MetricExporter):
    """Sends measurements; their temporality is asked for before anything is sent."""

    def __init__(
        self,
        make: Callable[[], MetricExporter],
        temporality: dict[type, AggregationTemporality] | None,
    ) -> None:
        super().__init__(preferred_temporality=temporality)
        self._late = _Late(make)

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """Pass them on."""
        return self._late.exporter.export(metrics_data, timeout_millis, **kwargs)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing is kept here."""
        return self._late.made is None or self._late.made.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Stop what was started."""
        if self._late.made:
            self._late.made.shutdown(timeout_millis, **kwargs)
