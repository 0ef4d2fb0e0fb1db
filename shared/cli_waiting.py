"""How does a human see what waits for him? Printed by `held` and `forecast`.

People stand here by number; of a name that changes only the attribute is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from shared.flow import ahead
from shared.flow.ahead import Coming
from shared.flow.waiting import spoken, waiting
from shared.ledger.batches import Cause, Shown
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.harm import Member, Said
from shared.policy.document import Policy

_WOULD = {
    Harm.BLOCK: "lose their sign-in",
    Harm.DELETE: "lose their account",
    Harm.RIGHT: "lose a right",
    Harm.RENAME: "get another name",
    Harm.JOINER: "get an account",
}
_NAMED = {TargetName.ENTRA: "Entra", TargetName.TOPDESK: "TOPdesk"}


def print_batch(console: Console, shown: Shown, policy: Policy, now: datetime) -> None:
    """What waits in a batch, by cause, with the line that approves each and the line for all."""
    batch, causes = shown.batch, shown.open_causes
    waits = waiting(shown, policy.guard, now)
    console.print(
        f"[bold]{batch.batch_id}[/bold]: {_people(waits.people)} would {_WOULD[batch.kind]}; "
        f"held since {_moment(batch.opened_at, policy.zone)}, for {spoken(waits.hours)}\n"
        f"  because {escape(batch.cause)}",
        soft_wrap=True,
    )
    if waits.step and waits.to:
        console.print(f"  reminded: {escape(', '.join(waits.to))}", soft_wrap=True)
    for cause in causes:
        _print_cause(console, shown, cause, policy.zone, alone=len(causes) == 1)
    whole = f"{batch.batch_id} --seen {shown.fingerprint}"
    console.print(f"\n  yes: instroom approve {whole}", highlight=False, soft_wrap=True)
    console.print(
        f'  no:  instroom reject {whole} --reason "..."\n', highlight=False, soft_wrap=True
    )


def print_refused(console: Console, shown: Shown, policy: Policy) -> None:
    """What a human said no to, and who is still kept from it."""
    for cause in shown.causes:
        said = cause.said
        if said is None or said.answer != "rejected":
            continue
        batch = shown.batch
        console.print(
            f"[bold]{batch.batch_id}[/bold], rejected: {_people(len(cause.members))} would "
            f"{_WOULD[batch.kind]}, and will not\n  cause: {escape(cause.text)}\n"
            f"  {_signed(said, policy.zone)}: {escape(said.reason)}",
            soft_wrap=True,
        )
        console.print(Padding(_table(batch.kind, cause.members), (0, 0, 0, 2)))
        console.print(
            f"  yes after all: instroom approve {batch.batch_id} --cause {cause.number} "
            f"--seen {cause.fingerprint}\n",
            highlight=False,
            soft_wrap=True,
        )


def print_coming(console: Console, coming: Sequence[Coming], until: date) -> None:
    """Who will be out until a day, and the line that agrees to it before it comes."""
    if not coming:
        console.print(f"Nobody is to lose their sign-in until {until}, by what is known today.")
        return
    table = Table("out from", "person", "HR says", "agreed", box=None)
    for one in coming:
        agreed = "" if one.said is None else f"{one.said.answer} by {one.said.who}"
        table.add_row(str(one.day), one.number, escape(one.why), escape(agreed))
    console.print(table)
    left = [one for one in coming if not one.is_agreed]
    if not left:
        console.print("All of them are agreed to: on the day nobody need be asked.")
        return
    console.print(
        f"\n  agree to {_people(len(left))} before the day: "
        f"instroom approve --coming {until} --seen {ahead.seen(coming)}",
        highlight=False,
        soft_wrap=True,
    )


def _print_cause(
    console: Console, shown: Shown, cause: Cause, zone: tzinfo, *, alone: bool
) -> None:
    console.print(
        f"\n  {len(cause.members)} of {len(shown.waiting)}: [bold]{escape(cause.text)}[/bold]",
        soft_wrap=True,
        highlight=False,
    )
    if cause.said:
        console.print(f"  {_signed(cause.said, zone)}; a second person must agree", soft_wrap=True)
    console.print(Padding(_table(shown.batch.kind, cause.members), (0, 0, 0, 2)))
    if not alone:
        console.print(
            f"  only these: instroom approve {shown.batch.batch_id} --cause {cause.number} "
            f"--seen {cause.fingerprint}",
            highlight=False,
            soft_wrap=True,
        )


def _table(kind: Harm, members: Sequence[Member]) -> Table:
    ordered = sorted(members, key=lambda member: member.number)
    if kind in (Harm.RIGHT, Harm.RENAME):
        table = Table("person", "loses" if kind == Harm.RIGHT else "changes", box=None)
        for member in ordered:
            table.add_row(member.number, escape(_lost(member)))
        return table
    table = Table("person", "from", "to", "HR says", box=None)
    for member in ordered:
        table.add_row(member.number, member.before, member.after, escape(member.why))
    return table


def _lost(member: Member) -> str:
    return "; ".join(f"{_NAMED[loss.target]}: {', '.join(loss.what)}" for loss in member.losses)


def _signed(said: Said, zone: tzinfo) -> str:
    return ", ".join(f"{escape(one.who)} on {_moment(one.at, zone)}" for one in said.by)


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
