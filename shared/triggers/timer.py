"""What does the clock make happen? Polls, full syncs, the sweep of what is due, drift and upkeep.

A source that fails is told in its cursor and in the log; the other sources go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import azure.functions as func

from shared import flow, log, wiring
from shared.errors import InstroomError, LostRace, Permanent, Transient
from shared.flow.service import Service
from shared.telemetry import measures, spans
from shared.telemetry.measures import Measure
from shared.triggers.tracing import traced

blueprint = func.Blueprint()


@blueprint.function_name("hr_poll")
@blueprint.timer_trigger("timer", schedule="%HR_POLL_SCHEDULE%")
@traced
async def hr_poll(timer: func.TimerRequest) -> None:
    """Collect what changed since the last poll."""
    del timer
    await _each_source(flow.poll)


@blueprint.function_name("hr_full_sync")
@blueprint.timer_trigger("timer", schedule="%HR_FULL_SYNC_SCHEDULE%")
@traced
async def hr_full_sync(timer: func.TimerRequest) -> None:
    """Collect everyone, and note the missing."""
    del timer
    await _each_source(flow.full_sync)


@blueprint.function_name("due")
@blueprint.timer_trigger("timer", schedule="%DUE_SCHEDULE%")
@traced
async def due(timer: func.TimerRequest) -> None:
    """Bring back what is due: dates, leases, retries, approvals, a new policy."""
    del timer
    await flow.sweep(await wiring.service())


@blueprint.function_name("drift")
@blueprint.timer_trigger("timer", schedule="%DRIFT_SCHEDULE%")
@traced
async def drift(timer: func.TimerRequest) -> None:
    """Look what was changed in Entra behind our back."""
    del timer
    try:
        await flow.drift(await wiring.service())
    except LostRace:
        log.info("another run was first", timer="drift")
    except (Transient, Permanent) as error:
        log.warning("drift not seen", reason=error)


@blueprint.function_name("upkeep")
@blueprint.timer_trigger("timer", schedule="%UPKEEP_SCHEDULE%")
@traced
async def upkeep(timer: func.TimerRequest) -> None:
    """Look after certificates, secrets, the history and what need not be remembered."""
    del timer
    from shared import wiring_upkeep  # noqa: PLC0415 - once a day; a cold start waits for nothing

    async with wiring_upkeep.tasks() as tasks:
        await flow.upkeep(await wiring.service(), tasks)


async def _each_source(collect: Callable[[Service, str], Awaitable[int]]) -> None:
    service = await wiring.service()
    for source in service.asked:
        outcome = "ok"
        try:
            with spans.span("read HR", source=source):
                await collect(service, source)
        except LostRace:
            outcome = "LostRace"
            log.info("another run was first", source=source)
        except InstroomError as error:
            outcome = type(error).__name__
            log.warning("source not read", source=source, reason=error)
        measures.count(Measure.POLLS, source=source, outcome=outcome)
