"""How does `instroom sso` show what it found and did? Called by `cli_sso` alone."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.model.change import Plan
from shared.sso import files, rotate
from shared.sso.check import Finding, Level
from shared.sso.found import Found
from shared.sso.page_words import Language
from shared.sso.person import Facts, chain
from shared.sso.rotate_words import steps
from shared.sso.wanted import Wanted

console = Console()
_COLOURS = {Level.OK: "green", Level.NOTICE: "yellow", Level.WRONG: "red"}


def done(change: str) -> None:
    """Tell that a change was carried out."""
    console.print(f"  done: {escape(change)}", soft_wrap=True, highlight=False)


def plan(door: Wanted, left: Plan) -> None:
    """Show what would change at one door, and why."""
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


def finding(found: Finding) -> None:
    """Show one line of a check."""
    colour = _COLOURS[found.level]
    mend = f". {found.mend}" if found.mend else ""
    console.print(
        f"[{colour}]{found.level:<6}[/{colour}] {escape(found.what + mend)}",
        soft_wrap=True,
        highlight=False,
    )


def following(door: Wanted, found: Found, folder: Path, language: Language) -> None:
    """Keep the next certificate, and say what a human does with it."""
    coming = rotate.newer(found.principal) if found.principal else None
    if coming is None:
        return
    kept = files.keep_next(door, coming, folder)
    told = steps(door, coming, str(kept) if kept else None, language)
    console.print(told, markup=False, soft_wrap=True, highlight=False)


def chain_of(door: Wanted, facts: Facts) -> None:
    """Show every condition for one person at one door."""
    links = chain(door, facts)
    can = all(link.holds for link in links)
    console.print(f"{door.template}: {'[green]can' if can else '[red]cannot'} sign in[/]")
    for link in links:
        mark = "[green]yes[/green]" if link.holds else "[red]no [/red]"
        console.print(f"  {mark} {escape(link.told)}", soft_wrap=True, highlight=False)
