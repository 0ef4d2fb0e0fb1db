"""Is anybody told what the app does? Asked by the first function of a process, and then no more.

The command line tells nobody: it is somebody at a desk.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from shared import wiring
from shared.errors import Misconfigured
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.telemetry.places import Telemetry

_begun = False


def begin() -> None:
    """Send to the places that the settings name, from now until the process ends."""
    global _begun  # noqa: PLW0603 - once a process
    if _begun:
        return
    _begun = True
    try:
        started = start(wiring.settings())
    except Misconfigured:
        return  # told by health, and then the process is started anew
    if started:
        atexit.register(started.stop)


def start(settings: Settings) -> Telemetry | None:
    """Send to the places that these settings name; None when they name none."""
    if not (settings.insights or settings.otlp):
        return None
    from shared.telemetry import places  # noqa: PLC0415 - 50 ms for those alone who tell somebody

    return places.start(
        places.Places(
            azure_monitor=settings.insights,
            otlp=settings.otlp or "",
            percent=settings.trace_percent,
        )
    )
