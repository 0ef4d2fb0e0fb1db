"""`python -m sandbox.topdesk`: the TOPdesk rig alone, on loopback, until it is stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from sandbox.clock import FileClock
from sandbox.faults import Faults, FaultyApp
from sandbox.topdesk import TopdeskTenant, make_app, seed


def main(argv: Sequence[str]) -> int:
    """Serve until interrupted; returns the exit code."""
    options = _parser().parse_args(argv)
    app = faulty_app(options)
    sys.stdout.write(
        f"TOPDESK_URL=http://127.0.0.1:{options.port}\n"
        f"TOPDESK_USERNAME={options.username}\nTOPDESK_INTERFACE=rest\n"
    )
    sys.stdout.flush()
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning", lifespan="off")
    return 0


def faulty_app(options: argparse.Namespace) -> FaultyApp:
    """The whole rig as an ASGI app, with faults around it."""
    tenant = TopdeskTenant.seeded(
        FileClock(options.clock_file),
        branches=options.branch or seed.BRANCHES,
        departments=options.department or seed.DEPARTMENTS,
        permission_groups=options.permission_group or seed.PERMISSION_GROUPS,
        operator_groups=options.operator_group or seed.OPERATOR_GROUPS,
        version=options.version,
    )
    app = make_app(tenant, username=options.username, app_password=options.app_password)
    return FaultyApp(app, Faults())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.topdesk", description=__doc__)
    parser.add_argument("--port", type=int, default=8093)
    parser.add_argument("--username", default="instroom")
    parser.add_argument("--app-password", default="app-password")
    parser.add_argument("--version", default="16.06.010", help="the product version played")
    parser.add_argument("--clock-file", type=Path, help="the rig's calendar (CLOCK_FILE)")
    for name in ("branch", "department", "permission-group", "operator-group"):
        parser.add_argument(f"--{name}", action="append", default=[], help="a name; repeat it")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
