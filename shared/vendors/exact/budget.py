"""May this endpoint be asked at all, after so many refusals? Exact blocks keys that err too often.

More than ten answers of 400, 401, 403 or 404 in an hour for one key, user, company and endpoint
block the key for an hour, and longer when repeated (Invantive's notes on Exact Online's limits).
We stop at half of that: a refused token is tried twice, and another process may count too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from shared.errors import Transient

COUNTED = frozenset({400, 401, 403, 404})
ALLOWED = 5
HOUR_SECONDS = 3600.0


class ErrorBudget:
    """The refusals of the last hour, in this process; `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._refused: dict[tuple[int, str], list[float]] = defaultdict(list)

    def check(self, division: int, resource: str) -> None:
        """Raise Transient while this endpoint had better be let alone."""
        recent = self._recent(division, resource)
        if len(recent) >= ALLOWED:
            wait = recent[0] + HOUR_SECONDS - self._monotonic()
            raise Transient(
                f"Exact Online refused {resource} of division {division} {len(recent)} times in "
                "an hour: it is let alone, or Exact would block the app's key",
                retry_after_seconds=wait,
            )

    def note(self, division: int, resource: str, status: int) -> None:
        """Remember a refusal; other answers do not count."""
        if status in COUNTED:
            self._recent(division, resource).append(self._monotonic())

    def _recent(self, division: int, resource: str) -> list[float]:
        since = self._monotonic() - HOUR_SECONDS
        key = (division, resource)
        self._refused[key] = [moment for moment in self._refused[key] if moment > since]
        return self._refused[key]
