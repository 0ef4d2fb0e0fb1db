"""`python -m sandbox.graph`: the Graph rig alone, on loopback, until it is stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from sandbox.clock import FileClock
from sandbox.faults import Faults, FaultyApp
from sandbox.graph import DOCUMENTED, GraphTenant, make_app


def main(argv: Sequence[str]) -> int:
    """Serve until interrupted; returns the exit code."""
    options = _parser().parse_args(argv)
    clock = FileClock(options.clock_file)
    tenant = GraphTenant.seeded(clock, domain=options.domain, groups=options.group)
    app = make_app(
        tenant,
        throttle=None if options.no_throttle else DOCUMENTED,
        replication_seconds=options.replication_seconds,
    )
    sys.stdout.write(f"GRAPH_BASE_URL=http://127.0.0.1:{options.port}/v1.0\nGRAPH_AUTH=none\n")
    sys.stdout.flush()
    uvicorn.run(FaultyApp(app, Faults()), host="127.0.0.1", port=options.port, log_level="warning")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.graph", description=__doc__)
    parser.add_argument("--port", type=int, default=8092)
    parser.add_argument("--domain", default="bedrijf.example", help="the tenant's verified domain")
    parser.add_argument(
        "--group", action="append", default=[], help="display name of a security group to seed"
    )
    parser.add_argument("--clock-file", type=Path, help="the rig's calendar (CLOCK_FILE)")
    parser.add_argument("--replication-seconds", type=float, default=0.0)
    parser.add_argument("--no-throttle", action="store_true")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
