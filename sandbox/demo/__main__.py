"""`make demo`: start everything, play the story and tell it; exit code 1 when something failed."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from sandbox import rig
from sandbox.demo.scene import Memory, Seen
from sandbox.demo.stage import NotSeen, Stage
from sandbox.demo.story import SCENES

console = Console()
SCHEDULES = {"HR_POLL_SCHEDULE": "0 */10 * * * *"}


def main(argv: list[str] | None = None) -> int:
    """Play; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--people", type=int, default=250, help="how big the company is")
    parser.add_argument("--seed", type=int, default=1, help="another company")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="instroom-", ignore_cleanup_errors=True) as folder:
        return asyncio.run(_play(Path(folder), given.people, given.seed))


async def _play(state: Path, people: int, seed: int) -> int:
    began = time.monotonic()
    console.print("[bold]Instroom[/bold]: HR to Entra ID and TOPdesk, all of it on this machine.")
    plan = rig.Plan(
        state=state, seed=seed, size=people, sources=("afas", "nmbrs", "csv"), schedules=SCHEDULES
    )
    async with rig.running(plan) as systems:
        systems.write_settings(state / "local.settings.json")
        async with rig.host(systems) as host, httpx.AsyncClient(timeout=60) as http:
            console.print(
                f"AFAS, Nmbrs, Service Bus, Entra ID, TOPdesk and the function host are up "
                f"({time.monotonic() - began:.1f} s).\n"
            )
            code = await _scenes(Stage(systems, host, http))
    if code:
        console.print(_last_lines(state / "host.log"), style="dim", markup=False)
    console.print(f"\nThe end, after {time.monotonic() - began:.0f} s.")
    return code


async def _scenes(stage: Stage) -> int:
    memory = Memory()
    for title, scene in SCENES:
        try:
            _tell(title, await scene(stage, memory))
        except (NotSeen, httpx.HTTPError, OSError) as error:
            console.print(f"[bold red]{title}: {error}[/bold red]")
            if not isinstance(error, NotSeen):
                console.print(traceback.format_exc(), style="dim", markup=False)
            return 1
    return 0


def _tell(title: str, lines: list[Seen]) -> None:
    table = Table(
        title=title, title_justify="left", title_style="bold", show_header=False, box=None
    )
    table.add_column(min_width=14, style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(line.when, line.what)
    console.print(table)
    console.print()


def _last_lines(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([line for line in lines if "  due  timer  succeeded" not in line][-30:])


if __name__ == "__main__":
    sys.exit(main())
