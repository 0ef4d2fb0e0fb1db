"""`python -m sandbox.afas`: AFAS alone on loopback, with the world's control paths and faults."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.afas.app import make_app
from sandbox.clock import FileClock
from sandbox.faults import Faults, FaultyApp
from sandbox.world import Answers, World, control

DEFAULT_TOKEN = "0" * 64
SECONDS_PER_CALL = 0.02
"""Enough for calls to overlap, so that more than five at a time are noticed."""


def main(argv: list[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.afas", description=__doc__)
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=250)
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="64 digits, XML or base64")
    parser.add_argument("--today", type=date.fromisoformat, help="the day the company is made for")
    parser.add_argument("--clock-file", type=Path, help="the file that shifts the calendar")
    given = parser.parse_args(argv)
    app = faulty_app(given)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", lifespan="off")
    return 0


def faulty_app(given: argparse.Namespace) -> FaultyApp:
    """The whole rig as an ASGI app: faults around AFAS and the world's control paths."""
    clock, answers = FileClock(given.clock_file), Answers()
    today = given.today or clock.now().date()
    world = World.generate(given.seed, given.size, today, clock=clock)
    afas = make_app(
        world,
        token=given.token,
        clock=clock,
        answers=answers,
        seconds_per_call=SECONDS_PER_CALL,
    )
    routes = [*control.routes(world, answers), Mount("/", app=afas)]
    return FaultyApp(Starlette(routes=routes), Faults())


if __name__ == "__main__":
    sys.exit(main())
