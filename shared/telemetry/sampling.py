"""Which traces leave? A share of them, each whole or not at all.

Decided by the trace's id alone, whatever the host decided for itself: so every function of one
trace decides alike, on whatever instance it runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

RATE = "_MS.sampleRate"
"""Azure Monitor's exporter reads the percentage here, and counts each span for as many."""


class Sampled(Sampler):
    """So many percent of the traces."""

    def __init__(self, percent: float) -> None:
        self._percent = percent
        self._by_id = TraceIdRatioBased(percent / 100)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide by the trace's id."""
        by_id = self._by_id.should_sample(parent_context, trace_id, name, kind, attributes, links)
        if by_id.decision is Decision.DROP or self._percent >= 100:  # noqa: PLR2004 - all of them
            return by_id
        told = {**(by_id.attributes or {}), RATE: self._percent}
        return SamplingResult(by_id.decision, told, trace_state)

    def get_description(self) -> str:
        """What this sampler does."""
        return f"{self._percent} percent of the traces"
