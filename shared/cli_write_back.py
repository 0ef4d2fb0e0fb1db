"""What does HR know of somebody's account? A part of `instroom people` and `instroom explain`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from shared.flow.explain import Back
from shared.model.account import Applied


def print_written(console: Console, applied: Applied) -> None:
    """Each field of each record in HR that Instroom wrote, or found to be right."""
    for field, value in applied.written.items():
        console.print(f"written back: {field}: {value}", soft_wrap=True, markup=False)


def print_back(console: Console, fields: Sequence[Back]) -> None:
    """Each field of HR that the policy writes back to, and whether it says so by now."""
    if not fields:
        return
    table = Table("", "written back", "rule", "because", box=None)
    for one in fields:
        mark = "[green]stands[/green]" if one.stands else "[yellow]not there[/yellow]"
        table.add_row(mark, f"{one.record} {one.field}", one.reason.rule, one.reason.because)
    console.print(table)
