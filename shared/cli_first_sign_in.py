"""`instroom first-sign-in`: who starts and has no password yet, and a pass for one of them.

The pass is printed once, for the human at the terminal to hand over; it is kept nowhere.
"""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared import flow
from shared.cli_run import run
from shared.errors import Misconfigured
from shared.flow.collectable import Waiting
from shared.flow.service import Service
from shared.flow.stop import whose
from shared.model.collector import Collector

first_sign_in = typer.Typer()
console = Console()

_STAGES = {"open": "", "asked": "asked for, no answer seen", "issued": "issued"}


@first_sign_in.command("first-sign-in")
def collect(
    person: Annotated[str | None, typer.Argument(help="employee number, or source:number")] = None,
    *,
    reason: Annotated[str, typer.Option(help="why another one; it stays in the audit")] = "",
) -> None:
    """List who waits for a first sign-in; or issue one person's pass and print it, once."""
    desk = Collector(name=f"{getpass.getuser()} at the command line", at_the_desk=True)

    async def act(service: Service) -> None:
        if person is None:
            _print_list(await flow.first_sign_ins(service, desk))
            return
        source, number = await whose(service, person)
        known = await service.ledger.identities.find(source, number)
        if known is None:
            raise Misconfigured(f"{source}:{number}", "is not known", "See `instroom people`")
        told = await flow.collect_pass(service, known.person_id, desk, reason=reason)
        zone = (await service.active_policy())[1].zone
        console.print(
            f"{source}:{number}  {told.issued.code.get_secret_value()}\n"
            f"To be used until {told.issued.until.astimezone(zone):%Y-%m-%d %H:%M}. It is shown "
            "this once: give it to the person whose face you know, and to nobody else.",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )

    run(act)


def _print_list(waiting: list[Waiting]) -> None:
    if not waiting:
        console.print("Nobody waits for a first sign-in.")
        return
    table = Table("person", "first day", "department", "pass", "by", box=None)
    for one in waiting:
        said = one.collection
        table.add_row(one.key, f"{one.first_day}", one.department, _STAGES[said.stage], said.who)
    console.print(table)
