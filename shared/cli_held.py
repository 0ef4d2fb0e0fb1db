"""`instroom held`, `approve`, `reject`, `forecast`: what waits for a human, and what he says.

Whatever is agreed to is named by its mark: it stands for exactly what was shown, and nothing else.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from shared import flow
from shared.cli_run import run
from shared.cli_waiting import print_batch, print_coming, print_refused
from shared.errors import Misconfigured
from shared.flow import ahead
from shared.flow.approve import as_shown
from shared.flow.service import Service
from shared.model.harm import Said

held = typer.Typer()
console = Console()

Batch = Annotated[str, typer.Argument(help="the batch, as `held` names it")]
Seen = Annotated[str, typer.Option(help="the mark that was printed: what you have seen")]
CauseNumber = Annotated[int | None, typer.Option("--cause", help="only this cause of it")]


@held.command("held")
def show_held() -> None:
    """Show what waits for a human, by cause, and how to say yes or no to it."""

    async def show(service: Service) -> None:
        shown = [one async for one in service.ledger.batches.unfinished()]
        if not any(one.open_causes for one in shown):
            console.print("Nothing is held.")
        policy = (await service.active_policy())[1] if shown else None
        for one in shown:
            if policy and one.open_causes:
                print_batch(console, one, policy, service.clock.now())
        for one in shown:
            if policy:
                print_refused(console, one, policy)

    run(show)


@held.command()
def approve(
    batch: Annotated[str | None, typer.Argument(help="the batch, as `held` names it")] = None,
    *,
    seen: Seen,
    cause: CauseNumber = None,
    coming: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="the ends until this day, before they come"),
    ] = None,
) -> None:
    """Agree to exactly what `held` or `forecast` showed; whoever came later is not in it."""
    if (batch is None) == (coming is None):
        raise typer.BadParameter("name a batch, or --coming with a day")

    async def agree(service: Service) -> None:
        who = getpass.getuser()
        if coming:
            await _agree_ahead(service, coming, seen, who)
            return
        shown, one = await as_shown(service, batch or "", seen, cause)
        said = await flow.approve(service, shown, who, cause=one)
        people = len(one.members if one else shown.waiting)
        _print_answer(f"{batch}, cause {one.number}" if one else f"{batch}", said, people)

    run(agree)


@held.command()
def reject(
    batch: Batch,
    *,
    seen: Seen,
    reason: Annotated[str, typer.Option(help="why not; it stays in the audit")],
    cause: CauseNumber = None,
) -> None:
    """Say no to exactly what `held` showed: it stays off until something about it changes."""

    async def refuse(service: Service) -> None:
        shown, one = await as_shown(service, batch, seen, cause)
        await flow.reject(service, shown, getpass.getuser(), reason, cause=one)
        people = _people(len(one.members if one else shown.waiting))
        console.print(
            f"Rejected: for {people} it stays as it is. When HR or the policy says something "
            "else of one of them, that is judged anew.",
            soft_wrap=True,
        )

    run(refuse)


@held.command()
def forecast(
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the last day to look at")],
) -> None:
    """Show who will lose their sign-in until a day, to agree to it before it comes."""

    async def show(service: Service) -> None:
        coming = await ahead.forecast(service, until.date())
        print_coming(console, coming, until.date())

    run(show)


async def _agree_ahead(service: Service, until: datetime, mark: str, who: str) -> None:
    coming = await ahead.forecast(service, until.date())
    if ahead.seen(coming) != mark:
        what = f"the ends until {until:%Y-%m-%d}"
        again = f"See `instroom forecast --until {until:%Y-%m-%d}` again"
        raise Misconfigured(what, "changed since you saw them", again)
    said = await ahead.agree(service, coming, who)
    _print_answer(f"the ends until {until:%Y-%m-%d}", said, len(said))


def _print_answer(what: str, said: Sequence[Said], people: int) -> None:
    if all(one.is_final for one in said):
        console.print(f"Approved {what}: {_people(people)}.", soft_wrap=True)
        return
    console.print(
        f"Signed {what}: {_people(people)}. guard.four_eyes wants a second person to agree: "
        "until then nothing happens.",
        soft_wrap=True,
    )


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
