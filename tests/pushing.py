"""A system that pushes, as flow tests play it: calls with a moment and an id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from fakes import World

from shared.flow.push import Answer, Push, held_everyone, held_one, pushed
from shared.intake.push import PushSource
from shared.intake.webhook import Sent
from shared.ledger.people import Dossier

_IDS = count(1)


def with_push(world: World) -> World:
    """The same world with push as a source beside the other one."""
    ledger = world.service.ledger
    source = PushSource(partial(held_everyone, ledger), partial(held_one, ledger))
    sources = {**world.service.sources, "push": source}
    return replace(world, service=replace(world.service, sources=sources))


def someone(number: str = "1042", **changes: Any) -> dict[str, Any]:
    """A whole person as pushed."""
    return {
        "number": number,
        "name": {"nickname": "Sanne", "birth_prefix": "van", "birth": f"Dijk{number}"},
        "contracts": [
            {
                "key": "1",
                "start": "2024-01-01",
                "department": {"code": "ICT-BEH", "name": "ICT Beheer"},
            }
        ],
        "mobile": "+31 6 1",
        **changes,
    }


def until(number: str, last_day: object) -> dict[str, Any]:
    """The same person with a last day."""
    given = someone(number)
    given["contracts"][0]["end"] = str(last_day)
    return given


async def push_people(
    world: World,
    *items: Any,
    whole: bool = True,
    call_id: str | None = None,
    seconds_ago: float = 0,
    as_of: datetime | None = None,
) -> list[Answer]:
    """Push these items; a new call unless its id is given, sent now unless it was before."""
    at = world.clock.wall() - timedelta(seconds=seconds_ago)
    sent = Sent(call_id or f"msg_{next(_IDS)}", at.replace(microsecond=0))
    return list(await pushed(world.service, Push(sent, items, as_of=as_of, whole=whole)))


def statuses(answers: list[Answer]) -> Mapping[str | None, str]:
    """What became of each number."""
    return {answer.number: str(answer.status) for answer in answers}


def why(answer: Answer) -> str:
    """The first thing that is wrong with an item."""
    first = answer.problems[0]
    return f"{first.field} {first.problem}".strip()


async def pushed_dossier(world: World, number: str) -> Dossier:
    """What the ledger holds of a pushed number."""
    known = await world.service.ledger.identities.find("push", number)
    assert known is not None
    return await world.service.ledger.people.read(known.person_id)
