"""`instroom`: what an operator asks and says at a terminal.

Reads the settings of the environment, and under them local.settings.json as the Functions tools
do. Every command prints people by number; names are shown only where an operator asked for one
person.
"""

from __future__ import annotations

import asyncio
import getpass
from datetime import datetime, time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared import flow, health, settings, wiring
from shared.cli_ad import ad, print_tasks
from shared.cli_audit import audit
from shared.cli_drift import drift
from shared.cli_erase import eraser, print_tombstone
from shared.cli_exception import exception, print_exceptions
from shared.cli_explain import print_explanation
from shared.cli_first_sign_in import first_sign_in
from shared.cli_held import held
from shared.cli_hr import hr
from shared.cli_ledger import ledger
from shared.cli_notice import notice
from shared.cli_people import answer, key, print_accounts
from shared.cli_permissions import permissions
from shared.cli_policy import policy as policy_file
from shared.cli_resume import resume
from shared.cli_rights import rights
from shared.cli_rollout import rollout
from shared.cli_run import run
from shared.cli_sso import sso
from shared.cli_takeover import takeover
from shared.cli_topdesk import topdesk
from shared.cli_upkeep import upkeep
from shared.cli_write_back import print_written
from shared.errors import InstroomError, Misconfigured
from shared.flow import in_bulk
from shared.flow.preview import Preview
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.flow.stop import where_only_told, whose
from shared.ledger.people import Dossier
from shared.model.desired import WITH_ACCOUNTS, TargetName
from shared.model.report import counted, differences
from shared.policy.lifecycle import stopped
from shared.policy.load import load

app = typer.Typer(
    help="Joiners, movers and leavers between HR, Entra ID and TOPdesk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(hr, name="hr")
app.add_typer(ad, name="ad")
app.add_typer(held)
app.add_typer(ledger, name="ledger")
app.add_typer(eraser)
app.add_typer(first_sign_in)
app.add_typer(rollout)
app.add_typer(resume)
app.add_typer(takeover)
app.add_typer(notice, name="notice")
app.add_typer(sso, name="sso")
app.add_typer(topdesk, name="topdesk")
app.add_typer(drift)
app.add_typer(upkeep)
app.add_typer(audit, name="audit")
app.add_typer(permissions, name="permissions")
app.add_typer(policy_file, name="policy")
app.add_typer(rights, name="rights")
app.add_typer(exception, name="exception")
console = Console()

Person = Annotated[str, typer.Argument(help="employee number, or source:number")]


def main() -> None:
    """Run the command line; mistakes end with one sentence and exit code 1."""
    try:
        app(standalone_mode=True)
    except InstroomError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        raise SystemExit(1) from None


@app.callback()
def use(
    settings_file: Annotated[
        Path, typer.Option("--settings", help="settings under those of the environment")
    ] = Path("local.settings.json"),
) -> None:
    """Read the settings before any command."""
    wiring.configure(settings.read(file=settings_file))


@app.command()
def preview(
    person: Person,
    policy: Annotated[Path | None, typer.Option(help="try this policy file instead")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="as on this day")
    ] = None,
) -> None:
    """Show what would change for one person, and why; nothing is written."""
    rules = load(policy.read_text(encoding="utf-8"), name=str(policy)) if policy else None

    async def show(service: Service) -> None:
        source, number = _key(service, person)
        zone = (rules or (await service.active_policy())[1]).zone
        at = datetime.combine(on.date(), time(12), tzinfo=zone) if on else None
        _print_preview(await flow.preview(service, source, number, policy=rules, at=at))

    run(show)


@app.command()
def people(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PERSON | matches | same ONE OTHER | different ONE OTHER]",
            help="one of them in full; who may be one human; or your word on two of them",
        ),
    ] = None,
) -> None:
    """List everyone with their state, show one in full, or say who is one human."""

    async def show(service: Service) -> None:
        match words:
            case None | []:
                await _print_everyone(service)
            case [person] if person != "matches":
                source, number = _key(service, person)
                await _print_person(service, source, number)
            case _:
                await answer(console, service, words, getpass.getuser())

    run(show)


@app.command()
def explain(
    person: Person,
    right: Annotated[str | None, typer.Option(help="one group or permission group")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="as on this day")
    ] = None,
) -> None:
    """Say why someone has each right, and why not; by the ledger, nothing is read from HR."""

    async def show(service: Service) -> None:
        source, number = _key(service, person)
        zone = (await service.active_policy())[1].zone
        at = datetime.combine(on.date(), time(12), tzinfo=zone) if on else None
        told = await flow.explained(service, source, number, at=at)
        print_explanation(console, told, right)

    run(show)


@app.command()
def leaver(
    *,
    now: Annotated[str | None, typer.Option(help="block this person at once")] = None,
    lift: Annotated[str | None, typer.Option(help="let HR decide about this one again")] = None,
    reason: Annotated[str, typer.Option(help="why; it stays in the audit")],
) -> None:
    """Block a person at once, whatever HR says and without approval; or lift that."""
    if (now is None) == (lift is None):
        raise typer.BadParameter("say who: --now KEY, or --lift KEY")
    who = f"{getpass.getuser()} at the command line"

    async def act(service: Service) -> None:
        source, number = await whose(service, now or lift or "")
        if lift is not None:
            await flow.lift(service, source, number, who=who, reason=reason)
            console.print(f"Lifted: HR decides about {source}:{number} again, from now.")
            return
        stop = await flow.stop(service, source, number, who=who, reason=reason)
        names = {TargetName.ENTRA: "Entra", TargetName.TOPDESK: "TOPdesk"}
        for name in (untouched := await where_only_told(service, source, number)):
            console.print(
                f"NOT in {names[name]}: by `targets.{name}` of the policy nothing is written "
                "there. Block the account by hand, now",
                style="red",
                soft_wrap=True,
            )
        blocked = " and ".join(told for name, told in names.items() if name not in untouched)
        console.print(
            f"{source}:{number} is being blocked in {blocked or 'no system'}.\n"
            f"It stays so, {stopped(stop)}, until: instroom leaver --lift {source}:{number}",
            soft_wrap=True,
            markup=False,
        )

    run(act)


@app.command()
def doctor() -> None:
    """Check settings, policy, ledger and the reach of every system, and say how to mend it."""

    async def look() -> bool:
        report = await health.doctor()
        for part, problem in report.parts:
            console.print(
                f"[green]ok[/green]    {part}"
                if problem is None
                else f"[red]wrong[/red] {problem}",
                soft_wrap=True,
            )
        if report.held:
            console.print(f"[green]held[/green]  {report.held}", soft_wrap=True)
        if report.unsent:
            console.print(f"[yellow]mail[/yellow]  {report.unsent}", soft_wrap=True)
        for told in filter(None, (report.upkeep, report.resting)):
            console.print(f"[yellow]look[/yellow]  {told}", soft_wrap=True)
        if report.rollout:
            console.print(f"[yellow]steps[/yellow] {report.rollout}", soft_wrap=True)
        await wiring.close()
        return report.ready

    if not asyncio.run(look()):
        raise SystemExit(1)


def _key(service: Service, person: str) -> tuple[str, str]:
    """The source and number of what an operator typed; the first source when none is named."""
    source, _, number = key(service, person).partition(":")
    return source, number


def _print_preview(shown: Preview) -> None:
    want = shown.desired
    console.print(
        f"[bold]{shown.person.primary_record.key}[/bold]  {shown.person.name.display}\n"
        f"state on {shown.at:%Y-%m-%d}: [bold]{want.entra.state}[/bold] ({want.entra.why.because})"
    )
    if want.next_moment:
        console.print(f"changes by itself on {want.next_moment:%Y-%m-%d %H:%M %Z}")
    for right in shown.told:
        console.print(
            f"[yellow]has {right}, which no rule explains; it is only told (managed: report)"
            "[/yellow]",
            soft_wrap=True,
        )
    for kind in sorted(shown.harms):
        console.print(f"[yellow]counts as {kind}: the guard may hold it[/yellow]")
    for plan in shown.plans:
        table = Table("change", "why", title=f"{plan.target}", title_justify="left", box=None)
        for change in plan.changes:
            why = "; ".join(dict.fromkeys(f"{r.rule}: {r.because}" for r in change.reasons))
            table.add_row(str(change), why)
        for change in plan.for_ad:
            why = "; ".join(dict.fromkeys(f"{r.rule}: {r.because}" for r in change.reasons))
            table.add_row(f"[yellow]Active Directory has to:[/yellow] {change}", why)
        for obstacle in plan.obstacles.values():
            table.add_row("[red]cannot[/red]", obstacle)
        if only := shown.only_told.get(plan.target):
            differ = counted(len(differences(plan, want.entra.why)))
            console.print(
                f"[yellow]{plan.target}: report: {differ}; only told, "
                f"nothing is written ({only.rule}: {only.because})[/yellow]",
                soft_wrap=True,
            )
        if table.row_count:
            console.print(table)
        else:
            console.print(f"{plan.target}: nothing to do")


async def _print_everyone(service: Service) -> None:
    back = (await service.active_policy())[1].write_back
    targets = (*WITH_ACCOUNTS, TargetName.HR) if back.fields else WITH_ACCOUNTS
    table = Table("person", "should be", *targets, "waits for", box=None)
    for source in service.sources:
        async for known in service.ledger.identities.everyone(source):
            dossier = await service.ledger.people.read(known.person_id)
            table.add_row(
                f"{source}:{known.number}",
                await _should_be(service, dossier),
                *(str(dossier.target(name).applied.state) for name in targets),
                _waits_for(dossier),
            )
    console.print(table)


async def _should_be(service: Service, dossier: Dossier) -> str:
    if dossier.decision is None:
        return "erased" if dossier.erased else "-"
    return wanted(
        dossier, dossier.decision, await service.policy(dossier.decision.policy)
    ).entra.state


def _waits_for(dossier: Dossier) -> str:
    told = ["an operator, who stopped it"] if dossier.stop else []
    told += [stored.problem for stored in dossier.records.values() if stored.problem]
    rows = {name: dossier.target(name) for name in TargetName}
    told += [row.problem for row in rows.values() if row.problem]
    told += [f"{name}: {row.report.summary}" for name, row in rows.items() if row.report]
    told += [waits] if (waits := in_bulk.told(dossier.target(TargetName.ENTRA))) else []
    if dossier.target(TargetName.ENTRA).applied.aliases:
        told.append("Exchange: an earlier address must stay an alias")
    if dossier.decision and dossier.decision.hold:
        told.append(f"a human: {', '.join(dossier.decision.hold.values())}")
    return "; ".join(told)


async def _print_person(service: Service, source: str, number: str) -> None:
    known = await service.ledger.identities.find(source, number)
    if known is None:
        raise Misconfigured(f"{source}:{number}", "is not known", "See `instroom people`")
    dossier = await service.ledger.people.read(known.person_id)
    name = dossier.decision.person.name.display if dossier.decision else "-"
    console.print(f"[bold]{source}:{number}[/bold]  {name}  ({known.person_id})")
    await print_tombstone(console, service, known.person_id)
    if waits := _waits_for(dossier):
        console.print(f"[yellow]waits for: {waits}[/yellow]", soft_wrap=True)
    if dossier.stop:
        console.print(f"{stopped(dossier.stop)}", style="red", soft_wrap=True, markup=False)
    print_exceptions(console, dossier.exceptions.values())
    entra = dossier.target(TargetName.ENTRA).applied
    print_accounts(console, entra)
    if entra.blocked:
        seen = entra.blocked
        zone = (await service.active_policy())[1].zone
        console.print(
            f"seen blocked on {seen.at.astimezone(zone):%Y-%m-%d %H:%M}, {seen.seconds} s after "
            "it was decided",
            soft_wrap=True,
        )
    print_tasks(console, dossier.target(TargetName.ENTRA).tasks)
    print_written(console, dossier.target(TargetName.HR).applied)
    for target in WITH_ACCOUNTS:
        applied = dossier.target(target).applied
        table = Table(
            "right", "why", title=f"{target}: {applied.state}", title_justify="left", box=None
        )
        pending = dossier.target(target).pending
        for right, reasons in applied.rights.items():
            shown = f"{right} (waits to be bound)" if right in pending else right
            table.add_row(shown, "; ".join(f"{r.rule}: {r.because}" for r in reasons))
        for right, since in applied.strays.items():
            table.add_row(right, f"no rule explains it; known since {since:%Y-%m-%d}")
        console.print(table)
    table = Table("when", "who", "what", title="history", title_justify="left", box=None)
    zone = (await service.active_policy())[1].zone
    async for told in service.ledger.history.of(known.person_id):
        table.add_row(f"{told.at.astimezone(zone):%Y-%m-%d %H:%M}", told.who, told.what)
    console.print(table)


if __name__ == "__main__":
    main()
