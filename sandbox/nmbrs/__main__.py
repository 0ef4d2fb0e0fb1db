"""`python -m sandbox.nmbrs`: Nmbrs alone on loopback, with the world's controls and faults."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.clock import FileClock
from sandbox.faults import Faults, FaultyApp
from sandbox.nmbrs.app import make_app
from sandbox.nmbrs.environment import Firm
from sandbox.world import Answers, World, control

TWO_FIRMS = (
    Firm(1, "Voorbeeld B.V.", ("DIR", "BV", "ICT", "PZ", "RU")),
    Firm(2, "Voorbeeld Zorg B.V.", ("SO",)),
)


def main(argv: list[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.nmbrs", description=__doc__)
    parser.add_argument("--port", type=int, default=8013)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=250)
    parser.add_argument("--two-companies", action="store_true", help="Sociaal Domein apart")
    parser.add_argument("--today", type=date.fromisoformat, help="the day the company is made for")
    parser.add_argument("--clock-file", type=Path, help="the file that shifts the calendar")
    given = parser.parse_args(argv)
    app = faulty_app(given)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", lifespan="off")
    return 0


def faulty_app(given: argparse.Namespace) -> FaultyApp:
    """The whole rig as an ASGI app: faults around Nmbrs and the world's control paths."""
    clock, answers = FileClock(given.clock_file), Answers()
    today = given.today or clock.now().date()
    world = World.generate(given.seed, given.size, today, clock=clock)
    firms = {"firms": TWO_FIRMS} if given.two_companies else {}
    nmbrs = make_app(world, clock=clock, answers=answers, **firms)
    routes = [*control.routes(world, answers), Mount("/", app=nmbrs)]
    return FaultyApp(Starlette(routes=routes), Faults())


if __name__ == "__main__":
    sys.exit(main())
