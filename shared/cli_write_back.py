"""What does HR know of somebody's account by our doing? A part of `instroom people`."""

from __future__ import annotations

from rich.console import Console

from shared.model.account import Applied


def print_written(console: Console, applied: Applied) -> None:
    """Each field of each record in HR that Instroom wrote, or found to be right."""
    for field, value in applied.written.items():
        console.print(f"written back: {field}: {value}", soft_wrap=True, markup=False)
