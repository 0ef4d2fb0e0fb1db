"""`instroom rights`: who has a right that no rule explains?

Members who are nobody in HR stand here by the name that Entra has for them: an administrator has
to find them there.
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared import flow
from shared.cli_run import run
from shared.flow.members import Unexplained, Unlooked
from shared.flow.service import Service

rights = typer.Typer(help="Who has a right that no rule explains.", no_args_is_help=True)
console = Console()


@rights.callback()
def about() -> None:
    """Who has a right that no rule explains."""


@rights.command()
def strays(
    *,
    note: Annotated[
        bool, typer.Option("--note", help="write down the people among them, as a look would")
    ] = False,
) -> None:
    """List who is in the groups under `report` and `strict` and whom no rule puts there."""

    async def show(service: Service) -> None:
        found, noted = [], 0
        async for one in flow.unexplained(service):
            found.append(one)
            if note and isinstance(one, Unexplained):
                noted += await flow.note(service, one)
        _print(found)
        if note:
            console.print(
                f"{_people(noted)} written down; the next sweep decides on them, and the guard "
                "is asked before anything is taken.",
                soft_wrap=True,
            )

    run(show)


def _print(found: list[Unexplained | Unlooked]) -> None:
    if not found:
        console.print(
            "Nobody: rules explain every member, or no group is managed as report or strict."
        )
        return
    table = Table("group", "managed", "who", "what happens", box=None)
    for one in found:
        if isinstance(one, Unlooked):
            table.add_row(
                escape(one.group), "", "", f"[red]not looked at:[/red] {escape(one.why)}"
            )
        else:
            who = one.number or f"{one.member.name} ({one.member.kind})"
            table.add_row(escape(one.group), one.managed, escape(who), _what_happens(one))
    console.print(table)


def _what_happens(one: Unexplained) -> str:
    if one.person_id is None:
        return "nothing: nobody of HR; take it out by hand if it does not belong there"
    if one.managed == "report":
        return "nothing: it is only told"
    return "goes when something wakes this person, or with --note"


def _people(count: int) -> str:
    return "1 person was" if count == 1 else f"{count} people were"
