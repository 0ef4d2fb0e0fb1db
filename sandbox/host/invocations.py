"""Run one function once, say so in one line, and know which runs are still open.

Every trigger calls `Invocations.run`; `running` waits on it at the end. The line holds time,
function, trigger, outcome, milliseconds and invocation id, and never a payload.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from sandbox.host import worker
from sandbox.host.functions import Function

_TRACE_PARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")


@dataclass(frozen=True)
class Line:
    """One finished call, as the console shows it."""

    at: datetime
    function: str
    trigger: str
    outcome: str
    milliseconds: int
    call_id: str

    def __str__(self) -> str:
        """`12:00:01.250Z  due  timer  succeeded  12 ms  <invocation id>`."""
        at = self.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.at.microsecond // 1000:03d}Z"
        return (
            f"{at}  {self.function}  {self.trigger}  {self.outcome}"
            f"  {self.milliseconds} ms  {self.call_id}"
        )


class Runs(Protocol):
    """What a trigger needs of `Invocations`."""

    async def run(
        self,
        function: Function,
        argument: worker.Argument,
        *,
        metadata: Mapping[str, worker.Plain] | None = None,
        trace_parent: str = "",
        trigger: str = "",
    ) -> worker.Result:
        """Run the function and report it."""
        ...


@dataclass
class Invocations:
    """The calls of one host; `say` gets a line for each when it ended."""

    say: Callable[[Line], None]
    cut_off: int = 0
    _open: set[str] = field(default_factory=set)

    @property
    def open(self) -> int:
        """How many calls have not ended."""
        return len(self._open)

    async def run(
        self,
        function: Function,
        argument: worker.Argument,
        *,
        metadata: Mapping[str, worker.Plain] | None = None,
        trace_parent: str = "",
        trigger: str = "",
    ) -> worker.Result:
        """Run the function and report it; `trigger` tells a call by hand from its own."""
        call_id = str(uuid.uuid4())
        started = time.perf_counter()
        outcome = "cut off"
        self._open.add(call_id)
        try:
            result = await worker.invoke(
                call_id, function.indexed, argument, metadata, own_step(trace_parent)
            )
            outcome = _outcome(result)
        except asyncio.CancelledError:  # the grace of a stop is over
            self.cut_off += 1
            raise
        finally:
            self._open.discard(call_id)
            took = round((time.perf_counter() - started) * 1000)
            now = datetime.now(UTC)
            self.say(Line(now, function.name, trigger or function.kind, outcome, took, call_id))
        return result


def own_step(trace_parent: str) -> str:
    """The step of the host itself that the function runs under: in the caller's trace, or a new.

    As the host does, whatever the trigger (W3C Trace Context, traceparent).
    """
    given = _TRACE_PARENT.fullmatch(trace_parent)
    trace, flags = given.groups() if given else (secrets.token_hex(16), "01")
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


def _outcome(result: worker.Result) -> str:
    if not result.ok:
        return "failed"
    return "succeeded" if result.response is None else f"succeeded {result.response.status}"
