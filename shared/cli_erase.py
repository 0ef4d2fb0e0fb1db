"""`instroom erase`: take what is known of somebody who is gone out of the ledger.

Prints numbers, never a name.
"""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.console import Console

from shared import flow
from shared.cli_run import run
from shared.flow.erasing import Answer
from shared.flow.service import Service
from shared.flow.stop import whose
from shared.model.person import PersonId

eraser = typer.Typer()
console = Console()


@eraser.command("erase")
def erase(
    person: Annotated[str, typer.Argument(help="employee number, or source:number")],
    reason: Annotated[str, typer.Option(help="why, for the audit: a ticket number")],
) -> None:
    """Erase what is known of somebody whose account is deleted and whose card is emptied."""

    async def act(service: Service) -> None:
        source, number = await whose(service, person)
        who = f"{getpass.getuser()} at the command line"
        answer = await flow.erase(service, source, number, who=who, reason=reason)
        console.print(_said(f"{source}:{number}", answer), soft_wrap=True, markup=False)

    run(act)


async def print_tombstone(to: Console, service: Service, person_id: PersonId) -> None:
    """That this person was erased, if they were."""
    if stone := await service.ledger.erasures.of(person_id):
        said = f"erased on {stone.at:%Y-%m-%d} by {' and '.join(stone.who)}: {stone.reason}"
        to.print(said, soft_wrap=True, markup=False)


def _said(key: str, answer: Answer) -> str:
    if answer.erased:
        return (
            f"{key} is erased. What stays: that there was somebody, what kind of change was done "
            "when and by which rule, and the login until names.reuse_after_days are over."
        )
    return (
        f"Noted. guard.four_eyes wants a second person: whoever that is types the same, and {key} "
        "is erased then."
    )
