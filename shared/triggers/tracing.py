"""Under what is the work of a function seen? A step of its name, in the trace that caused it.

For every function of this room. What the host attached goes before; else the message says it. The
host tells of the request itself: a second one of ours would count each call twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

import azure.functions as func

from shared import wiring_telemetry
from shared.telemetry import measures, spans
from shared.telemetry.measures import Measure


def traced[**P, R](function: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """The function, seen; its name, arguments and annotations are what the worker finds."""

    @wraps(function)
    async def run(*args: P.args, **given: P.kwargs) -> R:
        wiring_telemetry.begin()
        name = function.__name__
        every = (*args, *given.values())
        heard = next((one for one in every if isinstance(one, func.ServiceBusMessage)), None)
        within = spans.sent_with(heard.application_properties) if heard else None
        outcome = "ok"
        try:
            with spans.span(name, within=within, function=name):
                return await function(*args, **given)
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            measures.count(Measure.RUNS, function=name, outcome=outcome)

    return run
