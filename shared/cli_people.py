"""`instroom people matches`, `same` and `different`: which records are one human?

The question names records and fields, never what stands in them: who answers looks it up in HR.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from rich.console import Console

from shared import flow
from shared.errors import Misconfigured
from shared.flow.service import Service
from shared.ledger.matches import Proposal
from shared.model.account import Applied


async def answer(console: Console, service: Service, words: Sequence[str], who: str) -> None:
    """Do what `matches`, or `same` or `different` with two numbers, asks for."""
    match words:
        case ["matches"]:
            await _print_matches(console, service)
        case ["same", one, other]:
            joined = await flow.same(service, key(service, one), key(service, other), who=who)
            console.print(
                f"{one} and {other} are one person from now on; the next sweep goes on with it."
                if joined
                else f"{one} and {other} were one person already."
            )
        case ["different", one, other]:
            await flow.different(service, key(service, one), key(service, other), who=who)
            console.print(f"{one} and {other} are two people, and nobody asks again.")
        case _:
            raise Misconfigured(
                " ".join(words),
                "is no question about people",
                "Write a number, or `matches`, or `same` or `different` with two numbers",
            )


def key(service: Service, person: str) -> str:
    """`source:number` of what an operator typed; the first source when none is named."""
    source, colon, number = person.partition(":")
    if not colon:
        return f"{next(iter(service.sources))}:{person}"
    if source not in service.sources:
        known = ", ".join(service.sources)
        raise Misconfigured(person, f"there is no HR source '{source}'", f"Known: {known}")
    return f"{source}:{number}"


def print_accounts(console: Console, entra: Applied) -> None:
    """Further accounts in Entra, and the addresses that the main one still lacks."""
    for other in entra.linked:
        can = "can sign in" if other.enabled else "is blocked"
        console.print(
            f"linked account: {other.kind} {other.id}, {can}; when this person leaves: "
            f"{other.on_leave}",
            soft_wrap=True,
        )
    for alias in entra.aliases:
        console.print(
            f"alias wanted: {alias} beside {entra.login}. Graph does not let an app write "
            "addresses: add it in the Exchange admin center; it is looked for each day",
            soft_wrap=True,
        )


async def _print_matches(console: Console, service: Service) -> None:
    """Every pair that waits for a human's word, and why it may be one human."""
    asked = [one async for one in service.ledger.matches.proposals()]
    zone = (await service.active_policy())[1].zone if asked else None
    for one in asked:
        _print(console, one, zone)
    if not asked:
        console.print("Nobody is in doubt.")


def _print(console: Console, one: Proposal, zone: tzinfo | None) -> None:
    said = one.likeness
    agree = f"agree: {', '.join(said.agree) or 'names that were corrected'}"
    contradict = f"; contradict: {', '.join(said.contradict)}" if said.contradict else ""
    console.print(
        f"[bold]{one.newcomer}[/bold] may be the same human as [bold]{one.known}[/bold], since "
        f"{one.since.astimezone(zone):%Y-%m-%d %H:%M}\n  {agree}{contradict}\n"
        f"  instroom people same {one.newcomer} {one.known}\n"
        f"  instroom people different {one.newcomer} {one.known}\n",
        soft_wrap=True,
    )
