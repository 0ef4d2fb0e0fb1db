"""Which queues are there, and with which settings? The table of Instroom's queues.

A setting is called here what the Service Bus documentation calls it, durations in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_SECONDS = 86_400
STANDARD_MESSAGE_BYTES = 262_144  # the Standard tier's limit, headers included


@dataclass(frozen=True)
class QueueSettings:
    """One queue: whether it has sessions, how long locks and messages live, when it gives up."""

    name: str
    requires_session: bool = False
    lock_seconds: float = 300
    max_delivery_count: int = 5
    ttl_seconds: float = 14 * DAY_SECONDS
    duplicate_window_seconds: float = 600  # 0: duplicates are not detected
    dead_letter_on_expiry: bool = True
    max_message_bytes: int = STANDARD_MESSAGE_BYTES

    def __post_init__(self) -> None:
        if not self.name or self.name.startswith("$") or "/$" in self.name:
            raise ValueError(f"no queue can be called {self.name!r}")
        if self.lock_seconds <= 0 or self.ttl_seconds <= 0 or self.duplicate_window_seconds < 0:
            raise ValueError(f"queue {self.name}: durations are positive")
        if self.max_delivery_count < 1 or self.max_message_bytes < 1:
            raise ValueError(f"queue {self.name}: limits are at least 1")


INSTROOM_QUEUES = (
    QueueSettings("hr-signals", ttl_seconds=DAY_SECONDS),
    QueueSettings("entra", requires_session=True),
    QueueSettings("topdesk", requires_session=True),
    QueueSettings("hr-updates", requires_session=True),
    QueueSettings("notices"),
)
