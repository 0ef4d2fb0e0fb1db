"""Is anybody told what the app does? Asked by the first function of a process, and then no more.

The command line tells nobody: it is somebody at a desk.
"""

from __future__ import annotations

import atexit

from shared import wiring
from shared.errors import Misconfigured
from shared.settings import Settings
from shared.telemetry import places
from shared.telemetry.places import Places, Telemetry

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
    return places.start(
        Places(
            azure_monitor=settings.insights,
            otlp=settings.otlp or "",
            percent=settings.trace_percent,
        )
    )
