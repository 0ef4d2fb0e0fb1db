"""Under what the work of a function is seen, and that the worker still finds what it looks for."""

from __future__ import annotations

import inspect
from typing import Any

import azure.functions as func  # noqa: TID251 - these are the tests of the room that knows it
import pytest
from listening import listening

from shared import wiring_telemetry
from shared.settings import Settings
from shared.telemetry import spans
from shared.triggers.tracing import traced

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Message(func.ServiceBusMessage):
    """A message that carries a trace."""

    def get_body(self) -> bytes:
        return b"{}"

    @property
    def application_properties(self) -> dict[str, Any]:
        return {"Diagnostic-Id": PARENT}


@traced
async def works(message: func.ServiceBusMessage) -> str:
    """Do it."""
    return message.get_body().decode()


@traced
async def breaks(timer: object) -> None:
    raise RuntimeError(f"Kim de Vries {timer}")


async def test_a_function_goes_on_with_the_trace_of_its_message() -> None:
    with listening() as ear:
        assert await works(message=Message()) == "{}"
        points = ear.points()

    step = ear.steps()["works"]
    assert step.parent is not None
    assert f"{step.parent.span_id:016x}" == PARENT.split("-")[2]
    assert points["instroom.runs"] == [
        ({"instroom.function": "works", "instroom.outcome": "ok"}, 1)
    ]


async def test_what_the_host_attached_goes_before_the_message() -> None:
    with listening() as ear, spans.span("host", within=spans.sent_with({"traceparent": PARENT})):
        await works(Message())

    parent = ear.steps()["works"].parent
    assert parent is not None
    assert parent.span_id == ear.steps()["host"].context.span_id


async def test_a_bug_rises_and_is_counted_by_its_class() -> None:
    with listening() as ear, pytest.raises(RuntimeError, match="Kim"):
        await breaks(timer=None)

    [(said, times)] = ear.points()["instroom.runs"]
    assert (said["instroom.outcome"], times) == ("RuntimeError", 1)
    assert ear.steps()["breaks"].status.description is None


def test_the_worker_finds_name_arguments_and_annotations() -> None:
    assert works.__name__ == "works"
    assert list(inspect.signature(works).parameters) == ["message"]
    assert inspect.iscoroutinefunction(works)
    assert "message" in works.__annotations__


def test_nobody_is_told_unless_a_setting_says_so() -> None:
    assert wiring_telemetry.start(Settings()) is None
