"""What does a message make happen? A signal reads a person again; a wake converges one target; a
notice is sent.

Messages carry no state. Returning completes a message; raising gives it back, and is for bugs and
for a claim that ran out.
"""

from __future__ import annotations

import azure.functions as func

from shared import flow, log, wiring
from shared.bus import envelope
from shared.errors import Misconfigured, Permanent
from shared.model.desired import TargetName
from shared.triggers.tracing import traced

blueprint = func.Blueprint()
_CONNECTION = "ServiceBusConnection"


@blueprint.function_name("hr_signal")
@blueprint.service_bus_queue_trigger("message", _CONNECTION, queue_name="hr-signals")
@traced
async def hr_signal(message: func.ServiceBusMessage) -> None:
    """Read the person again whose number was signalled."""
    try:
        said = envelope.signalled(message.get_body())
        await flow.signalled(await wiring.service(), said.source, said.number)
    except (Permanent, Misconfigured) as error:
        # It will never work, and the full sync covers it: no reason to deliver it five times.
        log.warning("signal dropped", reason=error)


@blueprint.function_name("apply_entra")
@blueprint.service_bus_queue_trigger(
    "message", _CONNECTION, queue_name="entra", is_sessions_enabled=True
)
@traced
async def apply_entra(message: func.ServiceBusMessage) -> None:
    """Converge one person in Entra ID."""
    await _provision(TargetName.ENTRA, message)


@blueprint.function_name("apply_topdesk")
@blueprint.service_bus_queue_trigger(
    "message", _CONNECTION, queue_name="topdesk", is_sessions_enabled=True
)
@traced
async def apply_topdesk(message: func.ServiceBusMessage) -> None:
    """Converge one person in TOPdesk."""
    await _provision(TargetName.TOPDESK, message)


@blueprint.function_name("apply_hr")
@blueprint.service_bus_queue_trigger(
    "message", _CONNECTION, queue_name="hr-updates", is_sessions_enabled=True
)
@traced
async def apply_hr(message: func.ServiceBusMessage) -> None:
    """Tell the HR systems of one person's account."""
    await _provision(TargetName.HR, message)


@blueprint.function_name("notify")
@blueprint.service_bus_queue_trigger("message", _CONNECTION, queue_name="notices")
@traced
async def notify(message: func.ServiceBusMessage) -> None:
    """Send one notice to a manager or to operators."""
    try:
        notice_id = envelope.noticed(message.get_body())
    except Permanent as error:
        log.warning("message dropped", reason=error)
        return
    await flow.notify(await wiring.service(), notice_id)


async def _provision(target: TargetName, message: func.ServiceBusMessage) -> None:
    try:
        person_id = envelope.woken(message.get_body())
    except Permanent as error:
        log.warning("message dropped", target=target, reason=error)
        return
    await flow.provision(await wiring.service(), target, person_id)
