"""`instroom upkeep`: what the daily upkeep saw last, what ends when, and doing it now."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from shared import flow, wiring_upkeep
from shared.cli_run import run
from shared.flow import upkept
from shared.flow.service import Service

upkeep = typer.Typer()
console = Console()


@upkeep.command("upkeep")
def show_upkeep(
    *,
    now: Annotated[
        bool, typer.Option("--now", help="do it first, with your settings and your identity")
    ] = False,
) -> None:
    """Show what the daily upkeep saw last, and what ends when; exit code 1 when that is wrong."""
    problems: list[str] = []

    async def show(service: Service) -> None:
        if now:
            await _do(service)
        run_ = await service.ledger.upkeep.last()
        if run_ is None:
            console.print("The upkeep has not run yet: the timer `upkeep` does it once a day.")
            return
        zone = (await service.active_policy())[1].zone
        ended = "" if run_.ended_at else "; it is not finished, and the next run goes on with it"
        console.print(
            f"The last upkeep began on {run_.began_at.astimezone(zone):%Y-%m-%d %H:%M}{ended}"
        )
        for step in await upkept.steps(service):
            problems.extend(step.looked.problems)
            _line("wrong" if step.looked.problems else "ok", f"{step.name}: {step.looked.said}")
            for problem in step.looked.problems:
                _line("", problem)
            for ending in sorted(step.looked.endings, key=lambda ending: ending.at):
                day, left = (
                    ending.at.astimezone(zone).date(),
                    ending.days_left(service.clock.now()),
                )
                _line("ends", f"{day}, in {left} days: {ending.what}. {ending.mend}")

    run(show)
    if problems:
        raise typer.Exit(1)


async def _do(service: Service) -> None:
    async with wiring_upkeep.tasks() as tasks:
        if not await flow.upkeep(service, tasks):
            console.print("Somebody else is at it; this is what was seen before.")


def _line(mark: str, text: str) -> None:
    colour = {"wrong": "red", "ok": "green", "ends": "yellow"}.get(mark, "default")
    console.print(f"[{colour}]{mark:<6}[/] {escape(text)}", soft_wrap=True, highlight=False)
