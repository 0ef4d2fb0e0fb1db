"""`instroom permissions`: what the app's identity may do in Entra; shown, checked and granted.

Whoever checks or grants does it under a sign-in of their own, never the app's: an identity that
could grant itself a permission could grant itself every one.
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

from shared import wiring
from shared.permissions import grant as granting
from shared.permissions.compare import Comparison, compared
from shared.permissions.grant import Identity
from shared.permissions.wanted import features, wanted
from shared.policy.document import Policy
from shared.policy.load import load
from shared.vendors.graph.client import Graph
from shared.vendors.graph.permissions import (
    DANGEROUS,
    OF_AN_ADMINISTRATOR,
    Feature,
    Permission,
    delegated,
)
from shared.wiring_sign_in import Asked, SignIn, signed_in

permissions = typer.Typer(
    help="What the app's identity may do in Entra.",
    no_args_is_help=True,
)
console = Console()

ObjectId = Annotated[
    str, typer.Option(help="object id of the app's managed identity: output identityPrincipalId")
]
Tenant = Annotated[str | None, typer.Option(help="tenant id or domain; else that of who signs in")]
DeviceCode = Annotated[
    bool, typer.Option("--device-code", help="sign in with a code, in a browser elsewhere")
]
PolicyFile = Annotated[Path | None, typer.Option(help="this policy file instead of POLICY_FILE")]

_ROLE = "Privileged Role Administrator"
_DOCUMENT = "docs/permissions.md"
LATE = (
    "A token that the app has already stays as it is, for up to a day; restarting the app does "
    "not renew it. Its /api/health says when the app itself has what it needs."
)


@permissions.command()
def show(*, policy: PolicyFile = None) -> None:
    """List what the policy's features need, and why; nobody signs in and nothing is asked."""
    rules = _rules(policy)
    on = features(rules)
    _list("the app's identity (application permissions)", wanted(rules))
    own = [each for each in OF_AN_ADMINISTRATOR if each.feature in on]
    _list("an administrator at the command line (delegated, never the app's)", own)


@permissions.command()
def check(
    *,
    identity: ObjectId,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: PolicyFile = None,
) -> None:
    """Compare what was granted with what is needed; exit code 1 when it lacks or is dangerous."""
    rules, wrong = _rules(policy), []

    async def look(graph: Graph) -> None:
        found = await granting.read(graph, identity)
        told = compared(wanted(rules), found.held)
        _print_comparison(found, told)
        if told.missing:
            console.print(f"Grant it: instroom permissions grant --identity {identity}")
        if not told.is_well:
            wrong.append(told)

    _run(SignIn(tenant, device_code), look, Feature.CHECKING)
    if wrong:
        raise typer.Exit(1)


@permissions.command()
def grant(
    *,
    identity: ObjectId,
    tenant: Tenant = None,
    device_code: DeviceCode = False,
    policy: PolicyFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="do what is shown without asking")] = False,
) -> None:
    """Show what would be granted, and grant it when you agree; takes nothing away."""
    rules = _rules(policy)

    async def go(graph: Graph) -> None:
        found = await granting.read(graph, identity)
        told = compared(wanted(rules), found.held)
        _print_comparison(found, told)
        if not told.missing:
            console.print("Nothing to grant.")
            return
        for permission in told.missing:
            granting.role_of(found, permission)
        if not yes:
            typer.confirm(f"Grant {len(told.missing)} to {found.name}?", abort=True)
        await granting.grant(graph, found, told.missing, _granted)
        console.print(LATE, soft_wrap=True)

    _run(SignIn(tenant, device_code), go, Feature.CHECKING, Feature.GRANTING)


def _rules(policy: Path | None) -> Policy:
    name = str(policy or wiring.settings().policy_file)
    return load(wiring.text_of(name), name=name)


def _run(
    sign_in: SignIn, command: Callable[[Graph], Awaitable[None]], *features_used: Feature
) -> None:
    async def go() -> None:
        asked = Asked(delegated(*features_used), _ROLE, _DOCUMENT)
        async with signed_in(sign_in, asked) as graph:
            await command(graph)

    asyncio.run(go())


def _list(whose: str, listed: tuple[Permission, ...] | list[Permission]) -> None:
    table = Table("permission", "for", "why", title=whose, title_justify="left", box=None)
    for each in listed:
        table.add_row(each.value, each.feature, each.why)
    console.print(table)


def _print_comparison(found: Identity, told: Comparison) -> None:
    _line("bold", found.name, "managed identity")
    for each in told.granted:
        _line("green", "ok      ", each.value)
    for each in told.missing:
        _line("red", "missing ", f"{each.value}: {each.why}")
    for name in told.dangerous:
        _line("red", "DANGER  ", f"{name}: {DANGEROUS[name]}. {_take_away(found, name)}")
    for name in told.spare:
        _line("yellow", "too much", f"{name}: nothing needs it. {_take_away(found, name)}")


def _line(colour: str, first: str, rest: str) -> None:
    console.print(
        f"[{colour}]{escape(first)}[/{colour}]  {escape(rest)}", soft_wrap=True, highlight=False
    )


def _take_away(found: Identity, name: str) -> str:
    url = "https://graph.microsoft.com/v1.0/servicePrincipals"
    where = f"{url}/{found.object_id}/appRoleAssignments/{found.held[name]}"
    return f"Take it away: az rest --method delete --url {where}"


def _granted(name: str) -> None:
    _line("green", "granted ", name)
