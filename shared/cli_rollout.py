"""`instroom rollout`: how far is the roll-out, what differs, and why?

People stand here by number, and no value of theirs is shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared import cli_csv
from shared.cli_csv import Row
from shared.cli_run import run
from shared.flow import rollout as far
from shared.flow.rollout import Line, Stands, Total
from shared.flow.service import Service
from shared.ledger.measures import Measure
from shared.model.desired import WITH_ACCOUNTS, TargetName
from shared.policy.choices import EVERYONE
from shared.policy.targets import Reach, Stage, TargetRules

rollout = typer.Typer()
console = Console()
TREND = timedelta(days=30)
_WRITES = {
    Stage.REPORT: "stage report, nothing is written",
    Stage.APPLY: "stage apply, written to",
}
_HEADINGS = ("target", "person", "in scope", "stands", "difference", "rule", "because", "problem")


@rollout.command("rollout")
def show(
    table: Annotated[
        Path | None, typer.Option("--csv", help="write every difference of everybody here")
    ] = None,
) -> None:
    """Say how far the roll-out is in each system: who stands right, what differs, and why."""

    async def tell(service: Service) -> None:
        await report(console, service, table)

    run(tell)


async def report(out: Console, service: Service, table: Path | None) -> None:
    """Print each target; `table` takes a line for each difference."""
    _, policy = await service.active_policy()
    with ExitStack() as files:
        found = far.lines(service)
        if table:
            found = _written(found, files.enter_context(cli_csv.table(table, _HEADINGS)))
        totals = await far.total(found)
    today = service.clock.now().astimezone(policy.zone).date()
    for target, total in totals.items():
        if target not in WITH_ACCOUNTS and not total.people + total.outside:
            continue  # nothing is written back to HR
        trend = await service.ledger.measures.since(target, today - TREND)
        _print_target(out, target, policy.targets.of(target), total, trend)
    if table:
        out.print(f"Everything, a line for each difference: {table}", soft_wrap=True)


async def _written(found: AsyncIterator[Line], write: Row) -> AsyncIterator[Line]:
    async for line in found:
        for row in _rows(line):
            write(row)
        yield line


def _rows(line: Line) -> list[tuple[str, ...]]:
    about = (line.target, line.person, "yes" if line.in_scope else "no", line.stands)
    told = [
        (
            str(one),
            "; ".join(reason.rule for reason in one.reasons),
            "; ".join(reason.because for reason in one.reasons),
        )
        for one in line.differences
    ]
    return [(*about, *one, line.problem) for one in told or [("", "", "")]]


def _print_target(
    out: Console,
    target: TargetName,
    rules: Reach,
    total: Total,
    trend: tuple[Measure, ...],
) -> None:
    people, same = total.people.total(), total.people[Stands.SAME]
    scope = "everybody" if rules.scope == EVERYONE else "whom the scope names"
    told = isinstance(rules, TargetRules) and rules.adopt == "report"
    out.print(
        f"[bold]{target}[/bold]: {_WRITES[rules.stage]}, for {scope}"
        f"{'; what exists already is only told' if told else ''}\n"
        f"  {_counted(people)} in scope: {same} as they should be ({_share(same, people)})"
        f"{_others(total.people)}",
        soft_wrap=True,
        highlight=False,
    )
    if outside := total.outside.total():
        fine = total.outside[Stands.SAME]
        out.print(f"  {_counted(outside)} outside it, of whom {fine} stand right", highlight=False)
    if total.left_out:
        out.print(
            f"  {_counted(total.left_out)} outside it with an account that Instroom made or took "
            "over: it is not written any more, and not blocked when they leave",
            style="yellow",
            soft_wrap=True,
            highlight=False,
        )
    if counted := [measure for measure in trend if measure.people]:
        days = ", ".join(f"{m.day:%d-%m} {_share(m.same, m.people)}" for m in counted[-10:])
        out.print(f"  day by day: {days}", soft_wrap=True, highlight=False)
    if total.kinds:
        out.print(_table(total))


def _others(people: Mapping[Stands, int]) -> str:
    named = (s for s in Stands if s is not Stands.SAME and people[s])
    return "".join(f", {people[stands]} {_said(stands, people[stands])}" for stands in named)


def _said(stands: Stands, count: int) -> str:
    match stands:
        case Stands.DIFFERS:
            return "differs" if count == 1 else "differ"
        case Stands.HELD:
            return "waits for a human" if count == 1 else "wait for a human"
        case _:
            return str(stands)


def _table(total: Total) -> Table:
    table = Table("what would change", "people", "such as", "why, of the first", box=None)
    for kind, found in sorted(total.kinds.items(), key=lambda one: (-one[1].people, one[0])):
        table.add_row(
            escape(kind), str(found.people), ", ".join(found.examples), escape(found.why)
        )
    return table


def _share(same: int, people: int) -> str:
    return f"{100 * same / people:.1f} %" if people else "nobody"


def _counted(people: int) -> str:
    return "1 person" if people == 1 else f"{people} people"
