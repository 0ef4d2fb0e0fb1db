"""`instroom sso`: single sign-on to TOPdesk, planned, set up and looked after by an administrator.

Nothing is written before the plan was shown and agreed to. People are printed by number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shared import cli_sso_show, flow, wiring, wiring_sso
from shared.errors import Misconfigured, Permanent
from shared.model.desired import ALIVE
from shared.policy.sso import Realm
from shared.sso import files, look, rotate
from shared.sso.check import Level
from shared.sso.found import Found
from shared.sso.page import page, text
from shared.sso.page_words import Language
from shared.sso.person import Facts
from shared.sso.plan import plan as planned
from shared.sso.read import read
from shared.sso.setup import converge
from shared.sso.setup import setup as set_up
from shared.sso.wanted import Wanted
from shared.wiring_sign_in import SignIn
from shared.wiring_sso import Place, Said

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
    said = wiring_sso.said(policy)

    async def show(place: Place) -> None:
        for door in said.doors:
            cli_sso_show.plan(door, planned(door, await read(place.desk.graph, door)))

    _run(SignIn(tenant, device_code), folder, show)


@sso.command()
def setup(
    *,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: Policy = None,
    folder: Folder = FOLDER,
    language: Annotated[
        Language, typer.Option(help="of the page that is printed; both are kept")
    ] = Language.DUTCH,
    yes: Yes = False,
) -> None:
    """Show the plan, carry it out when you agree, and print TOPdesk's half as a page."""
    said = wiring_sso.said(policy)

    async def go(place: Place) -> None:
        plans = [(door, planned(door, await read(place.desk.graph, door))) for door in said.doors]
        for door, left in plans:
            cli_sso_show.plan(door, left)
        if lacking := [each for _, left in plans for each in left.obstacles.values()]:
            raise Permanent("; ".join(dict.fromkeys(lacking)), mender="operator")
        if any(left for _, left in plans) and not yes:
            typer.confirm("Do this?", abort=True)
        found = []
        for door in said.doors:
            found.append((door, await set_up(place.desk, door)))
            console.print(f"[green]{door.template} stands in Entra as the policy says.[/green]")
        await _keep(place, said, found, folder, language)

    _run(SignIn(tenant, device_code), folder, go)


@sso.command()
def check(
    *,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: Policy = None,
    folder: Folder = FOLDER,
) -> None:
    """Look whether everything is as it should be and who can sign in; exit code 1 if not."""
    said = wiring_sso.said(policy)
    wrong = []

    async def see(place: Place) -> None:
        for door in said.doors:
            console.print(f"[bold]{door.template}[/bold]")
            for finding in await look.checked(place.eyes, door, place.desk.now()):
                cli_sso_show.finding(finding)
                if finding.level is Level.WRONG:
                    wrong.append(finding)

    _run(SignIn(tenant, device_code), folder, see)
    if wrong:
        raise typer.Exit(1)


@sso.command(name="rotate")
def rotate_(  # noqa: PLR0913 - each is an option of the command
    realm: Annotated[Realm, typer.Argument(help="the door whose certificate is replaced")],
    *,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: Policy = None,
    folder: Folder = FOLDER,
    activate: Annotated[
        str | None, typer.Option(help="sign with this certificate from now on: its thumbprint")
    ] = None,
    retire: Annotated[
        bool, typer.Option("--retire", help="take away the certificates before the active one")
    ] = False,
    language: Annotated[
        Language, typer.Option(help="of the steps that are printed")
    ] = Language.DUTCH,
) -> None:
    """Prepare the next certificate; then --activate it; then --retire the old one."""
    said = wiring_sso.said(policy)
    door = next((each for each in said.doors if each.realm is realm), None)
    if door is None:
        raise Misconfigured(f"sso.{realm}", "is not in the policy", "Add it, or name the other")

    async def go(place: Place) -> None:
        if activate:
            thumbprint = activate.upper()
            found = await converge(
                place.desk, door, lambda found: rotate.activate(found, thumbprint)
            )
            others = [each for each in said.doors if each is not door]
            both = [(each, await read(place.desk.graph, each)) for each in others]
            await _keep(place, said, [(door, found), *both], folder, None)
            console.print(
                f"Entra signs with {thumbprint} now. Sign in to TOPdesk once; if it works: "
                f"instroom sso rotate {realm} --retire",
                soft_wrap=True,
            )
        elif retire:
            found = await converge(place.desk, door, rotate.retire)
            left = len(found.principal.certificates) if found.principal else 0
            console.print(f"{door.template} has {left} certificate(s) left.")
        else:
            prepared = await converge(place.desk, door, rotate.prepare)
            cli_sso_show.following(door, prepared, folder, language)

    _run(SignIn(tenant, device_code), folder, go)


@sso.command(name="test-user")
def explain_person(
    person: Annotated[str, typer.Argument(help="employee number, or source:number")],
    *,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: Policy = None,
    folder: Folder = FOLDER,
) -> None:
    """Explain why a person can sign in to TOPdesk, or why not."""
    said = wiring_sso.said(policy)

    async def explain(place: Place) -> None:
        try:
            service = await wiring.service()
            source, colon, number = person.partition(":")
            if not colon:
                source, number = next(iter(service.sources)), person
            shown = await flow.preview(service, source, number)
        finally:
            await wiring.close()
        entra = shown.desired.entra
        rights = entra.groups if entra.state in ALIVE else {}
        console.print(f"[bold]{source}:{number}[/bold]")
        for door in said.doors:
            mine = {name: rights[name] for name in door.groups if name in rights}
            account, card = await look.person(place.eyes, door, entra.employee_id)
            cli_sso_show.chain_of(door, Facts(mine, account, card))

    _run(SignIn(tenant, device_code), folder, explain)


def _run(sign_in: SignIn, folder: Path, command: Callable[[Place], Awaitable[None]]) -> None:
    async def go() -> None:
        async with wiring_sso.place(sign_in, folder, cli_sso_show.done) as place:
            await command(place)

    asyncio.run(go())


async def _keep(
    place: Place,
    said: Said,
    doors: list[tuple[Wanted, Found]],
    folder: Path,
    language: Language | None,
) -> None:
    """Leave the files for TOPdesk's administrator, and print the page if in a language."""
    desk, given = place.desk, []
    for door, found in sorted(doors, key=lambda each: said.doors.index(each[0])):
        signing = found.principal.signing if found.principal else None
        if signing:
            told = await look.published_with_active(place.eyes, door, found, desk.sleep)
            given.append(files.keep(door, signing, told, folder))
    written = files.keep_pages(given, said.organisation, folder, desk.now())
    if language is None:
        return
    made = page(tuple(given), organisation=said.organisation, language=language, now=desk.now())
    console.print(text(made), markup=False, highlight=False, soft_wrap=True)
    names = " and ".join(str(path) for path in written)
    console.print(f"Kept as {names}, with the files it names beside it.", soft_wrap=True)
