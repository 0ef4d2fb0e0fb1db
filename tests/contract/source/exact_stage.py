"""Exact Online as the rig plays it, with small pages and a token that is always good."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
from contract.source.stage import Stage

from sandbox.clock import Clock, ManualClock
from sandbox.exact import make_app
from sandbox.faults import Faults, FaultyApp
from sandbox.world import Answers, Kind, World
from shared.intake.exact import ExactSource
from shared.intake.exact_rows import Administration
from shared.vendors.exact.client import Exact

TODAY = date(2026, 11, 2)
DIVISION = 123456
SITE = "http://exact.test"


class Granted(httpx.Auth):
    """Tokens straight from the rig, anew when one is about to end."""

    def __init__(self, rig: Any, clock: Clock) -> None:
        self._rig, self._clock = rig, clock
        self._token, self._until = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Any:
        if self._clock.wall() >= self._until:
            self._token = str(self._rig.tokens.grant()["access_token"])
            self._until = self._clock.wall() + 580
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def exact_stage(**settings: Any) -> Stage:
    """Forty people in one division."""
    clock = ManualClock()
    world = World.generate(1, 40, TODAY, clock=clock)
    clock.advance(6 * 3600)
    answers = Answers()
    small: dict[str, Any] = {"page_size": 7, "sync_page_size": 11, "per_minute": 1000}
    app = make_app(world, clock=clock, answers=answers, **{**small, **settings})
    rig, faults = app.state.rig, Faults()
    exact = Exact(
        SITE,
        Granted(rig, clock),
        transport=httpx.ASGITransport(FaultyApp(app, faults)),
        wall=clock.wall,
        monotonic=clock.wall,
    )

    async def spoil(number: str) -> None:
        rig.environment.cells = {number: {"StartDate": "ooit"}}
        world.rename(number, nickname="Anders")

    shown = [p.number for p in world.people.values() if p.kind is not Kind.NOT_WORKING]
    return Stage(
        source=ExactSource(exact, [Administration(DIVISION)]),
        numbers=frozenset(shown),
        hire=lambda: world.hire(department="ICT-SD", job="0141", start=TODAY).number,
        change=lambda number: world.rename(number, nickname="Nieuw"),
        spoil=spoil,
        withdraw=world.withdraw,
        break_off=lambda: answers.play("cut-body"),
        now=clock.now,
        close=exact.close,
        employ=lambda day: world.hire(department="ICT-SD", job="0141", start=day, end=day).number,
        faults=faults,
    )
