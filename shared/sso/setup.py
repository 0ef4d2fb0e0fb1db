"""Bring one of TOPdesk's doors to where the policy wants it, and stop when nothing is left to do.

Rounds: read, plan, do what is new, read again. So it goes on where another run stopped, whoever
ran it and wherever. Entra shows what it made with a delay, and making is the one thing that may
not be repeated (an application, a certificate, a claims policy): it is noted before it is sent,
and a note is believed for a while before the same thing is made once more.

Called by `instroom sso setup`. flow's executor is not used: that serves a person under a claim in
the ledger, with the app's identity; this serves nobody in particular under a human's sign-in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import InstroomError, Permanent, Transient, UnknownReply
from shared.model.change import Change, Kind, Plan
from shared.sso.apply import do
from shared.sso.found import Found
from shared.sso.plan import MAKERS, plan
from shared.sso.read import read
from shared.sso.wanted import Wanted
from shared.vendors.graph.client import Graph
from shared.vendors.graph.refusals import NotVisible

PAUSE_SECONDS = 5.0
"""Between two looks (Microsoft Graph, "Configure SAML-based single sign-on": wait and retry)."""
BELIEVED = timedelta(minutes=5)
"""So long may something that was begun be invisible before it is taken for never done."""
ANSWERED = timedelta(hours=1)
"""As much for what Entra said it did: longer than it was ever seen to hide something."""
REPEATED = timedelta(seconds=60)
"""So long may a written value still read as it was before it is written again."""
PATIENCE = timedelta(minutes=12)
"""How long one door may take: longer than a note is believed."""


class Notes(Protocol):
    """What was begun, kept through a stop of the process."""

    def believed_until(self, key: str) -> datetime | None:
        """Until when this is to be waited for, if it was begun."""
        ...

    def believe(self, key: str, until: datetime) -> None:
        """It is begun, or was answered: wait for it until then."""
        ...

    def forget(self, key: str) -> None:
        """It was refused: it was not begun after all."""
        ...


@dataclass(frozen=True)
class Desk:
    """What a set-up works with."""

    graph: Graph
    notes: Notes
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    tell: Callable[[str], None] = lambda _: None


@dataclass
class _Memory:
    """What this run has done and seen."""

    done: dict[str, datetime] = field(default_factory=dict)
    there: set[Kind] = field(default_factory=set)
    """What no longer has to be made: whatever a stale replica says later, it is there."""


type Aim = Callable[[Found], Plan]


async def setup(desk: Desk, wanted: Wanted) -> Found:
    """Bring the door to where the policy wants it; what stands there in the end.

    Raises Permanent when a human must mend something first, Transient when Entra does not show
    in time what was done: run it again, and it goes on.
    """
    return await converge(desk, wanted, lambda found: plan(wanted, found))


async def converge(desk: Desk, wanted: Wanted, aim: Aim) -> Found:
    """Rounds until `aim` wants nothing more."""
    deadline = desk.now() + PATIENCE
    memory = _Memory()
    waiting = ""
    while True:
        moved = False
        try:
            found = await read(desk.graph, wanted)
            left = aim(found)
            _refuse(left)
            if not left:
                return found
            memory.there |= MAKERS - {change.kind for change in left.changes}
            moved = await _round(desk, wanted, found, left, memory)
            waiting = ", ".join(dict.fromkeys(str(change.kind) for change in left.changes))
        except NotVisible as error:
            waiting = error.reason
        except UnknownReply:
            moved = True  # the next read tells whether it happened
        if not moved:
            if desk.now() >= deadline:
                raise Transient(
                    f"{wanted.template}: Entra does not show yet what was done ({waiting}). Run "
                    "it again in some minutes: it goes on where it stopped"
                )
            await desk.sleep(PAUSE_SECONDS)


def _refuse(left: Plan) -> None:
    if left.obstacles:
        raise Permanent("; ".join(left.obstacles.values()), mender="operator")


async def _round(desk: Desk, wanted: Wanted, found: Found, left: Plan, memory: _Memory) -> bool:
    """Do what was not done a moment ago; did anything move?

    Ends at the first change that makes something: what follows needs it, and needs to see it.
    """
    moved = False
    for change in left.changes:
        if change.kind in MAKERS:
            known = change.kind in memory.there
            return (not known and await _make(desk, wanted, found, change)) or moved
        what = change.model_dump_json()
        at = memory.done.get(what)
        if at is None or desk.now() - at >= REPEATED:
            await do(desk.graph, change, wanted, found, desk.now())
            memory.done[what] = desk.now()
            desk.tell(str(change))
            moved = True
    return moved


async def _make(desk: Desk, wanted: Wanted, found: Found, change: Change) -> bool:
    """Make it, unless a note says that this was begun and may still come to light."""
    key = f"{wanted.realm}:{change.key}"
    until = desk.notes.believed_until(key)
    if until is not None and desk.now() < until:
        return False
    desk.notes.believe(key, desk.now() + BELIEVED)
    try:
        await do(desk.graph, change, wanted, found, desk.now())
    except UnknownReply:
        raise
    except InstroomError:
        desk.notes.forget(key)
        raise
    desk.notes.believe(key, desk.now() + ANSWERED)
    desk.tell(str(change))
    return True
