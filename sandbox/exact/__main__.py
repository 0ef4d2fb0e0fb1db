"""`python -m sandbox.exact`: Exact Online alone on loopback, with the world's control paths."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.clock import FileClock
from sandbox.exact.app import make_app
from sandbox.faults import Faults, FaultyApp
from sandbox.world import Answers, World, control


def main(argv: list[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.exact", description=__doc__)
    parser.add_argument("--port", type=int, default=8014)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=250)
    parser.add_argument("--client-id", default="instroom")
    parser.add_argument("--client-secret", default="exact-client-secret")
    parser.add_argument("--webhook-secret", default="exact-webhook-secret")
    parser.add_argument("--today", type=date.fromisoformat, help="the day the company is made for")
    parser.add_argument("--clock-file", type=Path, help="the file that shifts the calendar")
    given = parser.parse_args(argv)
    app = faulty_app(given)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", lifespan="off")
    return 0


def faulty_app(given: argparse.Namespace) -> FaultyApp:
    """The whole rig as an ASGI app: faults around Exact and the world's control paths."""
    clock, answers = FileClock(given.clock_file), Answers()
    today = given.today or clock.now().date()
    world = World.generate(given.seed, given.size, today, clock=clock)
    exact = make_app(
        world,
        clock=clock,
        answers=answers,
        client_id=given.client_id,
        client_secret=given.client_secret,
        webhook_secret=given.webhook_secret,
    )
    routes = [*control.routes(world, answers), Mount("/", app=exact)]
    return FaultyApp(Starlette(routes=routes), Faults())


if __name__ == "__main__":
    sys.exit(main())
