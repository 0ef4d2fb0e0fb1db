"""`instroom takeover`: whose is what is there already, before anything is taken over?

The counts are numbers; the table names accounts, for an administrator has to find them.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shared import cli_csv
from shared.cli_csv import Row
from shared.cli_run import run
from shared.flow import takeover as compare
from shared.flow.service import Service
from shared.flow.takeover import Finding, Side
from shared.model.desired import WITH_ACCOUNTS, TargetName

takeover = typer.Typer()
console = Console()
EXAMPLES = 3
_HEADINGS = ("target", "what", "person", "account", "name", "how or why")
_NAMED = {TargetName.ENTRA: "Entra", TargetName.TOPDESK: "TOPdesk"}
_SAID = {
    Side.MATCHED: "matched: would be taken over",
    Side.DOUBTFUL: "doubtful: the person waits until somebody says which account is theirs",
    Side.NO_ACCOUNT: "without an account: would get one",
    Side.LEFT: "left already, and the account is active: Instroom leaves it alone",
    Side.LINKED: "linked: never taken for somebody's main account",
    Side.NO_PERSON: "of nobody whom HR knows: Instroom leaves them alone",
}


@takeover.command("takeover")
def show(
    table: Annotated[
        Path | None, typer.Option("--csv", help="write every person and account here")
    ] = None,
) -> None:
    """Compare HR with what Entra and TOPdesk hold already; nothing is written to them."""

    async def tell(service: Service) -> None:
        await report(console, service, table)

    run(tell)


async def report(out: Console, service: Service, table: Path | None) -> None:
    """Print what each target holds; `table` takes a line for each person and account."""
    with ExitStack() as files:
        write = files.enter_context(cli_csv.table(table, _HEADINGS)) if table else None
        for target in WITH_ACCOUNTS:
            if target in service.listings:
                await _print_target(out, service, target, write)
            else:
                out.print(f"[bold]{_NAMED[target]}[/bold]: cannot be listed over SCIM\n")
    if table:
        out.print(f"Everything, a line each: {table}. It holds names; keep it accordingly.")


async def _print_target(
    out: Console, service: Service, target: TargetName, write: Row | None
) -> None:
    counts: dict[Side, Counter[str]] = {side: Counter() for side in Side}
    examples: dict[Side, list[str]] = {side: [] for side in Side}
    async for found in compare.compared(service, target):
        counts[found.side][_reason(found)] += 1
        example, shown = found.person or found.account, examples[found.side]
        if len(shown) < EXAMPLES and example not in shown:
            shown.append(example)
        if write:
            write((target, found.side, found.person, found.account, found.name, found.how))
    out.print(f"[bold]{_NAMED[target]}[/bold]")
    for side, said in _SAID.items():
        _print_side(out, said, counts[side], examples[side])
    out.print()


def _reason(found: Finding) -> str:
    return found.how if found.side in (Side.MATCHED, Side.DOUBTFUL, Side.LINKED) else ""


def _print_side(out: Console, said: str, counts: Counter[str], examples: list[str]) -> None:
    people = counts.total()
    such = f", such as {', '.join(examples)}" if people and examples else ""
    out.print(f"{people:>8} {said}{such}", soft_wrap=True, highlight=False)
    for how, count in counts.most_common():
        if how:
            out.print(f"{count:>12} {how}", soft_wrap=True, highlight=False)
