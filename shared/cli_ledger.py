"""`instroom ledger`: copy the ledger into a file, and make one anew out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shared.cli_run import run
from shared.errors import Misconfigured
from shared.flow.service import Service
from shared.ledger import copies
from shared.ledger.rows import Whole

ledger = typer.Typer(help="Copies of the ledger.", no_args_is_help=True)
console = Console()

File = Annotated[Path, typer.Argument(help="the copy, such as ledger.jsonl.gz")]


@ledger.command()
def backup(file: File) -> None:
    """Copy the whole ledger into a new file; it holds personal data."""

    async def copy(service: Service) -> None:
        try:
            rows = await copies.backup(_whole(service), file, service.clock.wall())
        except FileExistsError:
            raise Misconfigured(str(file), "is there already", "Name a new file") from None
        console.print(f"{rows} rows in {file}. It holds personal data: keep it so.")

    run(copy)


@ledger.command()
def restore(file: File) -> None:
    """Fill an empty ledger from a copy; refused when it holds anything that the copy does not."""

    async def fill(service: Service) -> None:
        rows = await copies.restore(service.ledger.store, _whole(service), file)
        console.print(f"{rows} rows restored. Read docs/operations.md before you start the app.")

    run(fill)


def _whole(service: Service) -> Whole:
    store = service.ledger.store
    assert isinstance(store, Whole)  # noqa: S101 - both that wiring opens are
    return store
