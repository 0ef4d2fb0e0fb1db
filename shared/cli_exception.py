"""`instroom exception`: one right for one person, given or denied until a day.

Prints people by number. A right is a group in Entra; `topdesk:` before it makes it an operator's
right in TOPdesk, by the name that `instroom explain` prints.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.cli_people import key
from shared.cli_run import run
from shared.flow import exceptions
from shared.flow.exceptions import Agreed
from shared.flow.service import Service
from shared.ledger.people import StoredExemption
from shared.model.desired import WITH_ACCOUNTS, TargetName
from shared.model.exemption import Exemption

exception = typer.Typer(
    help="One right for one person, given or denied until a day.", no_args_is_help=True
)
console = Console()

Person = Annotated[str, typer.Argument(help="employee number, or source:number")]
Right = Annotated[
    str, typer.Argument(help="a group in Entra, or `topdesk:` and an operator's right")
]
Until = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the last day")]
Why = Annotated[str, typer.Option("--reason", help="why; it stays in the audit")]
Owner = Annotated[str, typer.Option(help="who answers for it: a function or a mail address")]


@exception.callback()
def about() -> None:
    """One right for one person, given or denied until a day."""


@exception.command()
def grant(person: Person, right: Right, *, until: Until, reason: Why, owner: Owner) -> None:
    """Give a person a right that no rule gives; with four eyes two people say the same."""
    _make(person, right, until, reason, owner, gives=True)


@exception.command()
def deny(person: Person, right: Right, *, until: Until, reason: Why, owner: Owner) -> None:
    """Keep a right from a person whom a rule gives it; the guard counts what is taken."""
    _make(person, right, until, reason, owner, gives=False)


@exception.command()
def end(person: Person, right: Right) -> None:
    """Let the rules alone have the say over this right again, from now."""

    async def act(service: Service) -> None:
        source, _, number = key(service, person).partition(":")
        target, name = _parted(right)
        was = await exceptions.end(service, source, number, target, name, who=_who())
        told = f"{'gave' if was.gives else 'denied'} it" if was else "waited for a second person"
        console.print(
            f"{source}:{number}, {target} {name}: the exception that {told} has ended.",
            soft_wrap=True,
            markup=False,
        )

    run(act)


@exception.command("list")
def show(
    person: Annotated[str | None, typer.Argument(help="one person; else everyone")] = None,
) -> None:
    """List exceptions: what, until when, why, and who answers for it."""

    async def tell(service: Service) -> None:
        asked = key(service, person) if person else None
        found = [
            (number, stored)
            async for number, stored in exceptions.everyone(service)
            if asked in (None, number)
        ]
        if not found:
            console.print("There are no exceptions.")
            return
        zone = (await service.active_policy())[1].zone
        today = service.clock.now().astimezone(zone).date()
        table = Table("person", "right", "exception", "agreed by", "state", box=None)
        for number, stored in found:
            one = stored.asked
            state = "over" if not one.holds_on(today) else _state(stored)
            right = f"{one.target} {one.right}"
            table.add_row(number, escape(right), escape(one.told), escape(stored.said.who), state)
        console.print(table)

    run(tell)


def print_exceptions(console: Console, kept: Iterable[StoredExemption]) -> None:
    """A line for each exception of one person."""
    for stored in kept:
        one = stored.asked
        waits = "" if stored.current == one else "; waits for a second person"
        told = f"exception: {one.target} {one.right} {one.told}{waits}"
        console.print(told, soft_wrap=True, markup=False)


def _make(
    person: str, right: str, until: datetime, reason: str, owner: str, *, gives: bool
) -> None:
    async def act(service: Service) -> None:
        source, _, number = key(service, person).partition(":")
        target, name = _parted(right)
        new = Exemption(
            target=target, right=name, gives=gives, until=until.date(), reason=reason, owner=owner
        )
        agreed = await exceptions.make(service, source, number, new, who=_who())
        console.print(_said(f"{source}:{number}", new, agreed), soft_wrap=True, markup=False)

    run(act)


def _said(number: str, new: Exemption, agreed: Agreed) -> str:
    what = f"{number}, {new.target} {new.right}: {new.told}."
    if not agreed.said.is_final:
        return (
            f"{what}\nNot in force yet: guard.four_eyes wants a second person to type the same "
            "command."
        )
    if agreed.held:
        return f"{what}\nTaking it waits for a human: see `instroom held` ({agreed.held})."
    return f"{what}\nIn force from now; it ends by itself."


def _state(stored: StoredExemption) -> str:
    if stored.current == stored.asked:
        return "in force"
    return "waits for a second person" + ("; an earlier one is in force" * bool(stored.current))


def _parted(right: str) -> tuple[TargetName, str]:
    for target in WITH_ACCOUNTS:
        if right.casefold().startswith(f"{target}:"):
            return target, right[len(target) + 1 :].strip()
    return TargetName.ENTRA, right.strip()


def _who() -> str:
    return f"{getpass.getuser()} at the command line"
