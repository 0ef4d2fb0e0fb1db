"""What is a scene? It lets something happen, watches what comes of it, and gives the rows to tell.

It raises NotSeen when what it announces does not happen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sandbox.demo.stage import Account, Stage


@dataclass(frozen=True)
class Seen:
    """One line of a scene: when it was, and what a spectator saw."""

    when: str
    what: str


type Scene = Callable[[Stage, "Memory"], Awaitable[list[Seen]]]


@dataclass
class Memory:
    """Who the story is about, from one scene to the next."""

    joiner: str = ""
    leaver: str = ""
    second_job: dict[str, str] = field(default_factory=dict)
    """Who will work at the library as well: number, and what tells that it is the same human."""


def listed(names: object) -> str:
    """Names as a sentence has them."""
    return ", ".join(names) if isinstance(names, list | tuple) and names else "nothing"


def logins(account: Account) -> list[str]:
    """What is left of the logins on somebody's TOPdesk card."""
    card = account.topdesk or {}
    return [card[name] for name in ("tasLoginName", "networkLoginName", "email") if card.get(name)]


async def quiet(stage: Stage) -> None:
    """Let whatever the calendar set in motion come to rest."""

    async def nothing_open() -> bool:
        return not any(open_messages(stage, queue) for queue in ("entra", "topdesk"))

    await stage.wait_for(nothing_open, "a quiet moment", 30)


def open_messages(stage: Stage, queue: str) -> int:
    """How many messages wait in a queue or are being worked on."""
    counts = stage.rig.bus.counts(queue)
    return counts.active + counts.locked
