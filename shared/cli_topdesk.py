"""`instroom topdesk`: what an operator says about cards in TOPdesk, and who is an operator there.

Prints numbers and groups, never a name.
"""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared import flow
from shared.cli_people import key
from shared.cli_run import run
from shared.flow.service import Service

topdesk = typer.Typer(help="Cards in TOPdesk.", no_args_is_help=True)
console = Console()


@topdesk.callback()
def cards() -> None:
    """Cards in TOPdesk."""


@topdesk.command()
def forget(
    person: Annotated[str, typer.Argument(help="employee number, or source:number")],
) -> None:
    """Forget a card that somebody deleted in TOPdesk; refused while TOPdesk shows it."""

    async def act(service: Service) -> None:
        source, _, number = key(service, person).partition(":")
        who = f"{getpass.getuser()} at the command line"
        card_id = await flow.forget_card(service, source, number, who=who)
        console.print(
            f"Card {card_id} of {source}:{number} is forgotten. If a filter of the API account "
            "only hides it, a second card may be made: then look in TOPdesk now.",
            soft_wrap=True,
            markup=False,
        )

    run(act)


@topdesk.command()
def roles() -> None:
    """Count who has which right in TOPdesk by our hand: licences are paid by the role."""

    async def show(service: Service) -> None:
        found = await flow.topdesk_roles(service)
        table = Table("right", "people", "paid", box=None)
        for right, people in found.people.items():
            paid = (found.paid or {}).get(right)
            table.add_row(right, str(people), "" if paid is None else "yes" if paid else "no")
        console.print(table)
        if found.paid is None:
            told = "TOPdesk does not tell this account which of them are paid for."
        else:
            told = (
                f"{found.paying} people have a right that is paid for, by our hand; how many "
                "licences you have stands in TOPdesk under Settings > Licence."
            )
        console.print(told, soft_wrap=True)

    run(show)
