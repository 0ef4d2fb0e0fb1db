"""Once a day: look after what nobody looks at until it breaks, one named step after the other.

Called by the timer and by the command line, which bring the steps. One instance works at a time;
what a stop leaves is gone on with by the next. A step that fails is told, and the others go on;
a bug in one rises after the last.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared import log
from shared.errors import InstroomError, LostRace
from shared.flow import upkept
from shared.flow.noticing import intend
from shared.flow.service import LEASE, Service
from shared.ledger.upkeep import Step, Turn
from shared.model.upkeep import Looked


@dataclass(frozen=True)
class Task:
    """One step, by the name under which it is told."""

    name: str
    look: Callable[[Service], Awaitable[Looked]]


async def upkeep(service: Service, tasks: Sequence[Task]) -> bool:
    """Do each of today's steps that is not done yet; False when somebody else is at it."""
    turn = await _take(service)
    if turn is None:
        log.info("upkeep goes on elsewhere")
        return False
    bugs: list[Exception] = []
    broke_off = turn.run.trying
    try:
        # What broke a run off would break off the next as well, before all that comes behind it.
        for task in sorted(tasks, key=lambda task: task.name == broke_off):
            if task.name not in turn.run.done:
                turn = await _step(service, task, turn, bugs)
        await service.ledger.upkeep.forget_but({task.name for task in tasks})
        await _tell(service)
        now = service.clock.now()
        await service.ledger.upkeep.move(turn, until=None, ended_at=now)
    except LostRace:
        log.warning("upkeep went on elsewhere", reason="this one took longer than its lease")
        return False
    if bugs:
        raise ExceptionGroup("the upkeep went on after these", bugs)
    return True


async def _take(service: Service) -> Turn | None:
    wall = service.clock.wall()
    now = service.clock.now()
    return await service.ledger.upkeep.take(now, wall=wall, until=wall + LEASE)


async def _step(service: Service, task: Task, turn: Turn, bugs: list[Exception]) -> Turn:
    turn = await service.ledger.upkeep.move(turn, trying=task.name)
    try:
        looked = await task.look(service)
    except InstroomError as error:
        looked = Looked(said="it could not be done", problems=(str(error),))
    except Exception as bug:  # noqa: BLE001 - a bug in one step must not end the care for all else
        bugs.append(bug)
        looked = Looked(
            said="it broke off",
            problems=(f"a bug, {type(bug).__name__}: its trace is in the log of the app",),
        )
    step = Step(name=task.name, at=service.clock.now(), looked=looked)
    await service.ledger.upkeep.keep(step)
    level = log.warning if looked.problems else log.info
    level("upkeep", step=task.name, problems=len(looked.problems), endings=len(looked.endings))
    done, until = (*turn.run.done, task.name), service.clock.wall() + LEASE
    return await service.ledger.upkeep.move(turn, done=done, trying="", until=until)


async def _tell(service: Service) -> None:
    """Mean the mails that the steps of today are worth."""
    _, policy = await service.active_policy()
    if not policy.notices.operators:
        return
    due = upkept.causes(await upkept.steps(service), policy, service.clock.now())
    await intend(service, *(cause for cause in due if cause.kind in policy.notices.send))
