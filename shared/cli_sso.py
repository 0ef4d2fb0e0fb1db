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
from rich.markup import escape
from rich.table import Table

from shared import flow, wiring, wiring_sso
from shared.errors import Misconfigured
from shared.model.change import Plan
from shared.model.desired import ALIVE
from shared.policy.sso import Realm
from shared.sso import files, look, rotate
from shared.sso.check import Finding, Level
from shared.sso.found import Found
from shared.sso.page import page, text
from shared.sso.page_words import Language
from shared.sso.person import Facts, chain
from shared.sso.plan import plan as planned
from shared.sso.read import read
from shared.sso.setup import Desk, converge
from shared.sso.setup import setup as set_up
from shared.sso.wanted import Wanted
from shared.wiring_sso import Place, Said, SignIn

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
_COLOURS = {Level.OK: "green", Level.NOTICE: "yellow", Level.WRONG: "red"}


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
            _print_plan(door, planned(door, await read(place.desk.graph, door)))

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
            _print_plan(door, left)
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
                _print_finding(finding)
                if finding.level is Level.WRONG:
                    wrong.append(finding)

    _run(SignIn(tenant, device_code), folder, see)
    if wrong:
        raise typer.Exit(1)


@sso.command(name="rotate")
def rotate_(
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
            await _keep(place, said, [(door, found)], folder, None)
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
            _print_next(door, await converge(place.desk, door, rotate.prepare), folder)

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
            _print_chain(door, Facts(mine, account, card))

    _run(SignIn(tenant, device_code), folder, explain)


def _run(sign_in: SignIn, folder: Path, command: Callable[[Place], Awaitable[None]]) -> None:
    async def go() -> None:
        async with wiring_sso.place(sign_in, folder, _tell) as place:
            await command(place)

    asyncio.run(go())


async def _keep(
    place: Place,
    said: Said,
    doors: list[tuple[Wanted, Found]],
    folder: Path,
    language: Language | None,
) -> None:
    """Leave the files for TOPdesk's administrator, and print the page in this language."""
    desk: Desk = place.desk
    given = []
    for door, found in doors:
        told = await look.published_with_active(place.eyes, door, found, desk.sleep)
        signing = found.principal.signing if found.principal else None
        if signing:
            given.append(files.keep(door, signing, told, folder))
    if language is None:
        return
    written = files.keep_pages(given, said.organisation, folder, desk.now())
    made = page(tuple(given), organisation=said.organisation, language=language, now=desk.now())
    console.print(text(made), markup=False, highlight=False, soft_wrap=True)
    names = " and ".join(str(path) for path in written)
    console.print(f"Kept as {names}, with the files it names beside it.", soft_wrap=True)


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


def _print_finding(finding: Finding) -> None:
    colour = _COLOURS[finding.level]
    mend = f". {finding.mend}" if finding.mend else ""
    console.print(
        f"[{colour}]{finding.level:<6}[/{colour}] {escape(finding.what + mend)}",
        soft_wrap=True,
        highlight=False,
    )


def _print_next(door: Wanted, found: Found, folder: Path) -> None:
    following = rotate.newer(found.principal) if found.principal else None
    if following is None:
        return
    kept = files.keep_next(door, following, folder)
    where = f"the file {kept}" if kept else "the certificate (download it under Single sign-on)"
    block = "Secure" if door.realm is Realm.SECURE else "Public"
    console.print(
        f"The next certificate of {door.template} is {following.thumbprint}, valid until "
        f"{following.not_after:%d-%m-%Y}. Entra does not sign with it yet.\n"
        f"1. In TOPdesk: Settings > Functional Settings > Login Settings > General > SAML login, "
        f"part {block}: open the configuration, add {where} as its certificate, and save.\n"
        f"   If TOPdesk keeps one certificate only, do this and step 2 right after each other, "
        f"outside office hours.\n"
        f"2. instroom sso rotate {door.realm} --activate {following.thumbprint}\n"
        f"3. Sign in to TOPdesk once, then: instroom sso rotate {door.realm} --retire",
        soft_wrap=True,
        highlight=False,
    )


def _print_chain(door: Wanted, facts: Facts) -> None:
    links = chain(door, facts)
    can = all(link.holds for link in links)
    console.print(f"{door.template}: {'[green]can' if can else '[red]cannot'} sign in[/]")
    for link in links:
        mark = "[green]yes[/green]" if link.holds else "[red]no [/red]"
        console.print(f"  {mark} {escape(link.told)}", soft_wrap=True, highlight=False)
