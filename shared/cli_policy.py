"""`instroom policy`: is a policy file right, by itself and by what Entra has?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shared import flow, wiring
from shared.cli_run import run
from shared.flow.checking import Fault
from shared.flow.service import Service
from shared.policy.load import line_of, load

policy = typer.Typer(help="The policy file.", no_args_is_help=True)
console = Console()


@policy.callback()
def file() -> None:
    """The policy file."""


@policy.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="else the one of POLICY_FILE")] = None,
) -> None:
    """See whether the file is right, and whether Entra has its groups, fit to be filled.

    Reads only; exit code 1 when something is wrong: for a pipeline, before a file is deployed.
    """
    name = str(file) if file else wiring.settings().policy_file
    text = wiring.text_of(name)
    rules = load(text, name=name)
    found: list[Fault] = []

    async def look(service: Service) -> None:
        found.extend(await flow.faults(service, rules))

    run(look)
    for fault in found:
        console.print(
            f"{name}: line {line_of(text, fault.place)}: {fault.why}",
            soft_wrap=True,
            markup=False,
        )
    if found:
        raise typer.Exit(1)
    console.print(f"{name} is right, and Entra has its groups, fit to be filled.", soft_wrap=True)
