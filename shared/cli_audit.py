"""`instroom audit`: the history of all people between two days, and whether it is as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from shared.cli_run import run
from shared.flow import sealing
from shared.flow.sealing import Verified
from shared.flow.service import Service

audit = typer.Typer(help="The history of all people, by opaque id.", no_args_is_help=True)
console = Console()

_DAY = ["%Y-%m-%d"]


@audit.command("list")
def list_(
    first: Annotated[datetime, typer.Option("--from", formats=_DAY, help="the first day (UTC)")],
    until: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="the last day; else today")
    ] = None,
    *,
    who: Annotated[str | None, typer.Option(help="only what this one caused")] = None,
) -> None:
    """List what was done between two days: when, to whom, by whom, and by which rules."""

    async def show(service: Service) -> None:
        last = (until or service.clock.now().astimezone(UTC)).date()
        count = 0
        async for line in sealing.lines(service, first.date(), last):
            if who is None or line.who == who:
                count += 1
                rules = f"  ({', '.join(line.rules)})" if line.rules else ""
                at = f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
                text = f"{at}  {line.person_id}  {line.who}: {line.what}{rules}"
                console.print(text, markup=False, highlight=False, soft_wrap=True)
        console.print(f"{count} lines; `instroom audit verify` says whether they are as written")

    run(show)


@audit.command()
def verify(
    root: Annotated[
        str | None, typer.Option(help="a root that was noted earlier, as from the app's log")
    ] = None,
) -> None:
    """Say whether the history is as it was written; exit code 1 and the first day if not."""
    found: list[Verified] = []

    async def look(service: Service) -> None:
        found.append(await sealing.verified(service, root))
        _print(found[0])

    run(look)
    if found and found[0].broken:
        raise typer.Exit(1)


def _print(seen: Verified) -> None:
    if seen.broken:
        day, wrong = seen.broken
        console.print(f"[red]broken[/red] on {day}: {wrong}", soft_wrap=True, highlight=False)
    elif seen.days:
        console.print(
            f"[green]ok[/green]     {seen.days} days from {seen.first} to {seen.last}, "
            f"{seen.lines} lines, are as they were written",
            soft_wrap=True,
            highlight=False,
        )
    else:
        console.print("No day is sealed yet: the daily upkeep does it.")
    if seen.erased:
        console.print(f"       {seen.erased} lines were erased on purpose")
    if seen.dropped:
        console.print(f"       {seen.dropped} days are older than their lines are kept")
    console.print(f"       {seen.unsealed} lines of later days are not sealed yet")
    if seen.root:
        console.print(f"       root {seen.root}", soft_wrap=True, highlight=False)
