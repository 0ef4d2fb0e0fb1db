"""`instroom notice`: what mail would say, and what became of the mail that was meant.

A preview is written with made-up facts, or with those of one person or batch; nothing is sent and
nothing is remembered.
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared import wiring
from shared.cli_run import run
from shared.errors import Misconfigured
from shared.flow import letters, noticing
from shared.flow.service import Service
from shared.flow.stop import whose
from shared.model.notice import ABOUT_A_PERSON, NoticeKind
from shared.notices.made_up import SAMPLES
from shared.notices.render import LANGUAGES, Facts, Language

notice = typer.Typer(help="Mail to managers and operators.", no_args_is_help=True)
console = Console()

NoticeId = Annotated[str, typer.Argument(help="the notice, as `list` names it")]


@notice.callback()
def mail() -> None:
    """Mail to managers and operators."""


@notice.command()
def preview(
    kind: Annotated[NoticeKind, typer.Argument(help="which notice")],
    key: Annotated[str | None, typer.Argument(help="a person, or a batch for held")] = None,
    language: Annotated[str | None, typer.Option(help="nl or en; else the policy's")] = None,
) -> None:
    """Show a notice as it would be sent: with made-up facts, or for one person or batch."""
    known = {str(one): one for one in LANGUAGES}
    if language is not None and language not in known:
        raise typer.BadParameter("say nl or en")
    if key is None:
        _print(kind, known[language or "nl"], SAMPLES[kind])
        return

    async def show(service: Service) -> None:
        _, policy = await service.active_policy()
        facts = await _facts(service, kind, key)
        _print(kind, known[language or policy.notices.language], facts)

    run(show)


@notice.command("list")
def list_() -> None:
    """List the notices that wait, failed, or may not have arrived."""

    async def show(service: Service) -> None:
        kept = [one.notice async for one in service.ledger.notices.unfinished()]
        if not kept:
            console.print("Every notice that was meant has been sent.")
            return
        table = Table("notice", "kind", "since", "state", "why", box=None)
        for one in kept:
            since = f"{one.created_at:%Y-%m-%d %H:%M}"
            table.add_row(one.notice_id[:8], one.cause.kind, since, one.state, one.problem)
        console.print(table)
        if any(one.state in ("unknown", "failed") for one in kept):
            console.print(
                "\nUnknown: look in Sent Items of the mailbox. It is there: instroom notice drop "
                "NOTICE. It is not: instroom notice send NOTICE",
                soft_wrap=True,
            )

    run(show)


@notice.command()
def send(notice_id: NoticeId) -> None:
    """Send a notice after all that is unknown or failed; the next sweep does it."""

    async def act(service: Service) -> None:
        await noticing.send_again(service, notice_id)
        console.print("It is sent within a minute.")

    run(act)


@notice.command()
def drop(notice_id: NoticeId) -> None:
    """Forget a notice that has arrived, or need not."""

    async def act(service: Service) -> None:
        await noticing.drop(service, notice_id)
        console.print("It will not be sent.")

    run(act)


async def _facts(service: Service, kind: NoticeKind, key: str) -> Facts:
    _, policy = await service.active_policy()
    if kind in ABOUT_A_PERSON:
        source, number = await whose(service, key)
        return await letters.facts_of(service, policy, kind, source, number)
    shown = await service.ledger.batches.read(key) if kind == NoticeKind.HELD else None
    if shown is None:
        raise Misconfigured(key, f"is nothing that '{kind}' tells of", "See `instroom held`")
    return letters.held_facts(shown, policy, service.clock.now(), step=0)


def _print(kind: NoticeKind, language: Language, facts: Facts) -> None:
    subject, text = wiring.templates(wiring.settings()).write(kind, language, facts)
    console.print(f"Subject: {subject}\n\n{text}", markup=False, highlight=False, soft_wrap=True)
