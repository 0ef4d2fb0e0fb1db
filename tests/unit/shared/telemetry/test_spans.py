from __future__ import annotations

import pytest
from listening import listening
from opentelemetry.trace import StatusCode

from shared.telemetry import spans

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = 0x0AF7651916CD43DD8448EB211C80319C


def test_a_step_within_a_step_belongs_to_its_trace() -> None:
    with listening() as ear, spans.span("outer"), spans.span("inner", target="entra"):
        pass

    outer, inner = ear.steps()["outer"], ear.steps()["inner"]
    assert inner.parent is not None
    assert (inner.parent.span_id, inner.context.trace_id) == (
        outer.context.span_id,
        outer.context.trace_id,
    )
    assert dict(inner.attributes or {}) == {"instroom.target": "entra"}


def test_a_message_carries_the_trace_on() -> None:
    with listening() as ear:
        with spans.span("sender"):
            carried = spans.carried()
        heard = spans.sent_with({key: value.encode() for key, value in carried.items()})
        with spans.span("receiver", within=heard):
            pass

    steps = ear.steps()
    assert steps["receiver"].context.trace_id == steps["sender"].context.trace_id
    assert carried["traceparent"] == carried["Diagnostic-Id"]


def test_the_step_that_the_host_attached_goes_before_the_message() -> None:
    here = spans.sent_with({"traceparent": PARENT})
    with listening() as ear, spans.span("host", within=here):
        assert spans.sent_with({"traceparent": PARENT}) is None
        with spans.span("function"):
            pass

    parent = ear.steps()["function"].parent
    assert parent is not None
    assert parent.span_id == ear.steps()["host"].context.span_id


@pytest.mark.parametrize("said", ["", "nonsense", "00-0-0-01", b"\xff", 7])
def test_a_message_that_says_no_trace_begins_one(said: object) -> None:
    assert spans.sent_with({"traceparent": said}) is None


def test_outside_of_a_trace_a_message_carries_nothing() -> None:
    assert spans.carried() == {}
    with spans.span("nobody listens"):
        assert spans.carried() == {}


def test_an_error_is_told_by_its_class_alone() -> None:
    with listening() as ear, pytest.raises(ValueError, match="Kim"), spans.span("step"):
        raise ValueError("Kim de Vries is refused")

    step = ear.steps()["step"]
    assert step.status.status_code is StatusCode.ERROR
    assert step.status.description is None
    assert step.events == ()
    assert dict(step.attributes or {}) == {
        "instroom.outcome": "ValueError",
        "error.type": "ValueError",
    }


def test_a_step_apart_begins_a_trace_with_a_link_to_what_began_it() -> None:
    with listening() as ear, spans.span("sweep"), spans.apart("look again", person="p1"):
        pass

    sweep, apart = ear.steps()["sweep"], ear.steps()["look again"]
    assert apart.context.trace_id != sweep.context.trace_id
    assert [link.context.span_id for link in apart.links] == [sweep.context.span_id]
    assert apart.parent is None


def test_a_share_of_the_traces_leaves_each_whole_whatever_the_host_says() -> None:
    parents = [f"00-{n * 2**120 + 2**60 * n:032x}-b7ad6b7169203331-00" for n in range(1, 201)]
    with listening(percent=25.0) as ear:
        for parent in parents:
            within = spans.sent_with({"traceparent": parent})
            with spans.span("one", within=within), spans.span("two"):
                pass

    found = ear.spans.get_finished_spans()
    ones = {span.context.trace_id for span in found if span.name == "one"}
    assert ones == {span.context.trace_id for span in found if span.name == "two"}
    assert 0 < len(ones) < len(parents)
    assert {dict(span.attributes or {})["_MS.sampleRate"] for span in found} == {25.0}
