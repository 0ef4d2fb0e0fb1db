"""`instroom ad tasks`: what must somebody do by hand, with exact values?

Values are personal data: they are shown to who asks, and written only where the operator says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.cli_csv import table
from shared.cli_run import run
from shared.flow.by_hand import Open, all_open
from shared.flow.service import Service
from shared.model.task import Place, Task

ad = typer.Typer(help="What Active Directory has to do.", no_args_is_help=True)
console = Console()

COLUMNS = (
    "person",
    "place",
    "task",
    "sAMAccountName",
    "distinguishedName",
    "userPrincipalName",
    "attribute",
    "value",
    "since",
    "undone",
    "why",
)


@ad.callback()
def _group() -> None:
    """Keep `tasks` a word of its own."""


@ad.command()
def tasks(
    *,
    file: Annotated[
        Path | None, typer.Option("--csv", help="write them to this file, a line for each value")
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="those in Exchange and Entra too")
    ] = False,
) -> None:
    """List what somebody has to do in Active Directory, with exact values."""

    async def show(service: Service) -> None:
        found = [
            one
            async for one in all_open(service)
            if everywhere or one.task.place is Place.ACTIVE_DIRECTORY
        ]
        found.sort(key=lambda one: (not one.task.urgent, one.number, one.task.key))
        if file:
            write(file, found)
            told = "1 task is" if len(found) == 1 else f"{len(found)} tasks are"
            console.print(f"{told} in {file}.", soft_wrap=True)
            return
        if not found:
            console.print("Nobody waits for it.")
        for one in found:
            state = f"  [yellow]{escape(one.problem)}[/yellow]" if one.task.urgent else ""
            console.print(f"[bold]{one.number}[/bold]{state}", soft_wrap=True)
            print_tasks(console, (one.task,))

    run(show)


def print_tasks(where: Console, found: Iterable[Task]) -> None:
    """Each of them with its place, its object and its values."""
    for task in found:
        since = f", since {task.since:%Y-%m-%d %H:%M} UTC" if task.since else ""
        undone = f", undone {task.undone} times by a synchronisation" if task.undone else ""
        where.print(
            f"[bold]{task.place}: {task.what}[/bold]{since}{undone}\n  because {escape(task.why)}",
            soft_wrap=True,
        )
        table = Table(show_header=False, box=None, pad_edge=True)
        for name, value in task.on.items():
            table.add_row(f"  {name}", escape(value))
        for name, value in task.values.items():
            table.add_row(f"  [bold]{name}[/bold] :=", escape(value) or "(empty)")
        if table.row_count:
            where.print(table)


def write(file: Path, found: Sequence[Open]) -> None:
    """A CSV file that Excel opens with its accents, and that runs nothing there."""
    with table(file, COLUMNS) as write_row:
        for one in found:
            for row in _rows(one):
                write_row(row)


def _rows(one: Open) -> Iterator[tuple[str, ...]]:
    task = one.task
    on = tuple(task.on.get(name, "") for name in COLUMNS[3:6])
    since = task.since.isoformat(timespec="seconds") if task.since else ""
    for name, value in task.values.items() or (("", ""),):
        told = (since, str(task.undone), task.why)
        yield (one.number, task.place, task.what, *on, name, value, *told)
