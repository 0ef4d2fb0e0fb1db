"""How do log lines leave with their trace? A handler for the app's own logger and for no other.

Libraries log addresses and payloads; what they say stays with the process.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from opentelemetry._logs import LogRecord, SeverityNumber

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider

OWN = "instroom"
FACTS = "facts"
"""Where `shared.log` leaves the facts of a line."""
_SEVERITY = {
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
}


class Lines(logging.Handler):
    """Hands each line on: the text, its facts one by one, and the trace it was said in."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__(logging.INFO)
        self._logger = provider.get_logger(OWN)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one line on."""
        facts: dict[str, object] = getattr(record, FACTS, {})
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                severity_number=_SEVERITY.get(record.levelno, SeverityNumber.INFO),
                severity_text=record.levelname,
                body=record.getMessage(),
                attributes={f"{OWN}.{key}": str(value) for key, value in facts.items()},
            )
        )
