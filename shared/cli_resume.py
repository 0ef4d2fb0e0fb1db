"""`instroom resume`: write again what was left because somebody else kept changing it back."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.console import Console

from shared import flow
from shared.cli_people import key
from shared.cli_run import run
from shared.flow.service import Service

resume = typer.Typer()
console = Console()


@resume.command("resume")
def again(
    person: Annotated[str, typer.Argument(help="employee number, or source:number")],
) -> None:
    """Write again what somebody else kept changing back, after one of the two has stopped."""

    async def act(service: Service) -> None:
        source, _, number = key(service, person).partition(":")
        who = f"{getpass.getuser()} at the command line"
        resumed = await flow.resume(service, source, number, who=who)
        console.print(
            f"Written again for {source}:{number}, with the next sweep: {', '.join(resumed)}. "
            "If it is changed back twice once more, it is left again",
            soft_wrap=True,
            markup=False,
        )

    run(act)
