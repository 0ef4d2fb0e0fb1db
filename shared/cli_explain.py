"""`instroom explain`: why has this person a right, and why not?

For the security officer: the answer names the rule, its place in the policy and the HR fact.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from shared.cli_write_back import print_back
from shared.flow.explain import Explanation
from shared.model.desired import TargetName
from shared.policy.explain import Answer


def print_explanation(console: Console, told: Explanation, right: str | None) -> None:
    """Print every right with its reason, or all that is known about one right."""
    console.print(
        f"[bold]{told.person.primary_record.key}[/bold]  {told.person.name.display}\n"
        f"on {told.at:%Y-%m-%d}, by what HR last said and the active policy: "
        f"[bold]{told.standing.state}[/bold] ({told.standing.why.because})",
        soft_wrap=True,
    )
    answers = [answer for answer in told.answers if _is_about(answer.right, right)]
    left = [one for one in told.left if _is_about(one.right, right)]
    strays = [one for one in told.strays if _is_about(one.right, right)]
    if right and not answers and not left:
        console.print(_no_rule(right, told.answers), soft_wrap=True)
        return
    table = Table("", "right", "rule", "because", box=None)
    for answer in (*(a for a in answers if a.given), *(a for a in answers if not a.given)):
        table.add_row(
            _mark(answer, told), _named(answer.target, answer.right), answer.rule, answer.because
        )
    for one in left:
        given_for = "; ".join(f"{r.rule}: {r.because}" for r in one.reasons)
        table.add_row(
            "[yellow]to be taken[/yellow]",
            _named(one.target, one.right),
            "no rule gives it now",
            f"it was given for {given_for}",
        )
    for stray in strays:
        table.add_row(
            "[yellow]to be taken[/yellow]" if stray.is_taken else "[yellow]told[/yellow]",
            _named(stray.target, stray.right),
            "managed: strict" if stray.is_taken else "managed: report",
            f"no rule explains it, and somebody else gave it; known since {stray.since:%Y-%m-%d}",
        )
    console.print(table)
    if right is None:
        print_back(console, told.back)
    for kind in sorted(told.held):
        console.print(f"[yellow]A human must agree first: {kind}. See `instroom held`[/yellow]")
    for problem in told.problems:
        console.print(f"[yellow]{problem}[/yellow]", soft_wrap=True)


def _is_about(right: str, asked: str | None) -> bool:
    return asked is None or right.casefold() == asked.casefold()


def _mark(answer: Answer, told: Explanation) -> str:
    has = (answer.target, answer.right) in told.applied
    if answer.given:
        return "[green]has[/green]" if has else "[yellow]on its way[/yellow]"
    return "[dim]no[/dim]"


def _named(target: TargetName, right: str) -> str:
    what = "group" if target is TargetName.ENTRA else "TOPdesk"
    return f"{what} {right}"


def _no_rule(right: str, answers: Iterable[Answer]) -> str:
    known = sorted({answer.right for answer in answers})
    near = difflib.get_close_matches(right, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Rules give: {', '.join(known)}."
    return (
        f"No rule of the policy gives '{right}'. Whoever has it got it from someone else, and "
        f"Instroom leaves it alone. {hint}"
    )
