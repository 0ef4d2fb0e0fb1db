"""`instroom hr`: what an operator does with the HR systems themselves.

Consent is given in a browser by a person who may. Codes and tokens are neither printed nor kept
in the terminal's history.
"""

from __future__ import annotations

import asyncio
import getpass
import secrets
from typing import Annotated

import typer
from rich.console import Console

from shared import flow, redirect, wiring
from shared.cli_run import run
from shared.errors import Permanent
from shared.flow.service import Service
from shared.grant import GrantGone

hr = typer.Typer(help="The HR systems that are read.", no_args_is_help=True)
console = Console()


@hr.callback()
def systems() -> None:
    """The HR systems that are read."""


@hr.command()
def connect(
    source: Annotated[str, typer.Argument(help="an HR system that asks for consent, as nmbrs")],
    *,
    paste: Annotated[
        bool, typer.Option("--paste", help="type in the address instead of waiting for it")
    ] = False,
) -> None:
    """Let a person consent, once, and store the tokens."""
    asyncio.run(_connect(source, paste=paste))


@hr.command()
def tell_again(
    number: Annotated[
        str | None, typer.Argument(help="number of one person; without one, everybody")
    ] = None,
) -> None:
    """Tell the system that pushes its people of their accounts once more.

    For a receiver that has lost what it was told. Each message gets an id of its own.
    """

    async def act(service: Service) -> None:
        who = f"{getpass.getuser()} at the command line"
        bare = number.removeprefix("push:") if number else None
        people = await flow.tell_again(service, bare, who=who)
        told = "1 person" if people == 1 else f"{people} people"
        console.print(f"{told} will be told of again, with the next sweep", highlight=False)

    run(act)


async def _connect(source: str, *, paste: bool) -> None:
    async with wiring.consenting(source) as (consent, connection):
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        address = consent.provider.consent_address(
            consent.redirect, state=state, verifier=verifier
        )
        console.print("Open this address and log in as somebody who may consent:\n")
        console.print(address, soft_wrap=True, markup=False, highlight=False)
        if paste or not redirect.is_here(consent.redirect):
            code = redirect.code_of(_pasted(), state=state)
        else:
            console.print(f"\nWaiting at {consent.redirect} ...", highlight=False)
            code = await redirect.wait_for_code(consent.redirect, state=state)
        try:
            await connection.connect(code, redirect=consent.redirect, verifier=verifier)
        except GrantGone as error:
            raise Permanent(
                f"{source} takes the code no more: it lives minutes and works once; begin again",
                mender="operator",
            ) from error
        console.print(f"{source} is connected; the tokens are stored and renew themselves.")


def _pasted() -> str:
    """The address that the browser ended at; not shown while it is typed."""
    told = "\nThe browser ends at an address with a code in it. Paste it whole (it is not shown)"
    return str(typer.prompt(told, hide_input=True))
