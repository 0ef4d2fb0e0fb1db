"""Say what happened, as key=value, with opaque keys only: never a name, an address, a payload.

The facts also go with the line one by one, for where lines are searched; the trace that a line
belongs to is added there (shared/telemetry/lines.py).

Operators rely on `decided`, `applied`, `parked`, `held` and `target down`; tests assert those.
"""

from __future__ import annotations

import logging

_LOGGER = logging.getLogger("instroom")


def info(what: str, **facts: object) -> None:
    """Say that something went as it should."""
    _LOGGER.info("%s %s", what, _facts(facts), extra={"facts": facts})


def warning(what: str, **facts: object) -> None:
    """Say that somebody must mend something."""
    _LOGGER.warning("%s %s", what, _facts(facts), extra={"facts": facts})


def _facts(facts: dict[str, object]) -> str:
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in facts.items())


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
