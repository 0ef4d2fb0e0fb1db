"""Whatever a vendor answers, only our own errors come of it, or readings."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from contract.source.exact_stage import DIVISION, SITE, Granted
from contract.source.nmbrs_stage import Rig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.afas import make_app
from sandbox.clock import ManualClock
from sandbox.exact import make_app as make_exact
from sandbox.world import Answers, World
from shared.errors import InstroomError
from shared.flow.answer import mark_of, opened
from shared.intake.afas import AfasSource, Views
from shared.intake.exact import ExactSource
from shared.intake.exact_rows import Administration
from shared.intake.source import Source
from shared.model.person import Record
from shared.vendors.afas import Afas
from shared.vendors.exact.client import Exact

PEOPLE = 6
TOKEN = "AB" * 32
CALLS = 60
"""More than any of these reads needs: one that goes on for ever is an error of ours."""

type Spoil = Callable[[bytes], bytes]
type Played = tuple[Source, Callable[[], Awaitable[None]]]


class Spoiled(httpx.AsyncBaseTransport):
    """The rig, but for one answer that is not as it was."""

    def __init__(self, inner: httpx.AsyncBaseTransport, at: int, spoil: Spoil) -> None:
        self._inner, self._at, self._spoil = inner, at, spoil
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if request.method != "GET" or "/connect/" in request.url.path:
            return answer
        self.calls += 1
        assert self.calls < CALLS, "it reads for ever"
        body = await answer.aread()
        if self.calls - 1 != self._at:
            return httpx.Response(answer.status_code, content=body, headers=answer.headers)
        return httpx.Response(answer.status_code, content=self._spoil(body))


def _world(clock: ManualClock) -> World:
    world = World.generate(1, PEOPLE, clock.now().date(), clock=clock)
    clock.advance(7200)
    return world


def _afas(views: Views) -> Callable[[int, Spoil], Played]:
    def made(at: int, spoil: Spoil) -> Played:
        clock = ManualClock()
        app = make_app(_world(clock), token=TOKEN, clock=clock)
        way = Spoiled(httpx.ASGITransport(app), at, spoil)
        afas = Afas("http://afas.test/ProfitRestServices", TOKEN, way)
        return AfasSource(afas, views), afas.close

    return made


def _nmbrs(at: int, spoil: Spoil) -> Played:
    rig = Rig.of(PEOPLE)
    rig.transport = Spoiled(rig.transport, at, spoil)
    return rig.source(), rig.close


def _exact(at: int, spoil: Spoil) -> Played:
    clock = ManualClock()
    app = make_exact(_world(clock), clock=clock, answers=Answers())
    way = Spoiled(httpx.ASGITransport(app), at, spoil)
    auth = Granted(app.state.rig, clock)
    exact = Exact(SITE, auth, transport=way, wall=clock.wall, monotonic=clock.wall)
    return ExactSource(exact, [Administration(DIVISION)]), exact.close


SOURCES: dict[str, Callable[[int, Spoil], Played]] = {
    "AFAS": _afas(Views()),
    "AFAS in one view": _afas(Views("Profit_Employees", "Profit_Employees")),
    "Nmbrs": _nmbrs,
    "Exact": _exact,
}
DEEP: list[Any] = functools.reduce(lambda inner, _: [inner], range(2500), [])
"""Deeper than cells are packed, and no deeper than JSON is parsed."""
ODD: list[Any] = [
    None, True, -1, 0, 2**70, 1.5, 1e308, float("nan"), "", "x" * 300, "ooit", "9999-12-31",
    "2024-02-30", "\u0000", "\ud800", DEEP, [], [[]], {}, {"a": 1}, [None], [1],
]  # fmt: skip


def _in_structure(body: bytes, path: list[int], odd: Any) -> bytes:
    """The JSON with one value, somewhere in it, replaced."""
    whole: Any = json.loads(body)
    here = whole
    for step in path:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            break
        key = keys[step % len(keys)]
        if step == path[-1] or not isinstance(here[key], dict | list):
            here[key] = odd
            break
        here = here[key]
    return json.dumps(whole).encode()


def _in_bytes(body: bytes, place: int, cut: int, put: bytes) -> bytes:
    at = place % (len(body) + 1)
    return body[:at] + put + body[at + cut :]


STRUCTURES = st.builds(
    lambda path, odd: lambda body: _in_structure(body, path, odd),
    st.lists(st.integers(0, 40), min_size=1, max_size=6),
    st.sampled_from(ODD),
)
BYTES = st.builds(
    lambda place, cut, put: lambda body: _in_bytes(body, place, cut, put),
    st.integers(0, 100_000),
    st.integers(0, 100_000) | st.integers(0, 3),
    st.binary(max_size=4),
)


@pytest.mark.parametrize("name", list(SOURCES))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 8), spoil=STRUCTURES | BYTES)
def test_any_answer_gives_readings_or_an_error_of_ours(name: str, at: int, spoil: Spoil) -> None:
    async def read() -> None:
        source, close = SOURCES[name](at, spoil)
        try:
            async for sighting in source.everyone():
                reading = opened(sighting)
                assert mark_of(sighting) or not isinstance(reading, Record)
                if isinstance(reading, Record):
                    assert Record.model_validate_json(reading.model_dump_json()) == reading
        except InstroomError:
            return  # told, and nobody is touched
        finally:
            await close()

    asyncio.run(read())
