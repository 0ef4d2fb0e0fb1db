"""Which work belongs together, and how long did each step take? Called by every room that works.

A trace begins with a webhook, a timer or somebody who became due, and goes on over Service Bus to
each call, because its messages carry `traceparent`. Ours is a provider of its own: what libraries
would say of a call, with its address, stays in the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Unpack

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NoOpTracer, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.telemetry.facts import Facts, attributes

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

NAME = "instroom"
PARENT = "traceparent"
DIAGNOSTIC = "Diagnostic-Id"
"""Under this name Azure's own clients send the same; the Functions host reads either."""
CALL = SpanKind.CLIENT
SENT = SpanKind.PRODUCER
_W3C = TraceContextTextMapPropagator()
_tracer: Tracer = NoOpTracer()


class Span:
    """A step that is under way."""

    def __init__(self, inner: trace.Span) -> None:
        self._inner = inner

    def note(self, **facts: Unpack[Facts]) -> None:
        """Say more of it."""
        self._inner.set_attributes(attributes(facts))


def say_to(provider: TracerProvider | None) -> None:
    """Send spans there from now on; None: nowhere."""
    global _tracer  # noqa: PLW0603 - one place a process, as one client a process
    _tracer = provider.get_tracer(NAME) if provider else NoOpTracer()


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    /,
    within: Context | None = None,
    **facts: Unpack[Facts],
) -> Iterator[Span]:
    """One step. An error ends it with the error's class: a message may hold anything."""
    with _tracer.start_as_current_span(
        name,
        context=within,
        kind=kind,
        attributes=attributes(facts),
        record_exception=False,
        set_status_on_exception=False,
    ) as inner:
        yield from _ended(inner)


@contextmanager
def apart(name: str, **facts: Unpack[Facts]) -> Iterator[Span]:
    """One step that begins a trace of its own, with a link to what made it begin."""
    here = trace.get_current_span().get_span_context()
    links = [Link(here)] if here.is_valid else []
    with _tracer.start_as_current_span(
        name,
        context=Context(),
        links=links,
        attributes=attributes(facts),
        record_exception=False,
        set_status_on_exception=False,
    ) as inner:
        yield from _ended(inner)


def _ended(inner: trace.Span) -> Iterator[Span]:
    try:
        yield Span(inner)
    except BaseException as error:
        word = type(error).__name__
        inner.set_attributes({**attributes({"outcome": word}), "error.type": word})
        inner.set_status(Status(StatusCode.ERROR))
        raise


def note(**facts: Unpack[Facts]) -> None:
    """Say more of the step that is under way, wherever it began."""
    trace.get_current_span().set_attributes(attributes(facts))


def carried() -> dict[str, str]:
    """What a message must carry so that its work belongs to this trace; {} outside of one."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    parent = carrier.get(PARENT)
    return {PARENT: parent, DIAGNOSTIC: parent} if parent else {}


def sent_with(properties: Mapping[str, object] | None) -> Context | None:
    """The trace that a message belongs to; None when it says none.

    The host attaches the step of its own that belongs to the same trace: that one goes before.
    """
    said = (properties or {}).get(PARENT) or (properties or {}).get(DIAGNOSTIC)
    if not said:
        return None
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)
    context = _W3C.extract({PARENT: text}, context=Context())
    told = trace.get_current_span(context).get_span_context()
    here = trace.get_current_span().get_span_context()
    return context if told.is_valid and here.trace_id != told.trace_id else None
