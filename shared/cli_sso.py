"""`instroom sso`: single sign-on to TOPdesk, planned, set up and looked after by an administrator.

Nothing is written before the plan was shown and agreed to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared import wiring_sso
from shared.model.change import Plan
from shared.sso.plan import plan as planned
from shared.sso.read import read
from shared.sso.setup import Desk
from shared.sso.setup import setup as set_up
from shared.sso.wanted import Wanted, wanted
from shared.wiring_sso import SignIn

sso = typer.Typer(help="Single sign-on to TOPdesk.", no_args_is_help=True)
console = Console()

Tenant = Annotated[str | None, typer.Option(help="tenant id or domain; else that of who signs in")]
DeviceCode = Annotated[
    bool, typer.Option("--device-code", help="sign in with a code, in a browser elsewhere")
]
Policy = Annotated[Path | None, typer.Option(help="this policy file instead of POLICY_FILE")]
Folder = Annotated[Path, typer.Option(help="where pages, metadata and notes are kept")]
Yes = Annotated[bool, typer.Option("--yes", help="do what the plan says without asking")]

FOLDER = Path("sso")


@sso.command()
def plan(
    *,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: Policy = None,
    folder: Folder = FOLDER,
) -> None:
    """Show what would change in Entra, and why; nothing is written."""
    doors = wanted(wiring_sso.section(policy))

    async def show(desk: Desk) -> None:
        for door in doors:
            _print_plan(door, planned(door, await read(desk.graph, door)))

    _run(SignIn(tenant, device_code), folder, show)


@sso.command()
def setup(
    *,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: Policy = None,
    folder: Folder = FOLDER,
    yes: Yes = False,
) -> None:
    """Show the plan, carry it out when you agree, and go on where an earlier run stopped."""
    doors = wanted(wiring_sso.section(policy))

    async def go(desk: Desk) -> None:
        plans = [(door, planned(door, await read(desk.graph, door))) for door in doors]
        for door, left in plans:
            _print_plan(door, left)
        if any(left for _, left in plans) and not yes:
            typer.confirm("Do this?", abort=True)
        for door in doors:
            await set_up(desk, door)
            console.print(f"[green]{door.template} stands in Entra as the policy says.[/green]")

    _run(SignIn(tenant, device_code), folder, go)


def _run(sign_in: SignIn, folder: Path, command: Callable[[Desk], Awaitable[None]]) -> None:
    async def go() -> None:
        async with wiring_sso.desk(sign_in, folder, _tell) as desk:
            await command(desk)

    asyncio.run(go())


def _tell(done: str) -> None:
    console.print(f"  done: {escape(done)}", soft_wrap=True, highlight=False)


def _print_plan(door: Wanted, left: Plan) -> None:
    title = f"{door.template}, as '{door.application}'"
    table = Table("change", "to", "why", title=title, title_justify="left", box=None)
    for change in left.changes:
        rows = list(change.values.items()) or [("", None)]
        for number, (key, value) in enumerate(rows):
            reason = change.reasons[min(number, len(change.reasons) - 1)]
            name = f"{change.kind} {change.what or key}".strip() if number == 0 else f"  {key}"
            to = "" if value is None else str(value)
            table.add_row(escape(name), escape(to), f"{reason.rule}: {escape(reason.because)}")
    for obstacle in left.obstacles.values():
        table.add_row("[red]cannot[/red]", escape(obstacle))
    if table.row_count:
        console.print(table)
    else:
        console.print(f"{title}: nothing to do")
