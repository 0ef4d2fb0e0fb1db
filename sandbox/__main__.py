"""`python -m sandbox`: the whole stack on fixed ports, until Ctrl-C; or one part of it.

Parts: `broker`, `host`, `afas`, `exact`, `nmbrs`, `graph`, `topdesk`, each with its own options
(`--help`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from sandbox import collector, rig
from sandbox.collector.tree import is_story
from sandbox.consent import NotGiven, consent
from sandbox.exports import external
from sandbox.world import library

PARTS = ("broker", "host", "afas", "exact", "nmbrs", "graph", "topdesk")
PORTS = {
    "host": 7071,
    "broker": 5672,
    "afas": 8010,
    "graph": 8011,
    "topdesk": 8012,
    "nmbrs": 8013,
    "consent": 8765,
    "collector": 4318,
}
SOURCES = ("afas", "nmbrs", "csv")
SERVICE_DESK = "oid=rig-desk&name=servicedesk@voorbeeld.example&roles=Servicedesk&amr=pwd&amr=mfa"
"""Who is signed in on the pages of the app."""
REST_SECONDS = 2.0
"""A trace without a new step for so long has come to rest."""
STATE = rig.ROOT / ".instroom" / "run"
console = Console(highlight=False)


def main(argv: Sequence[str]) -> int:
    """Run a part, or everything; the exit code."""
    if argv and argv[0] in PARTS:
        part = importlib.import_module(f"sandbox.{argv[0]}.__main__")
        code: int = part.main(list(argv[1:]))
        return code
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, default=STATE, help="where the ledger lies")
    parser.add_argument("--fresh", action="store_true", help="begin with an empty ledger")
    parser.add_argument("--trace", action="store_true", help="show what each call came to")
    given = parser.parse_args(argv)
    plan = rig.Plan(
        state=given.state,
        seed=given.seed,
        size=given.people,
        ports=PORTS,
        sources=SOURCES,
        schedules={"SANDBOX_USER": SERVICE_DESK},
        watched=given.trace,
    )
    if given.fresh:
        for old in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "clock.txt"):
            (given.state / old).unlink(missing_ok=True)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_stay_up(plan))
    except OSError as error:
        sys.stderr.write(f"a port is taken, is it running already? {error}\n")
        return 1
    return 0


async def _stay_up(plan: rig.Plan) -> None:
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels instead
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with rig.running(plan) as systems:
        settings = rig.ROOT / "local.settings.json"
        systems.write_settings(settings)
        try:
            await _connect(settings)
            async with rig.host(systems) as host:
                console.print(_what_to_try(systems, host), markup=False, soft_wrap=True)
                watching = asyncio.create_task(_show_traces(systems.heard))
                await stop.wait()
                watching.cancel()
        finally:
            settings.unlink(missing_ok=True)


async def _show_traces(heard: collector.Heard) -> None:
    """Each trace once it has come to rest; what comes later is shown as more of it."""
    shown: dict[str, int] = {}
    sizes: dict[str, int] = {}
    while True:
        await asyncio.sleep(REST_SECONDS)
        before, sizes = sizes, {}
        for trace, steps in heard.traces().items():
            sizes[trace] = len(steps)
            told = shown.get(trace, 0)
            if told < len(steps) == before.get(trace) and is_story(steps):
                console.print(collector.tree(steps), markup=False, soft_wrap=True)
            if len(steps) == before.get(trace):
                shown[trace] = len(steps)


async def _connect(settings: Path) -> None:
    try:
        await consent(settings)
    except NotGiven as error:
        said = str(error).rstrip().splitlines()[-1]
        console.print(f"Nmbrs is not connected, and /api/health will say so: {said}")


def _what_to_try(systems: rig.Rig, host: str) -> str:
    key = systems.settings["SANDBOX_MASTER_KEY"]
    afas, graph, topdesk = (systems.address(name) for name in ("afas", "graph", "topdesk"))
    today = f"{systems.clock.now():%Y-%m-%d}"
    yesterday = f"{systems.clock.now() - timedelta(days=1):%Y-%m-%d}"
    user = f"{graph}/v1.0/users?$filter=employeeId eq '100030'&$select=userPrincipalName"

    def post(address: str, **body: object) -> str:
        return f"curl --json '{json.dumps(body)}' {address}"

    story, books = f"{afas}/_sandbox/world", f"{systems.address('nmbrs')}/_sandbox/world"
    exports = systems.exports.folder
    row = ";".join(astuple(external("77", "Kim", "", "Bestand", systems.clock.now().date())))
    return f"""Everything is up. The settings are in local.settings.json; Ctrl-C stops it.

Is it healthy?
  curl {host}/api/health
Read all of HR now (it also polls every 15 seconds):
  {post(f"{host}/admin/functions/hr_full_sync")} -H 'x-functions-key: {key}'
Look at what came of it:
  curl {graph}/_sandbox/graph/counts
  curl {topdesk}/_sandbox/topdesk/counts
  curl {graph}/_sandbox/graph/mails
  curl '{user.replace(" ", "%20").replace("'", "%27")}'
Let HR hire, move and end somebody; within 15 seconds the poll has seen it:
  {post(f"{story}/hire", department="ICT-SD", job="0141", start=today)}
  {post(f"{story}/move", number="100030", on=today, department="BV-FAC", job="0131")}
  {post(f"{story}/end", number="100031", last_day=today)}
The library pays through Nmbrs; its people are N12-1 and so on in Entra:
  {post(f"{books}/hire", department=library.HALL, job=library.LIBRARIAN, start=today)}
Externals come by file: one that has lain still for five seconds is read
  echo '{row}' | cat {exports}/externen.csv - > {exports}/next.csv
Open a gate: AFAS shows half of its people, and the sync is refused; then it shows everyone again
  {post(f"{story}/answer", answer="half")}
  {post(f"{host}/admin/functions/hr_full_sync")} -H 'x-functions-key: {key}'
  .venv/bin/instroom doctor
  {post(f"{story}/answer", answer="normal")}
Let 40 people have left yesterday: they are held, and the last line of `held` lets them go
  {post(f"{story}/answer", answer="ended", n=40, last_day=yesterday)}
  {post(f"{host}/admin/functions/hr_full_sync")} -H 'x-functions-key: {key}'
  .venv/bin/instroom held
Collect the pass of somebody who starts today, as the service desk, in a browser:
  {host}/api/console/first-sign-in
Break something: the next three calls to TOPdesk fail
  {post(f"{topdesk}/_sandbox/faults", kind="status", status=503, count=3)}
Ask as an operator, in another terminal in this folder (on Windows .venv\\Scripts\\instroom):
  .venv/bin/instroom people
  .venv/bin/instroom people 100030
  .venv/bin/instroom preview 100031
  .venv/bin/instroom held
  .venv/bin/instroom doctor
The host's lines: {systems.plan.state / "host.log"}
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
