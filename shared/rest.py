"""How do we speak HTTP? One way for every vendor: slots, timeouts, retries, status to error.

Vendors call `Rest.call`, or `persist` when another client does the sending; they get back every
answer that says something about the request (2xx, 3xx, 4xx) and own the meaning. What says
nothing about it ends here:

    429                        slept and repeated, whatever the verb: it was not carried out
    never connected            repeated, whatever the verb; at last TargetDown
    408, 5xx, lost or no reply repeated when the call is idempotent; at last TargetDown,
                               Transient, or UnknownReply for a write
                               at once UnknownReply for a write that is not

A wait that the other side asks for is slept up to 20 s; a longer one is a Transient that carries
it. No call takes longer than 55 s in all. Bodies, query values and path values are never logged,
nor said in the span that each call is.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx
import stamina

from shared.errors import TargetDown, Transient, UnknownReply
from shared.telemetry import facts, measures, spans
from shared.telemetry.measures import Measure

logger = logging.getLogger(__name__)

type Send = Callable[[], Awaitable[httpx.Response]]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Verbs that change nothing (RFC 9110, 9.2.1)."""
IDEMPOTENT = SAFE | {"PUT", "DELETE"}
"""Verbs that may be repeated without asking (RFC 9110, 9.2.2); PATCH and POST are not."""
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
NO_REPLY = (
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
)
AWAY = frozenset({502, 503})
"""A gateway without its application, or maintenance: nobody can be served."""

_SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "x-functions-key"})


@dataclass(frozen=True)
class Patience:
    """How long one call may go on, all repetitions and waits included."""

    attempts: int = 5
    total_seconds: float = 55.0
    """Below the 60 s that a claim reserves for one call."""
    attempt_seconds: float = 30.0
    longest_sleep_seconds: float = 20.0


@dataclass(frozen=True)
class Call:
    """One request, as far as errors, logs and retries need to know it."""

    name: str
    """The system spoken to."""
    method: str
    template: str
    """The path with placeholders instead of values."""
    idempotent: bool | None = None
    """May it be repeated? None: as its verb says."""

    @property
    def is_repeatable(self) -> bool:
        """May it be sent again when the first one may have been carried out?"""
        return self.method in IDEMPOTENT if self.idempotent is None else self.idempotent

    @property
    def is_write(self) -> bool:
        """Is it worth knowing whether it happened?"""
        return self.method not in SAFE

    def __str__(self) -> str:
        """The call without any value in it."""
        return f"{self.name}: {self.method} {self.template}"


class _Again(Exception):
    """This attempt may be followed by another; `error` is what to raise when none follows."""

    def __init__(self, error: Transient) -> None:
        super().__init__(error.reason)
        self.error = error


def retry_after_header(response: httpx.Response) -> float | None:
    """Seconds to wait, from Retry-After in either form (RFC 9110, 10.2.3); None without."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True)
class Manners:
    """What is particular about a system: how it asks for a pause, which 5xx are answers."""

    retry_after: Callable[[httpx.Response], float | None] = retry_after_header
    answers: Collection[int] = (501,)
    """Statuses from 500 up that say something about the request, and so go to the vendor."""
    patience: Patience = field(default_factory=Patience)
    quota: Callable[[httpx.Response], float | None] = lambda _: None
    """How much of what it allows is used up, in percent, when the system says so."""


class Rest:
    """One system over httpx, with at most `concurrency` requests under way at once."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        name: str,
        concurrency: int,
        manners: Manners | None = None,
    ) -> None:
        keep_urls_out_of_logs()
        self._client = client
        self._name = name
        self._slots = asyncio.Semaphore(concurrency)
        self._manners = manners or Manners()

    async def call(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> httpx.Response:
        """Send, repeat where that is safe, and return an answer that is about the request.

        `path` is a template; `{name}` in it becomes `at["name"]`, percent-encoded, and only the
        template is logged. `idempotent=True` allows a PATCH or POST to be repeated. Raises
        Transient, TargetDown or UnknownReply.
        """
        url = fill(path, at)

        async def send() -> httpx.Response:
            return await self._client.request(
                method, url, json=json, params=params, headers=headers
            )

        call = Call(self._name, method, path, idempotent)
        return await persist(call, send, slots=self._slots, manners=self._manners)


async def persist(
    call: Call, send: Send, *, slots: asyncio.Semaphore, manners: Manners | None = None
) -> httpx.Response:
    """The one retry loop: send until there is an answer about the request, or give up.

    `send` makes one attempt and raises httpx's errors. Raises as the table above says.
    """
    name, template = f"{call.method} {facts.plain(call.template)}", call.template
    with spans.span(name, spans.CALL, system=call.name, method=call.method, template=template):
        return await _persisted(call, send, slots=slots, manners=manners or Manners())


async def _persisted(
    call: Call, send: Send, *, slots: asyncio.Semaphore, manners: Manners
) -> httpx.Response:
    patience = manners.patience
    deadline = time.monotonic() + patience.total_seconds
    attempts = stamina.retry_context(
        on=_pause(patience, deadline),
        attempts=patience.attempts,
        timeout=patience.total_seconds,
    )
    try:
        async for attempt in attempts:
            with attempt:
                spans.note(attempts=attempt.num)
                return await _once(call, send, slots=slots, manners=manners, deadline=deadline)
    except _Again as last:
        raise last.error from last.__cause__
    raise AssertionError("a retry loop either returns or raises")


def fill(template: str, at: Mapping[str, str] | None = None) -> str:
    """The path with its placeholders filled, percent-encoded.

    Raises ValueError for an empty value: `/users/` and what lies under it are other things.
    """
    if empty := [key for key, value in (at or {}).items() if value in ("", ".", "..")]:
        raise ValueError(f"{template}: no value for {', '.join(empty)}")
    return template.format_map({k: quote(v, safe="") for k, v in (at or {}).items()})


def keep_urls_out_of_logs() -> None:
    """The httpx library logs URLs at INFO, with names and numbers in them; we log templates."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with every credential blotted out: fit for an error message."""
    return {k: "***" if k.lower() in _SECRET_HEADERS else v for k, v in headers.items()}


def _pause(patience: Patience, deadline: float) -> Callable[[Exception], bool | float]:
    """How long to wait before the next attempt; False for none. What is asked for wins if longer.

    Our own waits double from a quarter of a second, with jitter so that workers spread.
    """
    doubling = (min(5.0, 0.25 * 2**n) for n in itertools.count())

    def pause(error: Exception) -> bool | float:
        if not isinstance(error, _Again):
            return False
        own = next(doubling) + random.uniform(0.0, 1.0)  # noqa: S311 - spreads, hides nothing
        wait = max(error.error.retry_after_seconds or 0.0, own)
        fits = time.monotonic() + wait < deadline
        return wait if fits and wait <= patience.longest_sleep_seconds else False

    return pause


async def _once(
    call: Call, send: Send, *, slots: asyncio.Semaphore, manners: Manners, deadline: float
) -> httpx.Response:
    """One attempt: an answer about the request, _Again, or the error that ends the call."""
    try:
        async with asyncio.timeout_at(_loop_time(deadline)):
            await slots.acquire()
    except TimeoutError as error:
        raise Transient(f"{call}: no free slot in time") from error
    try:
        limit = min(manners.patience.attempt_seconds, deadline - time.monotonic())
        return _judged(call, await _sent(call, send, limit), manners)
    finally:
        slots.release()


def _loop_time(deadline: float) -> float:
    """The same moment on the event loop's clock."""
    return asyncio.get_running_loop().time() + deadline - time.monotonic()


async def _sent(call: Call, send: Send, limit_seconds: float) -> httpx.Response:
    """Whatever was answered, with one line in the log; raises when there was no answer."""
    began = time.monotonic()
    outcome = "no reply"
    try:
        async with asyncio.timeout(limit_seconds):
            response = await send()
        outcome = str(response.status_code)
        spans.note(status=response.status_code)
    except NEVER_SENT as error:
        raise _Again(TargetDown(f"{call}: no connection")) from error
    except (TimeoutError, *NO_REPLY) as error:
        raise _unanswered(call, error) from error
    finally:
        seconds = time.monotonic() - began
        measures.took(Measure.CALLS, seconds, system=call.name, outcome=outcome)
        logger.debug("%s -> %s in %.0f ms", call, outcome, seconds * 1000)
    return response


def _judged(call: Call, response: httpx.Response, manners: Manners) -> httpx.Response:
    """The response when it is an answer about the request."""
    status = response.status_code
    if (used := manners.quota(response)) is not None:
        measures.stands_at(Measure.QUOTA, used, system=call.name)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = manners.retry_after(response)
        measures.count(Measure.THROTTLED, system=call.name)
        raise _Again(Transient(f"{call}: throttled", retry_after_seconds=wait))
    if status != httpx.codes.REQUEST_TIMEOUT and (status < 500 or status in manners.answers):  # noqa: PLR2004 - the class of server errors
        return response
    told, wait = f"{call}: answered {status}", manners.retry_after(response)
    if not call.is_repeatable:
        raise UnknownReply(told, retry_after_seconds=wait)
    kind = TargetDown if status in AWAY else UnknownReply if call.is_write else Transient
    raise _Again(kind(told, retry_after_seconds=wait))


def _unanswered(call: Call, error: Exception) -> Exception:
    """What no reply means: for a write that it may have happened."""
    told = f"{call}: no reply"
    if not call.is_repeatable:
        return UnknownReply(told)
    if call.is_write:
        return _Again(UnknownReply(told))
    slow = isinstance(error, TimeoutError | httpx.TimeoutException)
    return _Again(Transient(told) if slow else TargetDown(told))
