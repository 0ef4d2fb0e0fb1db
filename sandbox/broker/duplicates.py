"""Was a message with this id sent before, within the window?

The window runs from the first arrival of an id; completing or dead-lettering the message does not
free it (Service Bus documentation, duplicate detection).
"""

from __future__ import annotations


class Duplicates:
    """The ids of the last `window_seconds`, oldest first; forgetting is O(1) a message."""

    def __init__(self, window_seconds: float) -> None:
        self._window_seconds = window_seconds
        self._seen: dict[str, tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def first(self, message_id: str, now: float) -> int | None:
        """The sequence number under which this id is remembered, or None when it is new."""
        while self._seen:
            oldest = next(iter(self._seen))
            if self._seen[oldest][0] > now:
                break
            del self._seen[oldest]
        known = self._seen.get(message_id)
        return known[1] if known is not None else None

    def remember(self, message_id: str, sequence: int, now: float) -> None:
        """This id arrived now."""
        if self._window_seconds > 0:
            self._seen[message_id] = (now + self._window_seconds, sequence)
