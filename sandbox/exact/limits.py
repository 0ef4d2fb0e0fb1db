"""May this call still be made? Calls a minute and a day, and a budget of errors an hour.

The headers come with every answer; with the minute used up only those of the minute do, as seen by
users of picqer/exact-php-client. Resets are epoch milliseconds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sandbox.exact.settings import Environment
from sandbox.exact.wire import Refused

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_COUNTED = (400, 401, 403, 404)


@dataclass
class Limits:
    """What one company and app have used."""

    environment: Environment
    minutes: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    days: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    errors: dict[tuple[int, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    blocked: dict[tuple[int, str], float] = field(default_factory=dict)

    def admit(self, division: int, endpoint: str) -> None:
        """Count the call. Raises Refused when there is no room for it."""
        now = self.environment.clock.wall()
        if self.blocked.get((division, endpoint), 0.0) > now:
            raise Refused(403, "Forbidden - Error limit exceeded", "ErrorLimitExceeded")
        minute, day = (division, int(now // _MINUTE)), (division, int(now // _DAY))
        if self.minutes[minute] >= self.environment.per_minute:
            raise Refused(429, "Too many requests", "Minutely limit exceeded")
        if self.days[day] >= self.environment.per_day:
            raise Refused(429, "Too many requests", "Daily limit exceeded")
        self.minutes[minute] += 1
        self.days[day] += 1

    def note(self, division: int, endpoint: str, status: int) -> None:
        """Remember an error; more of them in an hour than allowed block the key for an hour."""
        if status not in _COUNTED:
            return
        now = self.environment.clock.wall()
        key = (division, endpoint)
        self.errors[key] = [moment for moment in self.errors[key] if moment > now - _HOUR] + [now]
        if len(self.errors[key]) > self.environment.errors_per_hour:
            self.blocked[key] = now + _HOUR

    def headers(self, division: int) -> dict[str, str]:
        """The limits as an answer tells them."""
        now = self.environment.clock.wall()
        minute, day = int(now // _MINUTE), int(now // _DAY)
        left = self.environment.per_minute - self.minutes[division, minute]
        minutely = {
            "X-RateLimit-Minutely-Limit": str(self.environment.per_minute),
            "X-RateLimit-Minutely-Remaining": str(max(0, left)),
            "X-RateLimit-Minutely-Reset": str((minute + 1) * _MINUTE * 1000),
        }
        if left <= 0:
            return minutely
        return minutely | {
            "X-RateLimit-Limit": str(self.environment.per_day),
            "X-RateLimit-Remaining": str(self.environment.per_day - self.days[division, day]),
            "X-RateLimit-Reset": str((day + 1) * _DAY * 1000),
        }
