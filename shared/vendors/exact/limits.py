"""How many calls are left, of this minute and this day? Read from every answer's headers.

X-RateLimit-Remaining and -Reset are the day's, X-RateLimit-Minutely-... the minute's; resets are
epoch milliseconds (picqer/exact-php-client). With the minute used up only its own headers come.
A call that is known to be refused is not made: the wait is slept, or told when it is too long.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping

import httpx

from shared.errors import Transient
from shared.rest import retry_after_header

MINUTE_SECONDS, DAY_SECONDS = 60.0, 86_400.0
LONGEST_SLEEP_SECONDS = 75.0

_OF_THE_DAY = ("limit", "remaining")
type Pause = Callable[[float], Awaitable[None]]


class Limits:
    """The limits of one company and app; `wall` gives seconds since the epoch."""

    def __init__(self, wall: Callable[[], float], pause: Pause) -> None:
        self._wall = wall
        self._pause = pause
        self._until = -math.inf

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember when the next call can be made, if this one was the last."""
        wait = self._wait(headers)
        if wait is not None:
            self._until = max(self._until, self._wall() + wait)

    async def room(self) -> None:
        """Return when a call can be made. Raises Transient when that is not soon."""
        wait = self._until - self._wall()
        if wait > LONGEST_SLEEP_SECONDS:
            raise Transient(
                "Exact Online: the calls of this day are used up", retry_after_seconds=wait
            )
        if wait > 0:
            await self._pause(wait)

    def retry_after(self, answer: httpx.Response) -> float | None:
        """Seconds that a refusal asks for; a minute when a used-up limit says nothing."""
        asked = retry_after_header(answer)
        if asked is not None or answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return asked
        wait = self._wait(answer.headers)
        return MINUTE_SECONDS if wait is None else wait

    def quota(self, answer: httpx.Response) -> float | None:
        """Percent of the day's calls that are used."""
        most, left = (answer.headers.get(f"x-ratelimit-{what}", "") for what in _OF_THE_DAY)
        if not (most.isdecimal() and left.isdecimal() and int(most)):
            return None
        return 100 * (1 - int(left) / int(most))

    def _wait(self, headers: Mapping[str, str]) -> float | None:
        """Seconds until what is used up begins anew; None while something is left of both."""
        if headers.get("x-ratelimit-remaining") == "0":
            return self._until_reset(headers.get("x-ratelimit-reset"), DAY_SECONDS)
        if headers.get("x-ratelimit-minutely-remaining") == "0":
            return self._until_reset(headers.get("x-ratelimit-minutely-reset"), MINUTE_SECONDS)
        return None

    def _until_reset(self, reset: str | None, most: float) -> float:
        """Until then; the whole window when the clocks do not agree."""
        if not reset or not (reset.isascii() and reset.isdecimal()):
            return most
        seconds = int(reset) / 1000 - self._wall()
        return seconds + 1 if 0 <= seconds <= most else most
