"""`instroom drift`: what was changed by hand, what was put right, whose accounts are nobody's."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape

from shared.cli_run import run
from shared.flow.drift import orphans
from shared.flow.service import Service
from shared.model.drift import Drift

drift = typer.Typer()
console = Console()


@drift.command("drift")
def show_drift() -> None:
    """List whose account was changed by hand, and accounts that carry a number of nobody."""

    async def show(service: Service) -> None:
        zone = (await service.active_policy())[1].zone
        shown = 0
        async for one in service.ledger.drift.found():
            decision = (await service.ledger.people.read(one.person_id)).decision
            if decision:
                shown += 1
                at = f"{one.seen_at.astimezone(zone):%Y-%m-%d %H:%M}"
                _print(one, decision.person.numbered_record.key, at)
        for orphan in await orphans(service):
            shown += 1
            told = f"carries the number {orphan.employee_id}, which HR gives to nobody"
            _line("orphan", f"{orphan.account_id}  {told}")
        if not shown:
            console.print("Nothing was changed by hand, as far as Entra has told.")

    run(show)


def _print(one: Drift, number: str, at: str) -> None:
    changes = "; ".join(one.changes)
    if one.healed:
        _line("healed", f"{number}  at {at}: {changes}")
        return
    _line("told", f"{number}  since {at}: {changes} ({one.why})")
    for group in one.groups:
        let = f"instroom exception deny {number} '{group}' --until DAY --reason WHY --owner WHO"
        _line("", f"let it be so: {let}")


def _line(mark: str, text: str) -> None:
    colour = {"told": "red", "healed": "green", "orphan": "yellow"}.get(mark, "default")
    console.print(f"[{colour}]{mark:<7}[/] {escape(text)}", soft_wrap=True, highlight=False)
